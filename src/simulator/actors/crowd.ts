import { SECOND } from '../../domain/duration.ts'
import { isEndState } from '../../domain/migration.ts'
import type { NewMigration } from '../../domain/migration-record.ts'
import type { MemoryObject } from '../../migration/memory-ledger/memory-catalog.ts'
import { Process } from '../clock/process.ts'
import { GatewayModel } from '../world/gateway-model.ts'
import { CONTAINER } from '../world/model-store.ts'
import {
  isRotten,
  newContent,
  type SimulatedWorld,
  storeOf,
  type TrueContent,
} from '../world/simulated-world.ts'
import { fulfil, WISHES } from './people.ts'

/** Longest waits between two deeds, in milliseconds. */
const WAITS_MS_MAX = {
  plan: 3 * SECOND,
  write: 8 * SECOND,
  read: 2 * SECOND,
  foreign: 8 * SECOND,
  follow: 4 * SECOND,
  wish: 6 * SECOND,
  settle: 3 * SECOND,
} as const

/** Starts everybody who is no worker. Planners, writers, strangers and people stop when `isCalm`. */
export function startCrowd(world: SimulatedWorld, isCalm: () => boolean): void {
  const { scenario } = world
  repeat(world, 'planner', WAITS_MS_MAX.plan, isCalm, () => planSomething(world))
  repeat(world, 'client-reader', WAITS_MS_MAX.read, isCalm, process => {
    const { id } = world.chaos.pick([...world.catalog.objects.values()])
    return new GatewayModel(world, process).read(id)
  })
  repeat(
    world,
    'client-recovery',
    WAITS_MS_MAX.settle,
    () => false,
    async process => {
      for (const intent of world.intents.values()) {
        // The write itself may be under way; the lock makes them take turns.
        await new GatewayModel(world, process).settle(intent).catch(() => 'tried again later')
      }
    },
  )
  if (scenario.has.writers)
    repeat(world, 'client-writer', WAITS_MS_MAX.write, isCalm, process => write(world, process))
  if (scenario.objects.shared > 0) {
    repeat(
      world,
      'client-follower',
      WAITS_MS_MAX.follow,
      () => false,
      async process => {
        for (const object of world.catalog.objects.values()) {
          if (!isShared(world, object.bucketId)) continue
          await new GatewayModel(world, process).follow(object.id).catch(() => 'looked at again later')
        }
      },
    )
  }
  if (scenario.has.foreigners) {
    repeat(world, 'stranger', WAITS_MS_MAX.foreign, isCalm, () => writeAsStranger(world))
  }
  if (scenario.has.people) {
    repeat(world, 'person', WAITS_MS_MAX.wish, isCalm, async () => {
      const all = [...world.catalog.migrations.values()]
      const open = all.filter(migration => !isEndState(migration.state))
      // People mostly ask for something of what is under way.
      const migrations = open.length > 0 && world.chaos.happens(0.7) ? open : all
      if (migrations.length > 0)
        await fulfil(world, world.chaos.pick(WISHES), world.chaos.pick(migrations).id)
    })
  }
}

/** Does something again and again, at times the seed chooses; what is refused is tried another time. */
function repeat(
  world: SimulatedWorld,
  name: string,
  waitMsMax: number,
  isOver: () => boolean,
  deed: (process: Process) => Promise<void>,
): void {
  const { chaos, scheduler } = world
  const process = new Process(name)
  const run = async () => {
    while (!isOver()) {
      await scheduler.turn(chaos.between(1, waitMsMax), process)
      if (isOver()) return
      world.deeds.add(process)
      await deed(process).catch(() => 'refused')
      world.deeds.delete(process)
    }
  }
  void run()
}

async function planSomething(world: SimulatedWorld): Promise<void> {
  const { catalog, chaos } = world
  const migration = newMigration(world, chaos.pick([...catalog.objects.values()]))
  const { created } = await world.ledger.create([migration], 'system:planner')
  if (created.length === 0) return
  const { key, targetLocationId } = catalog.migrations.get(migration.id)!
  world.note(`planned ${migration.kind ?? 'move'} of ${key} to ${storeOf(world, targetLocationId).name}`)
}

/** Some change of an object's copies, sensible or not: the ledger refuses what cannot be. */
function newMigration(world: SimulatedWorld, object: MemoryObject): NewMigration {
  const { catalog, chaos, locations, infrequent } = world
  const kind = chaos.pick(['move', 'move', 'move', 'add-copy', 'drop-copy', 'reclassify'] as const)
  const copies = [...catalog.copies.values()].filter(copy => copy.objectId === object.id)
  const primary = copies.find(copy => copy.isPrimary)
  const elsewhere = locations.filter(location => location.id !== primary?.locationId)
  const move = newMove(world, object, chaos.pick(elsewhere).id)
  const complete = copies.filter(copy => copy.state === 'complete')
  // A bit that flips between the last proof of a copy and the drop of another one is nobody's to find.
  const isSound = complete.every(copy => !isRotten(world, copy))
  if (kind === 'drop-copy' && primary !== undefined && complete.length > 1 && isSound) {
    const drops = chaos.pick(complete)
    const keeps = drops.isPrimary ? chaos.pick(complete.filter(copy => copy !== drops)) : primary
    const copiesRequired = chaos.pick([1, 1, 2])
    const ends = { sourceCopyId: drops.id, targetCopyId: keeps.id, targetLocationId: keeps.locationId }
    return { ...move, kind, ...ends, copiesRequired }
  }
  if (kind === 'reclassify' && complete.length > 0 && infrequent.length > 0) {
    const copy = chaos.pick(complete)
    const classes = [...locations, ...infrequent].filter(
      location => location.id !== copy.locationId && location.storeId === storeOf(world, copy.locationId).id,
    )
    if (classes.length > 0) {
      const ends = { sourceCopyId: copy.id, targetCopyId: copy.id, targetLocationId: chaos.pick(classes).id }
      return { ...move, kind, ...ends }
    }
  }
  return kind === 'add-copy' ? { ...move, kind } : move
}

/** A move of an object as it is now. */
export function newMove(world: SimulatedWorld, object: MemoryObject, targetLocationId: string): NewMigration {
  const { chaos, scenario } = world
  return {
    id: world.newId(),
    objectId: object.id,
    generation: object.generation,
    placementVersion: object.placementVersion,
    targetCopyId: world.newId(),
    targetLocationId,
    priority: chaos.between(0, 100),
    direction: 'lateral',
    graceMs: chaos.pick(scenario.graceMs),
    attemptsMax: scenario.attemptsMax,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  }
}

async function write(world: SimulatedWorld, process: Process): Promise<void> {
  const { catalog, chaos, scenario } = world
  const { id } = chaos.pick([...catalog.objects.values()])
  const gateway = new GatewayModel(world, process)
  if (chaos.happens(0.2)) await gateway.remove(id)
  else await gateway.write(id, chaos.pick(scenario.sizes))
}

/** Somebody writes into a shared bucket's container without asking us. */
async function writeAsStranger(world: SimulatedWorld): Promise<void> {
  const { catalog, chaos, scenario } = world
  const store = world.stores[0]!
  const { key, id } = chaos.pick([...catalog.objects.values()].filter(one => isShared(world, one.bucketId)))
  const content = newContent(world, chaos.pick(scenario.sizes))
  await store.remember(key)
  const { identity } = await store.inner.put(CONTAINER, key, content.bytes, {
    size: content.bytes.byteLength,
  })
  store.foreignEtags.add(identity.etag!)
  world.foreignContents.set(identity.etag!, asFound(content, identity.etag!))
  world.changed.add(id)
  world.note(`stranger put ${key}`)
}

/** Of what others wrote we know what the store tells. */
function asFound(content: TrueContent, etag: string): TrueContent {
  return { ...content, facts: { ...content.facts, etag, headers: {}, metadata: {} } }
}

function isShared(world: SimulatedWorld, bucketId: string): boolean {
  return world.catalog.buckets.get(bucketId)!.mode === 'shared'
}

/** Whether all that was begun has come to its end. */
export function isAtRest(world: SimulatedWorld): boolean {
  const { catalog, deeds, intents } = world
  return (
    deeds.size === 0 &&
    intents.size === 0 &&
    [...catalog.migrations.values()].every(migration => isEndState(migration.state)) &&
    [...catalog.copies.values()].every(
      copy =>
        copy.state !== 'deleting' &&
        copy.state !== 'staging' &&
        !(copy.state === 'complete' && isRotten(world, copy)),
    )
  )
}
