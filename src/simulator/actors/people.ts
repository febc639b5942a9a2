import { isSameBytes } from '../../domain/foreign-change.ts'
import { isEndState, writesTarget } from '../../domain/migration.ts'
import { LedgerError, type MigrationStep } from '../../domain/migration-record.ts'
import type { StoredMigration } from '../../migration/memory-ledger/memory-catalog.ts'
import { applyMemoryEffects } from '../../migration/memory-ledger/memory-effects.ts'
import { isPermitted, stepsFrom } from '../../migration/transitions.ts'
import { type SimulatedWorld, storeOf } from '../world/simulated-world.ts'

/** What people ask for. */
export const WISHES = ['pause', 'resume', 'cancel', 'retry', 'roll-back'] as const
export type Wish = (typeof WISHES)[number]

/** Does what a person asks for, where the state permits it and no transaction holds the migration's row. */
export async function fulfil(world: SimulatedWorld, wish: Wish, migrationId: string): Promise<void> {
  const { catalog, scheduler } = world
  const migration = catalog.migrations.get(migrationId)!
  if (world.database.locks.holderOf(migration.objectId) !== null) return
  const change = (values: Partial<StoredMigration>) => {
    catalog.migrations.set(migrationId, { ...catalog.migrations.get(migrationId)!, ...values })
    world.note(`person ${wish} ${migration.key}`)
  }
  switch (wish) {
    case 'pause':
      if (isEndState(migration.state)) return
      if (migration.cancelRequested && isPermitted(migration.kind, migration.state, 'cancelled')) return
      change({ paused: true })
      return
    case 'resume':
      if (migration.paused) change({ paused: false, notBefore: scheduler.now() })
      return
    case 'cancel':
      if (isPermitted(migration.kind, migration.state, 'cancelled')) {
        change({ cancelRequested: true, paused: false, priority: 100, notBefore: scheduler.now() })
      }
      return
    case 'retry':
      return retry(world, migration, change)
    case 'roll-back':
      return rollBack(world, migration, change)
    default:
      wish satisfies never
  }
}

function retry(
  world: SimulatedWorld,
  migration: StoredMigration,
  change: (values: Partial<StoredMigration>) => void,
): void {
  const { catalog, scheduler } = world
  const { kind } = migration
  if (!isPermitted(kind, migration.state, 'retried')) return
  const others = [...catalog.migrations.values()].filter(other => other.objectId === migration.objectId)
  if (others.some(other => !isEndState(other.state))) return
  const object = catalog.objects.get(migration.objectId)!
  const source = catalog.copies.get(migration.sourceCopyId)
  const target = catalog.copies.get(migration.targetCopyId)
  const isCurrent = object.isPresent && object.generation === migration.generation
  const anew = {
    attempt: 0,
    paused: false,
    cancelRequested: false,
    notBefore: scheduler.now(),
    leaseOwner: null,
  }
  if (migration.state === 'retained') {
    if (
      source?.state !== 'retained' ||
      (isCurrent && !(target?.isPrimary === true && target.state === 'complete'))
    )
      return
    if (!isCurrent) {
      catalog.copies.set(source.id, { ...source, state: 'deleting', graceUntil: null })
      return
    }
    catalog.copies.set(source.id, { ...source, state: 'grace', graceUntil: migration.graceUntil ?? 0 })
    change({ ...anew, state: stepsFrom(kind, 'retained', ['retried'])[0]!.to })
    return
  }
  const hasLeftovers = [...catalog.copies.values()].some(
    copy =>
      catalog.madeBy.get(copy.id) === migration.id && (copy.state === 'staging' || copy.state === 'deleting'),
  )
  if (hasLeftovers || !isCurrent || object.isQuarantined) return
  if (source === undefined || source.state !== 'complete') return
  if (source.locationId !== migration.sourceLocationId || (writesTarget(kind) && !source.isPrimary)) return
  const taken = kind === 'add-copy' ? ['complete', 'grace', 'retained', 'suspect'] : ['complete']
  const isTaken = [...catalog.copies.values()].some(
    copy =>
      copy.objectId === object.id &&
      !copy.isPrimary &&
      taken.includes(copy.state) &&
      storeOf(world, copy.locationId) === storeOf(world, migration.targetLocationId),
  )
  if ((kind === 'move' || kind === 'add-copy') && isTaken) return
  const { placementVersion } = object
  const state = stepsFrom(kind, migration.state, ['retried'])[0]!.to
  const targetCopyId = writesTarget(kind) ? world.newId() : migration.targetCopyId
  const broken = [...catalog.copies.values()].find(
    copy =>
      copy.objectId === object.id &&
      copy.state === 'suspect' &&
      !copy.isPrimary &&
      copy.locationId === migration.targetLocationId &&
      copy.generation === migration.generation,
  )
  if (kind === 'repair' && broken === undefined) return
  const evidence = kind === 'repair' ? { targetKey: broken!.nativeKey } : {}
  change({ ...anew, state, evidence, graceUntil: null, placementVersion, targetCopyId })
}

async function rollBack(
  world: SimulatedWorld,
  migration: StoredMigration,
  change: (values: Partial<StoredMigration>) => void,
): Promise<void> {
  const { catalog, scheduler } = world
  if (!isPermitted(migration.kind, migration.state, 'rolled-back')) return
  const source = catalog.copies.get(migration.sourceCopyId)
  if (source === undefined) return
  const found = await storeOf(world, source.locationId).peek(source.nativeKey)
  if (found === null || !isSameBytes(source, found.stored)) return
  const [step] = stepsFrom(migration.kind, migration.state, ['rolled-back']) as [MigrationStep]
  const object = structuredClone(catalog.objects.get(migration.objectId)!)
  const copies = new Map(catalog.copies)
  try {
    applyMemoryEffects(catalog, migration, step, scheduler.now())
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    catalog.objects.set(object.id, object)
    for (const [id, copy] of copies) catalog.copies.set(id, copy)
    return
  }
  const fencingToken = migration.fencingToken + 1n
  change({ state: step.to, leaseOwner: null, leaseExpiresAt: 0, fencingToken })
  catalog.timeline
    .get(migration.id)!
    .push({ event: step.event, from: step.from, to: step.to, worker: 'person' })
  world.changed.add(migration.objectId)
}
