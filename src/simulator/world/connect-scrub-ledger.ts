import { MINUTE } from '../../domain/duration.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { isEndState } from '../../domain/migration.ts'
import type { Copy } from '../../domain/object.ts'
import type { Condemnation, CopyToScrub, Indictment } from '../../domain/scrub.ts'
import type { LockedScrub, ScrubLedger } from '../../workers/scrub/scrub-ledger.ts'
import type { Process } from '../clock/process.ts'
import type { LockSession } from './object-locks.ts'
import type { SimulatedWorld } from './simulated-world.ts'

/** How long an object whose repair ended is left alone. */
const REPAIR_REST_MS = 5 * MINUTE

/** The scrubber's side of the memory catalog, as one process reaches it. */
export function connectScrubLedger(world: SimulatedWorld, owner: Process): ScrubLedger {
  const { catalog, database, scheduler, scrub } = world
  const repairedAt = new Map<ObjectId, number>()
  return {
    takeTurn: () => database.ask(owner, async () => ({ day: 'every day', spentUsd: 0 })),
    listCopiesToScrub: ({ before, exceptCopyIds, limit }) =>
      database.ask(owner, async () => {
        const lookOf = (copy: Copy) => scrub.looks.get(copy.id) ?? copy.verifiedAt ?? 0
        return [...catalog.copies.values()]
          .filter(
            copy => copy.state === 'complete' && lookOf(copy) < before && !exceptCopyIds.includes(copy.id),
          )
          .sort((left, right) => lookOf(left) - lookOf(right))
          .flatMap(copy => copyToScrubOf(world, copy))
          .slice(0, limit)
      }),
    listSuspectPrimaries: ({ exceptCopyIds, limit }) =>
      database.ask(owner, async () =>
        [...catalog.copies.values()]
          .filter(copy => isReplaceable(world, copy) && !exceptCopyIds.includes(copy.id))
          .flatMap(copy => copyToScrubOf(world, copy))
          .slice(0, limit),
      ),
    noteResults: (results, modelNow) =>
      database.ask(owner, async () => {
        for (const { copy, verdict } of results) {
          const now = catalog.copies.get(copy.id)
          if (now?.state !== 'complete' || now.identity.etag !== copy.identity.etag) continue
          scrub.looks.set(copy.id, modelNow)
          if (verdict === 'same') catalog.copies.set(copy.id, { ...now, verifiedAt: modelNow })
        }
      }),
    noteExpenses: () => database.ask(owner, async () => undefined),
    withLockedObject: (copy, waitMsMax, work) => {
      const busy = () => new Error(`object ${copy.objectId} is locked`)
      return database.underLock(owner, { id: copy.objectId, waitMsMax, busy }, session =>
        work(lockedOn(world, session, copy.objectId)),
      )
    },
    planRepairs: limit =>
      database.ask(owner, async () => {
        let planned = 0
        for (const copy of [...catalog.copies.values()]) {
          if (planned >= limit || !isUnrepaired(world, copy)) continue
          if (scheduler.now() - (repairedAt.get(copy.objectId) ?? 0) < REPAIR_REST_MS) continue
          repairedAt.set(copy.objectId, scheduler.now())
          if (await planRepair(world, copy, world.newId(), world.newId())) planned++
        }
        return planned
      }),
  }
}

function copyToScrubOf(world: SimulatedWorld, copy: Copy): CopyToScrub[] {
  const { catalog } = world
  const object = catalog.objects.get(copy.objectId)!
  if (!object.isPresent || object.generation !== copy.generation) return []
  const { storeId, container } = catalog.locations.get(copy.locationId)!
  return [
    {
      copy,
      place: { storeId, container, nativeKey: copy.nativeKey },
      bucket: catalog.buckets.get(object.bucketId)!,
      key: object.key,
      digests: object.version.digests,
    },
  ]
}

/** Whether a suspect primary copy may be replaced by another one. */
function isReplaceable(
  { catalog, scrub: { bad } }: SimulatedWorld,
  { generation, id, isPrimary, objectId, state }: Copy,
): boolean {
  const others = [...catalog.copies.values()].filter(one => one.objectId === objectId && one.id !== id)
  const isBusy = [...catalog.migrations.values()].some(
    one => one.objectId === objectId && !isEndState(one.state),
  )
  return (
    state === 'suspect' &&
    isPrimary &&
    !isBusy &&
    !catalog.objects.get(objectId)!.isQuarantined &&
    others.some(
      one =>
        one.generation === generation &&
        (one.state === 'complete' || (one.state === 'suspect' && bad.has(one.id) && bad.has(id))),
    )
  )
}

function isUnrepaired({ catalog, scrub }: SimulatedWorld, copy: Copy): boolean {
  const object = catalog.objects.get(copy.objectId)!
  const primary = [...catalog.copies.values()].find(one => one.objectId === copy.objectId && one.isPrimary)
  const isBusy = [...catalog.migrations.values()].some(
    one => one.objectId === copy.objectId && !isEndState(one.state),
  )
  return (
    copy.state === 'suspect' &&
    scrub.bad.has(copy.id) &&
    !copy.isPrimary &&
    object.generation === copy.generation &&
    object.isPresent &&
    !object.isQuarantined &&
    primary?.state === 'complete' &&
    !isBusy
  )
}

async function planRepair(world: SimulatedWorld, copy: Copy, id: Uuid, targetCopyId: Uuid): Promise<boolean> {
  const object = world.catalog.objects.get(copy.objectId)!
  const repair = {
    id,
    kind: 'repair',
    objectId: copy.objectId,
    generation: copy.generation,
    placementVersion: object.placementVersion,
    targetCopyId,
    targetLocationId: copy.locationId,
    priority: 100,
    direction: 'lateral',
    graceMs: 0,
    attemptsMax: world.scenario.attemptsMax,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  } as const
  const { created } = await world.ledger.create([repair], 'system:scrubber')
  if (created.length > 0) world.note(`planned repair of ${object.key}`)
  return created.length > 0
}

function lockedOn(world: SimulatedWorld, session: LockSession, objectId: ObjectId): LockedScrub {
  const { catalog, database } = world
  return {
    listPlacedCopies: () =>
      database.askOn(session, () =>
        [...catalog.copies.values()]
          .filter(copy => copy.objectId === objectId)
          .map(copy => {
            const { storeId, container } = catalog.locations.get(copy.locationId)!
            return { copy, place: { storeId, container, nativeKey: copy.nativeKey } }
          }),
      ),
    acquit: (copy, modelNow) =>
      database.askOn(session, () => {
        const now = catalog.copies.get(copy.id)
        const object = catalog.objects.get(objectId)!
        const isCurrent = object.isPresent && object.generation === copy.generation
        const isSame = now?.state === 'suspect' && now.identity.etag === copy.identity.etag
        if (!isCurrent || !isSame || !now.isPrimary) return
        world.changed.add(objectId)
        catalog.copies.set(copy.id, { ...now, state: 'complete', verifiedAt: modelNow })
      }),
    condemn: async (indictment, modelNow) =>
      await database.askOn(session, () => condemn(world, indictment, modelNow)),
  }
}

function isReclassified({ catalog }: SimulatedWorld, copy: Copy): boolean {
  return [...catalog.migrations.values()].some(
    one => one.kind === 'reclassify' && one.sourceCopyId === copy.id && !isEndState(one.state),
  )
}

/** What `database/upkeep/scrub-ledger` does in one transaction, here in one moment. */
async function condemn(
  world: SimulatedWorld,
  indictment: Indictment,
  modelNow: number,
): Promise<Condemnation> {
  const { catalog, scrub } = world
  const { copy, repairCopyId, repairId, successor } = indictment
  const object = catalog.objects.get(copy.objectId)!
  const now = catalog.copies.get(copy.id)
  const isCurrent = object.isPresent && object.generation === copy.generation
  const isKept = now?.state === 'complete' || (now?.state === 'suspect' && now.isPrimary)
  const isSame = isKept && now.identity.etag === copy.identity.etag
  const isMoved = now?.locationId !== copy.locationId || isReclassified(world, copy)
  if (!isCurrent || !isSame || isMoved) return 'moved-on'
  world.changed.add(object.id)
  const suspect = { ...now, state: 'suspect', graceUntil: null } as const
  catalog.copies.set(copy.id, suspect)
  if (!now.isPrimary) {
    scrub.bad.add(copy.id)
    await planRepair(world, suspect, repairId, repairCopyId)
    return 'repairing'
  }
  const next = successor === null ? undefined : catalog.copies.get(successor.id)
  if (next?.state === 'complete' && next.identity.etag === successor!.identity.etag) {
    catalog.copies.set(copy.id, { ...suspect, isPrimary: false })
    catalog.copies.set(next.id, { ...next, isPrimary: true, verifiedAt: modelNow })
    object.placementVersion++
    scrub.bad.add(copy.id)
    await planRepair(world, suspect, repairId, repairCopyId)
    return 'repairing'
  }
  for (const migration of catalog.migrations.values()) {
    const isOfCopy = migration.targetCopyId === copy.id && !isEndState(migration.state)
    const source = catalog.copies.get(migration.sourceCopyId)
    if (!isOfCopy || migration.graceUntil === null || source?.state !== 'grace') continue
    const graceUntil = Math.min(migration.graceUntil, modelNow)
    catalog.migrations.set(migration.id, { ...migration, graceUntil, notBefore: modelNow, paused: false })
    return 'rolling-back'
  }
  if (indictment.isAwaiting) {
    scrub.bad.add(copy.id)
    return 'awaiting-copy'
  }
  object.isQuarantined = true
  return 'quarantined'
}
