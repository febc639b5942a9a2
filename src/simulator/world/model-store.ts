import type { Instant } from '../../domain/clock.ts'
import { createMemoryStore, type MemoryStore } from '../../stores/memory/memory-store.ts'
import type { ArchiveState, StoreCapabilities, StoredObject } from '../../stores/object-store.ts'
import type { Scheduler } from '../clock/scheduler.ts'

/** The one container of every model store. */
export const CONTAINER = 'data'

/** Storage classes of stores that have any. */
export const FREQUENT = 'STANDARD'
export const INFREQUENT = 'STANDARD_IA'
/** Of stores that are archives. */
export const ARCHIVED = 'DEEP_ARCHIVE'

/** What kind of store it is. */
export interface StoreProfile {
  readonly conditionalPut: boolean
  readonly conditionalDelete: boolean
  readonly conditionalRead: boolean
  /** Checks bodies against given digests, and reports them. */
  readonly checksDigests: boolean
  /** Objects above so many bytes go in parts of half of it; null where there are no parts. */
  readonly partsAbove: number | null
  readonly capacityBytes: number
  /** Puts objects into another storage class in place, which gives them another identity. */
  readonly hasClasses: boolean
  /** An archive: what lies there is read so many milliseconds after its restore was asked for. Null: at once. */
  readonly restoreMs: number | null
}

/** Bytes as they lie in a store. */
export interface StoredBytes {
  readonly stored: StoredObject
  readonly bytes: Buffer
}

/** What lay under a key before its last change. */
interface Former {
  readonly was: StoredBytes | null
  readonly until: number
}

/**
 * A store of the simulated world: a memory store with fewer capabilities, which remembers who wrote what. Its
 * own calls take no time; processes reach it through connections (`connect-store.ts`).
 */
export class ModelStore {
  readonly name: string
  readonly id: string
  readonly profile: StoreProfile
  readonly inner: MemoryStore
  readonly capabilities: StoreCapabilities
  readonly keys = new Set<string>()
  readonly former = new Map<string, Former>()
  /** Bytes that rotted: what is read of them, by their identity, which stays. */
  readonly rotten = new Map<string, Buffer>()
  /** Identities that others wrote, which the catalog has not taken over. */
  readonly foreignEtags = new Set<string>()
  /** When what was asked for can be read, by its identity. */
  readonly #restoredAt = new Map<string, Instant>()
  readonly #scheduler: Scheduler

  constructor(options: { id: string; name: string; profile: StoreProfile; scheduler: Scheduler }) {
    const { profile, scheduler } = options
    this.id = options.id
    this.name = options.name
    this.profile = profile
    this.#scheduler = scheduler
    this.inner = createMemoryStore({
      name: options.name,
      settings: { capacityBytes: profile.capacityBytes },
      clock: scheduler,
    })
    const { partsAbove } = profile
    this.capabilities = {
      ...this.inner.capabilities,
      serverSideCopy: false,
      storageClasses: profile.hasClasses ? [FREQUENT, INFREQUENT] : [],
      archiveClasses: profile.restoreMs === null ? [] : [ARCHIVED],
      archiveRestore: profile.restoreMs === null ? 'none' : 'copy-for-days',
      conditionalPut: profile.conditionalPut,
      conditionalDelete: profile.conditionalDelete,
      conditionalRead: profile.conditionalRead,
      reportedDigests: profile.checksDigests ? ['sha256', 'crc64nvme'] : [],
      multipart:
        partsAbove === null
          ? null
          : {
              partSizeMin: 1,
              partSizeMax: Math.ceil(partsAbove / 2),
              partsMax: 10_000,
              reportedDigests: [],
            },
      ...(partsAbove === null ? {} : { putSizeMax: partsAbove }),
    }
  }

  /** How far the restore of what lies there is; null where it can be read like any other. */
  archiveOf({
    identity,
    storageClass,
  }: Pick<StoredObject, 'identity' | 'storageClass'>): ArchiveState | null {
    if (this.profile.restoreMs === null || storageClass !== ARCHIVED) return null
    const at = this.#restoredAt.get(identity.etag!)
    if (at === undefined) return { kind: 'archived' }
    return at > this.#scheduler.now() ? { kind: 'restoring' } : { kind: 'restored', until: null }
  }

  /** Begins to restore bytes with this identity, unless that is under way. */
  restore(etag: string): void {
    const { restoreMs } = this.profile
    if (restoreMs === null || this.#restoredAt.has(etag)) return
    this.#restoredAt.set(etag, this.#scheduler.now() + restoreMs)
  }

  /** What lies under a key now; null when nothing does. */
  async peek(key: string): Promise<StoredBytes | null> {
    try {
      const { body, ...stored } = await this.inner.get(CONTAINER, key)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      return { stored, bytes: this.rotten.get(stored.identity.etag!) ?? Buffer.concat(chunks) }
    } catch {
      // Nothing else can go wrong in memory than that there is nothing.
      return null
    }
  }

  /** Lets a bit of what lies under a key flip, which nobody is told. */
  async rot(key: string, index: number): Promise<void> {
    const found = await this.peek(key)
    if (found === null || found.bytes.byteLength === 0 || this.rotten.has(found.stored.identity.etag!)) return
    const bytes = Buffer.from(found.bytes)
    bytes[index % bytes.byteLength]! ^= 1
    this.rotten.set(found.stored.identity.etag!, bytes)
  }

  /** To be called right before a key's bytes may change. */
  async remember(key: string): Promise<StoredBytes | null> {
    const was = await this.peek(key)
    this.keys.add(key)
    this.former.set(key, { was, until: this.#scheduler.now() })
    return was
  }
}
