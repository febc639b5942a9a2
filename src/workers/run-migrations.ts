import { type Bytes, KIB, MIB } from '../domain/bytes.ts'
import type { Loop } from './loop.ts'
import { LEASE_MS, LeaseKeeper } from './migrations/lease-keeper.ts'
import type { MigrationParts } from './migrations/migration-parts.ts'
import { MoverPlaces, type PlaceHolder } from './migrations/mover-places.ts'
import { runMigration } from './migrations/run-migration.ts'
import { systemTimers } from './timers.ts'

/** How many migrations one step of the loop runs before it comes up for air. */
const MIGRATIONS_PER_STEP_MAX = 10_000
/** What small objects take of the place of a large one: they wait for stores and commits, not for bytes. */
const WEIGHTS = [
  { bytesMax: 64 * KIB, weight: 1 / 16 },
  { bytesMax: 256 * KIB, weight: 1 / 8 },
  { bytesMax: MIB, weight: 1 / 4 },
] as const
/** Leased ahead of the running ones, so that few statements lease many. */
const CLAIM_AHEAD_FACTOR = 2
const CLAIMS_MAX = 512
const IDLE_MS = 250

/**
 * The loop that moves objects: leases due migrations and runs them until none is due, `concurrency` large ones
 * at once or as many smaller ones as take their place.
 * When its signal aborts, running migrations are interrupted and given back before the step resolves.
 */
export function createMigrationWorker(parts: MigrationParts): Loop {
  const keeper = new LeaseKeeper(parts)
  return {
    name: 'run-migrations',
    idleMs: IDLE_MS,
    async step(signal) {
      await keeper.releaseLeftovers()
      const keeping = new AbortController()
      const stop = () => keeper.interruptAll('stopping')
      signal.addEventListener('abort', stop, { once: true })
      const kept = Promise.all([keeper.run(keeping.signal), tellThroughput(parts, keeping.signal)])
      try {
        return await runDueMigrations(parts, keeper, signal)
      } finally {
        signal.removeEventListener('abort', stop)
        keeping.abort()
        await kept
      }
    },
  }
}

async function tellThroughput(parts: MigrationParts, signal: AbortSignal): Promise<void> {
  const { throughput, timers = systemTimers } = parts
  if (throughput !== undefined) await throughput.run(signal, timers)
}

/** A migration that is leased and waits for a place, or holds one. */
interface Waiting extends PlaceHolder {
  readonly run: () => Promise<void>
}

/** Resolves, when nothing is due and nothing runs, to how many migrations were taken up. */
async function runDueMigrations(
  parts: MigrationParts,
  keeper: LeaseKeeper,
  signal: AbortSignal,
): Promise<number> {
  const { timers = systemTimers } = parts
  const places = new MoverPlaces<Waiting>({
    places: parts.concurrency,
    isAway: parts.isAway ?? (() => false),
  })
  const waiting: Waiting[] = []
  let taken = 0
  let wake: (() => void) | null = null
  /**
   * Resolves when a running migration ends. A race of hundreds of promises would cost more than what they do.
   */
  const oneEnded = () =>
    new Promise<void>(resolve => {
      wake = resolve
    })

  async function claim(): Promise<number> {
    const free = (parts.concurrency * CLAIM_AHEAD_FACTOR - places.held) / WEIGHTS[0].weight
    const limit = Math.min(Math.ceil(free), CLAIMS_MAX)
    const leaseMs = parts.leaseMs ?? LEASE_MS
    const claimed = await parts.ledger.claim({ worker: parts.workerId, limit, leaseMs })
    for (const migration of claimed) {
      if (migration.takenOverFrom !== null) parts.metrics.tookOver()
      const held = keeper.hold(migration)
      const run = async () => keeper.drop(held, await runMigration(parts, migration, held))
      waiting.push({ weight: weightOf(migration.size), storeIds: () => held.storeIds, run })
    }
    taken += claimed.length
    return claimed.length
  }

  function startWaiting(): void {
    for (let next = waiting[0]; next !== undefined && places.hasRoom; next = waiting[0]) {
      waiting.shift()
      places.take(next)
      const begun = next
      void begun.run().finally(() => {
        places.giveBack(begun)
        wake?.()
      })
    }
    parts.metrics.inFlight(places.size)
  }

  /** Looks from time to time whether a store has gone away that running migrations wait for. */
  async function watchStores(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await timers.sleep(IDLE_MS, until)
      if (places.setAside()) wake?.()
    }
  }

  const watching = new AbortController()
  const watched = parts.isAway === undefined ? Promise.resolve() : watchStores(watching.signal)
  try {
    while (!signal.aborted && taken < MIGRATIONS_PER_STEP_MAX) {
      startWaiting()
      const found = waiting.length === 0 ? await claim() : 0
      startWaiting()
      if (places.size === 0) break
      // Without a new lease, look again after a while: something may have become due meanwhile.
      const isBusy = found > 0 || waiting.length > 0
      const ended = oneEnded()
      await (isBusy ? ended : Promise.race([ended, timers.sleep(IDLE_MS, signal)]))
    }
  } finally {
    if (signal.aborted) keeper.interruptAll('stopping')
    while (waiting.length > 0 || places.size > 0) {
      startWaiting()
      if (places.size > 0) await oneEnded()
    }
    watching.abort()
    await watched
    parts.metrics.inFlight(0)
  }
  return taken
}

function weightOf(size: Bytes): number {
  return WEIGHTS.find(({ bytesMax }) => size <= bytesMax)?.weight ?? 1
}
