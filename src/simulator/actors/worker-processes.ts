import { DAY, SECOND } from '../../domain/duration.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import type { Loop } from '../../workers/loop.ts'
import { type MigrationParts, noMigrationMetrics } from '../../workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../workers/run-migrations.ts'
import { createScrubber } from '../../workers/scrub/scrub-copies.ts'
import { createCopySweeper } from '../../workers/sweeping/sweep-copies.ts'
import { Process } from '../clock/process.ts'
import { timersOf } from '../clock/process-timers.ts'
import { announceDeletion, announcePublication, isPublicationInFlight } from '../world/announcements.ts'
import { connectLedger } from '../world/connect-ledger.ts'
import { connectScrubLedger } from '../world/connect-scrub-ledger.ts'
import { connectSweepLedger } from '../world/connect-sweep-ledger.ts'
import type { SimulatedWorld } from '../world/simulated-world.ts'

/** Shorter than in production: what follows from a lease that ran out comes sooner. */
export const LEASE_MS = 6 * SECOND
const IDLE_MS = SECOND
const SCRUB_INTERVAL_MS = 10 * SECOND
const REST_AFTER_FAILURE_MS = 500

/** A process that can be killed, stopped, or asked to end. */
export interface WorkerProcess {
  readonly process: Process
  /** As SIGTERM. */
  readonly terminate: () => void
}

/** Starts the mover as it is shipped, in a process of its own. */
export function startMover(world: SimulatedWorld, name: string): WorkerProcess {
  const { chaos, database, scenario, scheduler } = world
  const places = [...world.locations, ...world.infrequent]
  const process = new Process(name)
  const stores = new Map(world.stores.map(store => [store.id, world.connect(process, store)]))
  const timers = timersOf(scheduler, process)
  const parts: MigrationParts = {
    ledger: connectLedger(database, process, world.ledger),
    openStore: async id => stores.get(id)!,
    locationById: id => database.ask(process, async () => places.find(one => one.id === id) ?? null),
    announceDeletion: copy => announceDeletion(world, process, copy),
    announcePublication: place => announcePublication(world, process, place),
    noteUploadStart: async place => {
      const id = world.newId()
      const store = world.stores.find(one => one.id === place.storeId)!
      await database.ask(
        process,
        async () => void world.uploadStarts.set(id, { store, key: place.nativeKey }),
      )
      return () => database.ask(process, async () => void world.uploadStarts.delete(id))
    },
    modelClock: scheduler,
    wallClock: scheduler,
    timers,
    workerId: name,
    concurrency: 2,
    leaseMs: LEASE_MS,
    verification: scenario.verification,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: () => chaos.next(),
    atBoundary: async (boundary, migration) => {
      world.note(`${name} ${boundary} ${migration.key}`)
      if (chaos.happens(chaos.rates.diesAtBoundary)) process.kill()
      await scheduler.turn(0, process)
    },
  }
  return { process, terminate: runProcess(createMigrationWorker(parts), process, timers.sleep) }
}

/** Starts the sweeper as it is shipped, in a process of its own. */
export function startSweeper(world: SimulatedWorld, name: string): WorkerProcess {
  const { catalog, database, scheduler } = world
  const process = new Process(name)
  const stores = new Map(world.stores.map(store => [store.id, world.connect(process, store)]))
  const timers = timersOf(scheduler, process)
  const loop = createCopySweeper({
    ledger: connectSweepLedger({
      database,
      owner: process,
      catalog,
      scheduler,
      foundBad: world.scrub.bad,
      isPublicationInFlight: objectId => isPublicationInFlight(world, objectId),
    }),
    openStore: async id => stores.get(id)!,
    announceDeletion: copy => announceDeletion(world, process, copy),
    wallClock: scheduler,
    timers,
    log: silentLogger,
    onSwept: outcome => world.note(`${name} swept ${outcome}`),
  })
  return { process, terminate: runProcess(loop, process, timers.sleep) }
}

/** Starts the scrubber as it is shipped, in a process of its own: it looks at every copy every few seconds. */
export function startScrubber(world: SimulatedWorld, name: string): WorkerProcess {
  const { scheduler } = world
  const process = new Process(name)
  const stores = new Map(world.stores.map(store => [store.id, world.connect(process, store)]))
  const timers = timersOf(scheduler, process)
  const loop = createScrubber({
    ledger: connectScrubLedger(world, process),
    settings: {
      closeness: 'bytes',
      intervalDays: SCRUB_INTERVAL_MS / DAY,
      bytesPerSecond: 1e9,
      usdPerDay: 1,
    },
    openStore: async id => stores.get(id)!,
    costOf: async () => 0,
    modelClock: scheduler,
    wallClock: scheduler,
    timers,
    newId: () => world.newId(),
    log: silentLogger,
    onCondemned: outcome => world.note(`${name} finds a bad copy: ${outcome}`),
  })
  return { process, terminate: runProcess(loop, process, timers.sleep) }
}

/** Runs a loop until it is asked to end. */
function runProcess(
  loop: Loop,
  process: Process,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): () => void {
  const controller = new AbortController()
  const run = async () => {
    while (!controller.signal.aborted) {
      let restMs = IDLE_MS
      try {
        await loop.step(controller.signal)
      } catch {
        // As the loop of every role does: the database is away, and will be back.
        restMs = REST_AFTER_FAILURE_MS
      }
      await sleep(restMs, controller.signal)
    }
  }
  void run().then(() => process.kill())
  return () => controller.abort()
}
