import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration } from '../../domain/migration.ts'
import { LedgerError, type MigrationEffect, type MigrationStep } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { copiesAt, hasUploadLeft, type MemoryCatalog } from './memory-catalog.ts'

interface EffectContext {
  readonly catalog: MemoryCatalog
  readonly migration: Migration
  readonly step: MigrationStep
  readonly modelNow: Instant
}

/** Changes the memory catalog as a step says. Throws `switch-lost` when the object moved on. */
export function applyMemoryEffects(
  catalog: MemoryCatalog,
  migration: Migration,
  step: MigrationStep,
  modelNow: Instant,
): void {
  for (const effect of step.effects) EFFECTS[effect]({ catalog, migration, step, modelNow })
}

const EFFECTS: Readonly<Record<MigrationEffect, (context: EffectContext) => void>> = {
  'count-attempt': () => undefined,
  'reset-attempts': () => undefined,
  'intend-target': intendTarget,
  'note-target': noteTarget,
  'complete-target': ({ catalog, migration, modelNow }) => {
    const target = catalog.copies.get(migration.targetCopyId)
    check(target?.state === 'staging', 'the target copy is no longer being written')
    change(catalog, migration.targetCopyId, { state: 'complete', verifiedAt: modelNow })
  },
  'keep-digests': ({ catalog, migration }) => {
    const version = catalog.objects.get(migration.objectId)!.version
    const { sha256, crc64nvme } = migration.evidence
    if (version.digests.sha256 === null && sha256 !== undefined) {
      const digests = { sha256, sha256Source: 'mover-read', crc64nvme: crc64nvme ?? null } as const
      catalog.objects.get(migration.objectId)!.version = { ...version, digests }
    }
  },
  'relocate-copy': relocateCopy,
  'prove-target': ({ catalog, migration, modelNow }) => {
    check(catalog.copies.get(migration.targetCopyId)?.state === 'complete', 'the copy is no longer complete')
    change(catalog, migration.targetCopyId, { verifiedAt: modelNow })
  },
  'switch-primary': switchPrimary,
  'join-target': context => {
    const { catalog, migration } = context
    const source = catalog.copies.get(migration.sourceCopyId)
    const target = catalog.copies.get(migration.targetCopyId)
    check(target?.state === 'complete', 'the target copy is not complete')
    check(source?.isPrimary === true && source.state === 'complete', 'the source copy is not the primary one')
    placeAnew(context)
  },
  'switch-back': switchBack,
  'take-back': ({ catalog, migration }) => {
    const object = catalog.objects.get(migration.objectId)!
    check(object.generation === migration.generation && object.isPresent, 'the object moved on')
    object.placementVersion++
    if (catalog.copies.get(migration.sourceCopyId)?.state !== 'grace') return
    change(catalog, migration.sourceCopyId, { state: 'complete', graceUntil: null })
  },
  'discard-target': ({ catalog, migration }) => leaveToSweeper(catalog, migration.targetCopyId),
  'discard-source': ({ catalog, migration }) => leaveToSweeper(catalog, migration.sourceCopyId),
  'drop-target': ({ catalog, migration }) => {
    if (catalog.copies.get(migration.targetCopyId)?.isPrimary !== false) return
    catalog.copies.delete(migration.targetCopyId)
  },
  'drop-source': ({ catalog, migration }) => {
    if (catalog.copies.get(migration.sourceCopyId)?.isPrimary !== false) return
    catalog.copies.delete(migration.sourceCopyId)
    if (migration.evidence.deletionAnswered === true) catalog.deletionsInFlight.delete(migration.sourceCopyId)
    catalog.objects.get(migration.objectId)!.placementVersion++
  },
  'retain-source': ({ catalog, migration }) => {
    if (catalog.copies.get(migration.sourceCopyId)?.isPrimary !== false) return
    change(catalog, migration.sourceCopyId, { state: 'retained', graceUntil: null })
  },
  'suspect-source': ({ catalog, migration }) =>
    change(catalog, migration.sourceCopyId, { state: 'suspect', graceUntil: null }),
  'suspect-target': ({ catalog, migration }) =>
    change(catalog, migration.targetCopyId, { state: 'suspect', graceUntil: null }),
  'ask-review': ({ catalog, migration, modelNow }) => {
    const object = catalog.objects.get(migration.objectId)!
    if (object.isPresent) object.reviewAt = modelNow
  },
  announce: ({ catalog, migration, step }) => {
    catalog.announced.push({ migrationId: migration.id, state: step.to })
  },
}

function intendTarget({ catalog, migration, modelNow }: EffectContext): void {
  if (catalog.copies.has(migration.targetCopyId)) return
  catalog.madeBy.set(migration.targetCopyId, migration.id)
  catalog.copies.set(migration.targetCopyId, {
    id: migration.targetCopyId,
    objectId: migration.objectId,
    generation: migration.generation,
    locationId: migration.targetLocationId,
    state: 'staging',
    isPrimary: false,
    nativeKey: migration.evidence.targetKey ?? migration.key,
    identity: { etag: null, versionId: null },
    size: migration.size,
    enteredAt: modelNow,
    graceUntil: null,
    verifiedAt: null,
  })
}

function noteTarget({ catalog, migration, modelNow }: EffectContext): void {
  const target = catalog.copies.get(migration.targetCopyId)
  check(target?.state === 'staging', 'the target copy is no longer being written')
  const { storeId, container } = catalog.locations.get(migration.targetLocationId)!
  const place = { storeId, container, nativeKey: target.nativeKey }
  for (const other of copiesAt(catalog, migration.objectId, place)) {
    const isReplaced = other.id !== target.id && !other.isPrimary
    if (isReplaced && !hasUploadLeft(catalog, other.id)) catalog.copies.delete(other.id)
  }
  const identity = migration.evidence.targetIdentity ?? { etag: null, versionId: null }
  change(catalog, target.id, { identity, enteredAt: modelNow })
}

/** Compares both counters with those of the decision, and counts a change of the copies. */
function placeAnew({ catalog, migration }: EffectContext): void {
  const object = catalog.objects.get(migration.objectId)!
  const isSame =
    object.generation === migration.generation && object.placementVersion === migration.placementVersion
  check(isSame && object.isPresent && !object.isQuarantined, 'the object moved on')
  object.placementVersion++
}

function relocateCopy(context: EffectContext): void {
  const { catalog, migration, modelNow } = context
  check(
    catalog.copies.get(migration.targetCopyId)?.state === 'complete',
    'the copy is not the one to reclassify',
  )
  const object = catalog.objects.get(migration.objectId)!
  check(object.generation === migration.generation && object.isPresent, 'the object moved on')
  object.placementVersion++
  const identity = migration.evidence.targetIdentity ?? { etag: null, versionId: null }
  const locationId = migration.targetLocationId
  change(catalog, migration.targetCopyId, { identity, locationId, enteredAt: modelNow })
}

function switchPrimary(context: EffectContext): void {
  const { catalog, migration } = context
  const source = catalog.copies.get(migration.sourceCopyId)
  const target = catalog.copies.get(migration.targetCopyId)
  // A copy that is dropped need not be primary: then the target is.
  check(source?.isPrimary === true || target?.isPrimary === true, 'neither copy is the primary one')
  check(source?.state === 'complete', 'the source copy is not complete')
  check(target?.state === 'complete', 'the target copy is not complete')
  placeAnew(context)
  const { graceUntil } = migration
  change(catalog, migration.sourceCopyId, { isPrimary: false, state: 'grace', graceUntil })
  change(catalog, migration.targetCopyId, { isPrimary: true })
}

function switchBack({ catalog, migration }: EffectContext): void {
  const object = catalog.objects.get(migration.objectId)!
  check(object.generation === migration.generation && object.isPresent, 'the object moved on')
  check(catalog.copies.get(migration.targetCopyId)?.isPrimary === true, 'the target copy is not primary')
  check(catalog.copies.get(migration.sourceCopyId)?.state === 'grace', 'the source copy is not in grace')
  object.placementVersion++
  change(catalog, migration.targetCopyId, { isPrimary: false })
  change(catalog, migration.sourceCopyId, { isPrimary: true, state: 'complete', graceUntil: null })
}

function leaveToSweeper(catalog: MemoryCatalog, copyId: Uuid): void {
  if (catalog.copies.get(copyId)?.isPrimary !== false) return
  change(catalog, copyId, { state: 'deleting', graceUntil: null })
}

function change(catalog: MemoryCatalog, copyId: Uuid, values: Partial<Copy>): void {
  const copy = catalog.copies.get(copyId)
  if (copy !== undefined) catalog.copies.set(copyId, { ...copy, ...values })
}

function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new LedgerError('switch-lost', otherwise)
}
