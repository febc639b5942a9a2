import { SECOND } from '../../domain/duration.ts'
import { isEndState } from '../../domain/migration.ts'
import type { Copy } from '../../domain/object.ts'
import type { Process } from '../clock/process.ts'
import { CONTAINER } from '../world/model-store.ts'
import { isRotten, type SimulatedWorld, storeOf } from '../world/simulated-world.ts'
import { LEASE_MS, startMover, startScrubber, startSweeper, type WorkerProcess } from './worker-processes.ts'

/** What happens to processes and to the database, at times the seed chooses. */
const WAIT_MS_MAX = 10 * SECOND
const RESTART_MS_MAX = 4 * SECOND
/** Long enough for every lease to run out. */
const PAUSE_MS = { min: 100, max: LEASE_MS * 3 } as const

/** Keeps movers and a sweeper alive: whoever dies is started anew. */
export class Fleet {
  readonly #world: SimulatedWorld
  readonly #running: WorkerProcess[] = []
  #started = 0

  constructor(world: SimulatedWorld) {
    this.#world = world
    for (let index = 0; index < world.scenario.workers; index++) this.#start(startMover, 'mover')
    this.#start(startSweeper, 'sweeper')
    this.#start(startScrubber, 'scrubber')
  }

  get running(): readonly WorkerProcess[] {
    return this.#running
  }

  #start(start: (world: SimulatedWorld, name: string) => WorkerProcess, kind: string): void {
    const { chaos, scheduler } = this.#world
    const worker = start(this.#world, `${kind}-${++this.#started}`)
    this.#running.push(worker)
    worker.process.onDeath(() => {
      this.#running.splice(this.#running.indexOf(worker), 1)
      this.#world.note(`${worker.process.name} died`)
      scheduler.add(chaos.between(1, RESTART_MS_MAX), null, () => this.#start(start, kind))
    })
  }
}

/** Kills, stops and terminates workers and restarts the database until `isCalm`. */
export function startCalamities(world: SimulatedWorld, fleet: Fleet, isCalm: () => boolean): void {
  const { chaos, scheduler, scenario, database } = world
  const pick = (): WorkerProcess | null => (fleet.running.length === 0 ? null : chaos.pick(fleet.running))
  const again = (isWanted: boolean, deed: () => Promise<void> | void) => {
    const run = async () => {
      while (!isCalm()) {
        await scheduler.turn(chaos.between(1, WAIT_MS_MAX), null)
        if (!isCalm()) await deed()
      }
    }
    if (isWanted) void run()
  }
  again(scenario.has.kills, () => {
    const victim = pick()
    if (victim === null) return
    if (chaos.happens(0.3)) victim.terminate()
    else victim.process.kill()
  })
  again(scenario.has.pauses, () => stopAWhile(world, pick()?.process ?? null))
  again(scenario.has.rot, () => rot(world))
  // A store that shows the past may show what is gone.
  again(scenario.has.rot && scenario.rates.stale === 0, () => lose(world))
  again(scenario.has.restarts, async () => {
    world.note('the database stops')
    database.stop()
    await scheduler.turn(chaos.between(1, RESTART_MS_MAX), null)
    database.start()
  })
}

/**
 * A bit flips of a copy while another complete one is whole. What becomes of the last good copy no program can
 * help.
 */
async function rot(world: SimulatedWorld): Promise<void> {
  const { catalog, chaos } = world
  const mayRot = [...catalog.copies.values()].filter(copy => {
    const object = catalog.objects.get(copy.objectId)!
    const isPresent = object.isPresent && object.generation === copy.generation
    const isGood = copy.state === 'complete' && !isRotten(world, copy)
    return (
      isGood && isPresent && object.version.digests.sha256 && hasTime(world, copy) && isSpare(world, copy)
    )
  })
  if (mayRot.length === 0) return
  const copy = chaos.pick(mayRot)
  const found = await storeOf(world, copy.locationId).peek(copy.nativeKey)
  // What others wrote there may be the only copy of it.
  if (found?.stored.identity.etag !== copy.identity.etag) return
  const { key } = catalog.objects.get(copy.objectId)!
  const role = copy.isPrimary ? 'the primary copy' : 'a replica'
  world.note(`rot of ${key}, ${role}, in ${storeOf(world, copy.locationId).name}`)
  await storeOf(world, copy.locationId).rot(copy.nativeKey, chaos.between(0, 1_000))
}

/** Nothing is in flight that trusts the copy, except a grace in which the scrubber may find it. */
function hasTime({ catalog }: SimulatedWorld, copy: Copy): boolean {
  return [...catalog.migrations.values()].every(
    one =>
      one.objectId !== copy.objectId ||
      isEndState(one.state) ||
      (one.state === 'grace' && one.targetCopyId === copy.id),
  )
}

/** Whether another complete copy of the same content is whole: for a replica, the primary one. */
function isSpare(world: SimulatedWorld, { generation, id, isPrimary, objectId }: Copy): boolean {
  return [...world.catalog.copies.values()].some(
    one =>
      one.objectId === objectId &&
      one.id !== id &&
      one.generation === generation &&
      one.state === 'complete' &&
      (isPrimary || one.isPrimary) &&
      !isRotten(world, one),
  )
}

/** The bytes of a copy that readers were given in place of another one go, while that one is still in grace. */
async function lose(world: SimulatedWorld): Promise<void> {
  const { catalog, chaos, scheduler } = world
  const graces = [...catalog.migrations.values()].filter(one => {
    const [source, target] = [catalog.copies.get(one.sourceCopyId), catalog.copies.get(one.targetCopyId)]
    const object = catalog.objects.get(one.objectId)!
    const isExclusive = catalog.buckets.get(object.bucketId)!.mode === 'exclusive'
    const isCurrent = object.isPresent && object.generation === one.generation
    const isInGrace = one.state === 'grace' && (one.graceUntil ?? 0) > scheduler.now()
    const isSpare = source?.state === 'grace' && !isRotten(world, source) && target?.state === 'complete'
    return isExclusive && isCurrent && isInGrace && isSpare && target.isPrimary
  })
  if (graces.length === 0) return
  const { key, targetCopyId } = chaos.pick(graces)
  const copy = catalog.copies.get(targetCopyId)!
  const store = storeOf(world, copy.locationId)
  const found = await store.peek(copy.nativeKey)
  if (found?.stored.identity.etag !== copy.identity.etag) return
  world.note(`loss of ${key}, the primary copy, in ${store.name}`)
  await store.inner.delete(CONTAINER, copy.nativeKey)
  // Rest comes when somebody found it out.
  store.rotten.set(found.stored.identity.etag!, found.bytes)
}

function stopAWhile({ chaos, note, scheduler }: SimulatedWorld, process: Process | null): void {
  if (process === null) return
  const ms = chaos.between(PAUSE_MS.min, PAUSE_MS.max)
  note(`${process.name} stopped for ${ms}`)
  process.stop(scheduler.now() + ms)
}
