import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import type { ArchiveState, StoreCapabilities } from '../object-store.ts'
import { MEMORY_CAPABILITIES } from './capabilities.ts'
import type { MemoryEntry, MemoryRestore } from './memory-container.ts'

/** Classes of a memory store whose objects have to be restored before they are read: what an archive does, by a clock. */
export interface MemoryArchive {
  readonly classes: readonly string[]
  /** How long a restore takes, in milliseconds of the store's clock; infinite: for ever. */
  readonly restoreMs: number
}

/** The capabilities of a memory store with this archive, or without one. */
export function memoryCapabilitiesWith(archive: MemoryArchive | undefined): StoreCapabilities {
  if (archive === undefined) return MEMORY_CAPABILITIES
  return {
    ...MEMORY_CAPABILITIES,
    storageClasses: [...MEMORY_CAPABILITIES.storageClasses, ...archive.classes],
    archiveClasses: archive.classes,
    archiveRestore: 'copy-for-days',
  }
}

/** How far the restore of an object is; null when it lies in no archive. */
export function archiveStateOf(
  archive: MemoryArchive | undefined,
  { facts, restore }: Pick<MemoryEntry, 'facts' | 'restore'>,
  now: Instant,
): ArchiveState | null {
  const { storageClass } = facts
  if (storageClass === undefined || archive?.classes.includes(storageClass) !== true) return null
  if (restore === undefined || now >= restore.until) return { kind: 'archived' }
  return now < restore.from ? { kind: 'restoring' } : { kind: 'restored', until: restore.until }
}

/** The restore that begins now. */
export function beginRestore(
  { restoreMs }: MemoryArchive,
  now: Instant,
  readableDays: number,
): MemoryRestore {
  const from = now + restoreMs
  return { from, until: from + readableDays * DAY }
}
