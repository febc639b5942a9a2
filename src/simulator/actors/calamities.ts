import { SECOND } from '../../domain/duration.ts'
import { isEndState } from '../../domain/migration.ts'
import type { Process } from '../clock/process.ts'
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
  again(scenario.has.restarts, async () => {
    world.note('the database stops')
    database.stop()
    await scheduler.turn(chaos.between(1, RESTART_MS_MAX), null)
    database.start()
  })
}

/**
 * A bit flips of a copy that is neither primary nor the only good one, and not about to be. What becomes of the
 * last good copy no program can help.
 */
async function rot(world: SimulatedWorld): Promise<void> {
  const { catalog, chaos } = world
  const replicas = [...catalog.copies.values()].filter(copy => {
    const object = catalog.objects.get(copy.objectId)!
    const isBusy = [...catalog.migrations.values()].some(
      one => one.objectId === copy.objectId && !isEndState(one.state),
    )
    const isPresent = object.isPresent && object.generation === copy.generation
    return (
      copy.state === 'complete' && !copy.isPrimary && isPresent && !isBusy && object.version.digests.sha256
    )
  })
  if (replicas.length === 0) return
  const copy = chaos.pick(replicas)
  const object = catalog.objects.get(copy.objectId)!
  const primary = [...catalog.copies.values()].find(one => one.objectId === copy.objectId && one.isPrimary)
  if (primary?.state !== 'complete' || isRotten(world, primary)) return
  world.note(`rot of ${object.key} in ${storeOf(world, copy.locationId).name}`)
  await storeOf(world, copy.locationId).rot(copy.nativeKey, chaos.between(0, 1_000))
}

function stopAWhile({ chaos, note, scheduler }: SimulatedWorld, process: Process | null): void {
  if (process === null) return
  const ms = chaos.between(PAUSE_MS.min, PAUSE_MS.max)
  note(`${process.name} stopped for ${ms}`)
  process.stop(scheduler.now() + ms)
}
