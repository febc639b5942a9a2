import { isDeepStrictEqual } from 'node:util'
import type { ObjectId } from '../domain/identifiers.ts'
import { isEndState, type Migration } from '../domain/migration.ts'
import type { Copy } from '../domain/object.ts'
import { isPublicationInFlight } from './world/announcements.ts'
import type { StoreChange } from './world/connect-store.ts'
import { CONTAINER, type ModelStore } from './world/model-store.ts'
import { isChangingClass, type SimulatedWorld, storeOf } from './world/simulated-world.ts'

/** Copies whose bytes the catalog relies on. */
const NEEDED: readonly Copy['state'][] = ['complete', 'grace']

/**
 * I4 and I5, in the moment in which bytes are replaced or deleted by a process of ours: no copy that readers
 * may be given, no source before its grace is over, nothing that others wrote, and nobody acts on an object
 * that somebody else has locked.
 */
export function checkChange(world: SimulatedWorld, change: StoreChange): void {
  const { catalog, history, scheduler } = world
  const { key, kind, process, store, was } = change
  const object = [...catalog.objects.values()].find(one => one.key === key)!
  world.changed.add(object.id)
  world.note(`${process.name} ${kind} ${store.name}/${key} over ${was?.stored.identity.etag ?? 'nothing'}`)
  if (process.name.startsWith('client')) {
    if (was !== null) store.foreignEtags.delete(was.stored.identity.etag!)
    return
  }
  if (was === null) return
  const etag = was.stored.identity.etag!
  if (store.foreignEtags.has(etag))
    history.violate('I4', `${process.name}: ${kind} of ${key}, which others wrote`)
  const holder = world.database.locks.holderOf(object.id)
  if (change.isAwaited && holder !== null && holder !== process && !isConditional(store, kind)) {
    const isAnnounced =
      kind === 'delete'
        ? catalog.deletionsInFlight.size > 0
        : isPublicationInFlight(world, object.id, store.id)
    if (!isAnnounced)
      history.violate('I5', `${process.name}: ${kind} of ${key}, which ${holder.name} has locked`)
  }
  // A class that is changed changes no bytes; whether it was the copy's, the store compared.
  if (kind === 'reclassify') return
  for (const copy of catalog.copies.values()) {
    if (copy.objectId !== object.id || copy.identity.etag !== etag) continue
    if (storeOf(world, copy.locationId) !== store || copy.generation !== object.generation) continue
    if (!NEEDED.includes(copy.state) || !object.isPresent) continue
    const isOver = copy.state === 'grace' && (copy.graceUntil ?? 0) <= scheduler.now()
    if (isOver && kind === 'delete') checkDeletionOfSource(world, copy)
    else history.violate('I4', `${process.name}: ${kind} of ${key} in ${store.name}, a ${copy.state} copy`)
  }
}

/** A source goes only in a migration whose target was verified, switched to and is primary. */
function checkDeletionOfSource(world: SimulatedWorld, source: Copy): void {
  const { catalog, history } = world
  const migration = [...catalog.migrations.values()].find(
    one => one.sourceCopyId === source.id && one.state === 'deleting-source',
  )
  const target = migration === undefined ? undefined : catalog.copies.get(migration.targetCopyId)
  const events = migration === undefined ? [] : catalog.timeline.get(migration.id)!.map(line => line.event)
  if (migration?.kind === 'drop-copy') checkDrop(world, migration)
  const isDrop = migration?.kind === 'drop-copy'
  const isProven = target?.isPrimary === true && (isDrop || target.verifiedAt !== null)
  const milestones = isDrop ? ['switch-won', 'grace-over'] : ['verified', 'switch-won', 'grace-over']
  const isInOrder = milestones.every(event => events.includes(event as never))
  if (isProven && isInOrder) return
  history.violate('I4', `a source of ${source.nativeKey} was deleted without proof, switch and grace`)
}

/** A copy is dropped only when enough others are left. */
function checkDrop({ catalog, history }: SimulatedWorld, migration: Migration): void {
  const others = [...catalog.copies.values()].filter(
    copy =>
      copy.objectId === migration.objectId &&
      copy.id !== migration.sourceCopyId &&
      copy.generation === migration.generation &&
      copy.state === 'complete',
  )
  if (others.length >= migration.copiesRequired) return
  history.violate('I4', `a copy of ${migration.key} was dropped, and ${others.length} are left`)
}

function isConditional(store: ModelStore, kind: StoreChange['kind']): boolean {
  if (kind === 'reclassify') return true
  return kind === 'put' ? store.profile.conditionalPut : store.profile.conditionalDelete
}

/** I1 and I3 for the objects that changed since the last look. */
export async function checkChanged(world: SimulatedWorld): Promise<void> {
  for (const objectId of world.changed) await checkObject(world, objectId, false)
  world.changed.clear()
}

async function checkObject(world: SimulatedWorld, objectId: ObjectId, isAtRest: boolean): Promise<void> {
  const { catalog, history, truth } = world
  const object = catalog.objects.get(objectId)!
  if (!object.isPresent) return
  const content = truth.get(objectId)!.get(object.generation)!
  const { digests: _, ...facts } = object.version
  if (!isDeepStrictEqual(facts, content.facts)) history.violate('I3', `${object.key} looks other to clients`)
  const { sha256 } = object.version.digests
  if (sha256 !== null && sha256 !== content.sha256) history.violate('I3', `${object.key} has another digest`)
  const copies = [...catalog.copies.values()].filter(copy => copy.objectId === objectId)
  const primaries = copies.filter(copy => copy.isPrimary)
  if (primaries.length !== 1) history.violate('I1', `${object.key} has ${primaries.length} primary copies`)
  if (await hasRightBytes(world, copies, object.generation, content.bytes)) return
  if (!isAtRest && [...world.intents.values()].some(intent => intent.objectId === objectId)) return
  if (await isForeignNow(world, object.key)) return
  history.violate('I1', `${object.key}: no copy holds the bytes of generation ${object.generation}`)
}

async function hasRightBytes(
  world: SimulatedWorld,
  copies: readonly Copy[],
  generation: number,
  bytes: Buffer,
): Promise<boolean> {
  for (const copy of copies) {
    const isReadable = copy.isPrimary || copy.state === 'retained' || NEEDED.includes(copy.state)
    if (!isReadable || copy.generation !== generation) continue
    const found = await storeOf(world, copy.locationId).peek(copy.nativeKey)
    if (found === null || !found.bytes.equals(bytes)) continue
    if (found.stored.identity.etag === copy.identity.etag || isChangingClass(world, copy)) return true
  }
  return false
}

/** Whether others took the object's place in the first store, and the catalog has not followed. */
export async function isForeignNow(world: SimulatedWorld, key: string): Promise<boolean> {
  const store = world.stores[0]!
  const found = await store.peek(key)
  return found !== null && store.foreignEtags.has(found.stored.identity.etag!)
}

/**
 * What must hold at rest: every promise for every object, every migration ended, nothing of ours left over
 * (I7).
 */
export async function checkAtRest(world: SimulatedWorld): Promise<void> {
  const { catalog, history } = world
  for (const objectId of catalog.objects.keys()) await checkObject(world, objectId, true)
  for (const migration of catalog.migrations.values()) {
    if (!isEndState(migration.state))
      history.violate('end', `a move of ${migration.key} stays ${migration.state}`)
  }
  for (const copy of catalog.copies.values()) {
    const { generation, isPrimary, nativeKey, objectId, state } = copy
    const object = catalog.objects.get(objectId)!
    const made = catalog.migrations.get(catalog.madeBy.get(copy.id) ?? '')
    const isTakenBack = made?.kind === 'move' && made.state === 'rolled-back'
    const isPresent = object.isPresent && object.generation === generation
    const isReplica = state === 'complete' && isPresent && !isTakenBack
    const isKept = isPrimary || isReplica || state === 'retained' || state === 'suspect'
    if (!isKept) history.violate('I7', `a ${state} copy of ${nativeKey} is left that nobody needs`)
    if (isReplica) await checkReplica(world, copy)
  }
  for (const store of world.stores) {
    for (const key of store.keys) await checkLeftovers(world, store, key)
  }
}

/** I1 at rest: every complete copy holds the bytes of its generation, not only one of them. */
async function checkReplica(world: SimulatedWorld, copy: Copy): Promise<void> {
  if (await isForeignNow(world, copy.nativeKey)) return
  const content = world.truth.get(copy.objectId)!.get(copy.generation)!
  if (await hasRightBytes(world, [copy], copy.generation, content.bytes)) return
  world.history.violate('I1', `a complete copy of ${copy.nativeKey} does not hold its bytes`)
}

async function checkLeftovers(world: SimulatedWorld, store: ModelStore, key: string): Promise<void> {
  const { catalog, history } = world
  const uploads = await store.inner.multipart.list!(CONTAINER, key)
  if (uploads.length > 0)
    history.violate('I7', `${uploads.length} uploads of ${key} are left in ${store.name}`)
  // A store that shows the past makes the sweeper forget a copy: a reconcile finds its bytes.
  if (world.scenario.rates.stale > 0) return
  const found = await store.peek(key)
  if (found === null || store.foreignEtags.has(found.stored.identity.etag!)) return
  // Retained bytes of a worker that died before it wrote their identity down are known by their place, and so are
  // those of a suspect primary copy, which may be other ones than its row's: the scrubber looks there within the
  // hour and has them replaced, or a person does.
  const isKnown = [...catalog.copies.values()].some(
    copy =>
      copy.nativeKey === key &&
      storeOf(world, copy.locationId) === store &&
      ((copy.identity.etag ?? found.stored.identity.etag) === found.stored.identity.etag ||
        (copy.isPrimary && copy.state === 'suspect')),
  )
  if (!isKnown) history.violate('I7', `bytes of ${key} are left in ${store.name}, and no copy knows them`)
}
