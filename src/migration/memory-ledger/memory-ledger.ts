import type { Clock } from '../../domain/clock.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { isEndState, type Migration, type MigrationEvidence } from '../../domain/migration.ts'
import {
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationSubject,
  type NewMigration,
  type NewMigrationRefusal,
} from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { MigrationLedger } from '../ledger.ts'
import { copiesAt, deletionLandsInMs, type MemoryCatalog, type StoredMigration } from './memory-catalog.ts'
import { applyMemoryEffects } from './memory-effects.ts'

/** The migration ledger in memory; leases last by the clock it is given. */
export function createMemoryLedger(catalog: MemoryCatalog, clock: Clock): MigrationLedger {
  const lockedObjects = new Set<ObjectId>()
  const heldMigrations = new Set<Uuid>()

  function ours(lease: MigrationLease): StoredMigration | null {
    const found = catalog.migrations.get(lease.migrationId)
    const isOurs = found?.fencingToken === lease.fencingToken && found.leaseOwner === lease.worker
    return found !== undefined && isOurs ? found : null
  }

  function oursOrThrow(lease: MigrationLease): StoredMigration {
    const found = ours(lease)
    if (found === null) {
      throw new LedgerError('fenced', `migration ${lease.migrationId}: the lease was taken over`)
    }
    return found
  }

  function update(id: Uuid, change: Partial<StoredMigration>): StoredMigration {
    const updated = { ...catalog.migrations.get(id)!, ...change }
    catalog.migrations.set(id, updated)
    return updated
  }

  function isDue(migration: StoredMigration): boolean {
    return (
      !isEndState(migration.state) &&
      !migration.paused &&
      !heldMigrations.has(migration.id) &&
      migration.notBefore <= clock.now() &&
      (migration.leaseOwner === null || migration.leaseExpiresAt < clock.now())
    )
  }

  function record(lease: MigrationLease, entry: MigrationRecord): Migration {
    const before = oursOrThrow(lease)
    if (before.state !== entry.steps[0]?.from) {
      throw new LedgerError('fenced', `migration ${before.id} is ${before.state}`)
    }
    const undo = remember(catalog, before)
    try {
      const after = update(before.id, changeOf(before, entry, clock))
      for (const step of entry.steps) applyMemoryEffects(catalog, after, step, entry.modelNow)
      writeTimeline(catalog, lease, entry)
      return after
    } catch (error) {
      undo()
      throw error
    }
  }

  return {
    async create(batch, _principal) {
      const refused = batch.map(wanted => ({ id: wanted.id, reason: plan(catalog, wanted, clock) }))
      return {
        created: refused.flatMap(({ id, reason }) => (reason === null ? [id] : [])),
        refused: refused.flatMap(({ id, reason }) => (reason === null ? [] : [{ id, reason }])),
      }
    },

    async claim({ worker, limit, leaseMs }) {
      const due = [...catalog.migrations.values()].filter(isDue).sort(byQueueOrder)
      const ending = due
        .filter(migration => migration.graceUntil !== null)
        .sort((left, right) => left.notBefore - right.notBefore || left.order - right.order)
        .slice(0, Math.ceil(limit / 2))
      const isRestoring = ({ state }: StoredMigration) => state === 'waiting-restore'
      const restoring = due
        .filter(isRestoring)
        .sort((left, right) => left.notBefore - right.notBefore || left.order - right.order)
        .slice(0, Math.ceil((limit - ending.length) / 2))
      const moving = due
        .filter(migration => migration.graceUntil === null && !isRestoring(migration))
        .slice(0, limit - ending.length - restoring.length)
      return [...ending, ...restoring, ...moving].sort(byQueueOrder).map(migration => ({
        ...update(migration.id, {
          leaseOwner: worker,
          leaseExpiresAt: clock.now() + leaseMs,
          fencingToken: migration.fencingToken + 1n,
        }),
        takenOverFrom: migration.leaseOwner,
      }))
    },

    async renew(leases, leaseMs) {
      return leases.flatMap(lease => {
        if (ours(lease) === null) return []
        return [update(lease.migrationId, { leaseExpiresAt: clock.now() + leaseMs })]
      })
    },

    async release(lease, restMs, returnsAttempt) {
      const found = ours(lease)
      if (found === null) return
      const attempt = Math.max(0, found.attempt - (returnsAttempt ? 1 : 0))
      update(found.id, { leaseOwner: null, notBefore: clock.now() + restMs, attempt })
    },

    async readSubject(migrationId) {
      return subjectOf(catalog, migrationId, clock)
    },

    async record(lease, entry) {
      return record(lease, entry)
    },

    async reportProgress(lease, evidence) {
      const found = oursOrThrow(lease)
      return update(found.id, { evidence: mergeEvidence(found.evidence, evidence, []) })
    },

    async withObjectLock(lease, _options, work) {
      const { objectId } = lease
      if (lockedObjects.has(objectId)) throw new LedgerError('busy', `object ${objectId} is locked`)
      const found = oursOrThrow(lease)
      lockedObjects.add(objectId)
      heldMigrations.add(found.id)
      const undo = remember(catalog, found)
      try {
        return await work({
          confirmLock: async () => undefined,
          readSubject: async () => subjectOf(catalog, found.id, clock),
          copiesAt: async place => copiesAt(catalog, objectId, place),
          copies: async () => [...catalog.copies.values()].filter(copy => copy.objectId === objectId),
          record: async entry => record(lease, entry),
        })
      } catch (error) {
        undo()
        throw error
      } finally {
        lockedObjects.delete(objectId)
        heldMigrations.delete(found.id)
      }
    },
  }
}

function changeOf(before: StoredMigration, entry: MigrationRecord, clock: Clock): Partial<StoredMigration> {
  const effects = entry.steps.flatMap(step => step.effects)
  const state = entry.steps.at(-1)!.to
  const isReleased = isEndState(state) || entry.releaseForMs !== undefined
  return {
    state,
    attempt:
      (effects.includes('reset-attempts') ? 0 : before.attempt) +
      effects.filter(effect => effect === 'count-attempt').length,
    evidence: mergeEvidence(before.evidence, entry.evidence ?? {}, ['error']),
    leaseOwner: isReleased ? null : before.leaseOwner,
    notBefore: entry.releaseForMs === undefined ? before.notBefore : clock.now() + entry.releaseForMs,
    graceUntil: effects.includes('switch-primary') ? entry.modelNow + before.graceMs : before.graceUntil,
  }
}

function mergeEvidence(
  before: MigrationEvidence,
  change: MigrationEvidence,
  forgotten: readonly string[],
): MigrationEvidence {
  const kept = Object.entries(before).filter(([name]) => !forgotten.includes(name))
  const merged = { ...Object.fromEntries(kept), ...change }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}

function plan(catalog: MemoryCatalog, wanted: NewMigration, clock: Clock): NewMigrationRefusal | null {
  const object = catalog.objects.get(wanted.objectId)
  const isCurrent =
    object?.isPresent === true &&
    object.generation === wanted.generation &&
    object.placementVersion === wanted.placementVersion
  if (object === undefined || !isCurrent) return 'outdated'
  if (object.isQuarantined) return 'quarantined'
  const kind = wanted.kind ?? 'move'
  const mode = catalog.buckets.get(object.bucketId)?.mode
  if (mode === 'observed') return 'observed'
  if (kind === 'reclassify' && mode !== 'exclusive') return 'shared'
  const copies = [...catalog.copies.values()].filter(copy => copy.objectId === object.id)
  const source = copies.find(copy =>
    wanted.sourceCopyId === undefined ? copy.isPrimary : copy.id === wanted.sourceCopyId,
  )
  if (source?.state !== 'complete' || source.generation !== wanted.generation) return 'no-source'
  const target = catalog.locations.get(wanted.targetLocationId)
  if (target === undefined) return 'unknown-location'
  const isAtTarget = (copy: Copy) => {
    const there = catalog.locations.get(copy.locationId)
    return there?.storeId === target.storeId && there.container === target.container
  }
  if (isAtTarget(source) !== (kind === 'reclassify') || source.locationId === target.id) return 'same-place'
  const leftOver = copies.find(copy => copy.id === wanted.targetCopyId && copy.locationId === target.id)
  const isLeftOver =
    leftOver?.state === 'complete' &&
    leftOver.generation === wanted.generation &&
    (leftOver.isPrimary || source.isPrimary)
  if (kind === 'drop-copy' && !isLeftOver) return 'no-source'
  const broken = copies.find(
    copy =>
      copy.state === 'suspect' &&
      !copy.isPrimary &&
      copy.locationId === target.id &&
      copy.generation === wanted.generation,
  )
  if (kind === 'repair' && broken === undefined) return 'not-broken'
  const inTheWay = kind === 'add-copy' ? ['complete', 'grace', 'retained', 'suspect'] : ['complete']
  const isOccupied = copies.some(copy => !copy.isPrimary && isAtTarget(copy) && inTheWay.includes(copy.state))
  if ((kind === 'move' || kind === 'add-copy') && isOccupied) return 'occupied'
  const others = [...catalog.migrations.values()].filter(other => other.objectId === object.id)
  if (others.some(other => !isEndState(other.state))) return 'in-flight'
  catalog.migrations.set(wanted.id, {
    ...wanted,
    kind,
    verify: wanted.verify ?? 'target-checksum',
    encryptionRequired: wanted.encryptionRequired ?? false,
    copiesRequired: wanted.copiesRequired ?? 1,
    regionsRequired: wanted.regionsRequired ?? 1,
    bucketId: object.bucketId,
    key: object.key,
    sourceCopyId: source.id,
    sourceLocationId: source.locationId,
    size: source.size,
    state: 'planned',
    attempt: 0,
    paused: false,
    cancelRequested: false,
    leaseOwner: null,
    leaseExpiresAt: 0,
    fencingToken: 0n,
    graceUntil: null,
    evidence: kind === 'repair' ? { targetKey: broken!.nativeKey } : {},
    notBefore: clock.now(),
    order: catalog.migrations.size,
  })
  catalog.timeline.set(wanted.id, [])
  return null
}

function byQueueOrder(left: StoredMigration, right: StoredMigration): number {
  return right.priority - left.priority || left.notBefore - right.notBefore || left.order - right.order
}

function subjectOf(catalog: MemoryCatalog, migrationId: Uuid, clock: Clock): MigrationSubject {
  const migration = catalog.migrations.get(migrationId)!
  const object = catalog.objects.get(migration.objectId)!
  const { encryptionRequired = false, ...bucket } = catalog.buckets.get(object.bucketId)!
  return {
    bucket: { ...bucket, ownsTargetContainer: true, encryptionRequired },
    object: { ...object },
    version: object.generation === migration.generation ? object.version : null,
    source: catalog.copies.get(migration.sourceCopyId) ?? null,
    target: catalog.copies.get(migration.targetCopyId) ?? null,
    copies: [...catalog.copies.values()].filter(copy => copy.objectId === object.id),
    now: clock.now(),
    deletionLandsInMs: deletionLandsInMs(catalog, object.id, clock.now()),
  }
}

function writeTimeline(catalog: MemoryCatalog, lease: MigrationLease, entry: MigrationRecord): void {
  const lines = entry.steps.map(({ event, from, to }) => ({ event, from, to, worker: lease.worker }))
  catalog.timeline.get(lease.migrationId)!.push(...lines)
}

/** What brings everything that one migration's record may change back to what it is now. */
function remember(catalog: MemoryCatalog, migration: StoredMigration): () => void {
  const object = structuredClone(catalog.objects.get(migration.objectId)!)
  const copies = [...catalog.copies.values()].filter(copy => copy.objectId === migration.objectId)
  const lines = [...catalog.timeline.get(migration.id)!]
  const announced = catalog.announced.length
  return () => {
    catalog.migrations.set(migration.id, migration)
    catalog.objects.set(object.id, object)
    for (const copy of catalog.copies.values()) {
      if (copy.objectId === object.id) catalog.copies.delete(copy.id)
    }
    for (const copy of copies) catalog.copies.set(copy.id, copy)
    catalog.timeline.set(migration.id, lines)
    catalog.announced.length = announced
  }
}
