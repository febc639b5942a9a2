import { type Loop, rest } from './loop.ts'
import { LEASE_MS, LeaseKeeper } from './migrations/lease-keeper.ts'
import type { MigrationParts } from './migrations/migration-parts.ts'
import { runMigration } from './migrations/run-migration.ts'

/** How many migrations one step of the loop runs before it comes up for air. */
const MIGRATIONS_PER_STEP_MAX = 10_000
/** Leased ahead of the running ones, so that few statements lease many. */
const CLAIM_AHEAD_FACTOR = 2
const IDLE_MS = 250

/**
 * The loop that moves objects: leases due migrations and runs `concurrency` of them at once until none is due.
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
      const kept = keeper.run(keeping.signal)
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

/** Resolves, when nothing is due and nothing runs, to how many migrations were taken up. */
async function runDueMigrations(
  parts: MigrationParts,
  keeper: LeaseKeeper,
  signal: AbortSignal,
): Promise<number> {
  const running = new Set<Promise<void>>()
  const waiting: (() => Promise<void>)[] = []
  let taken = 0

  async function claim(): Promise<number> {
    const limit = parts.concurrency * CLAIM_AHEAD_FACTOR - running.size
    const leaseMs = parts.leaseMs ?? LEASE_MS
    const claimed = await parts.ledger.claim({ worker: parts.workerId, limit, leaseMs })
    for (const migration of claimed) {
      if (migration.takenOverFrom !== null) parts.metrics.tookOver()
      const held = keeper.hold(migration)
      waiting.push(async () => keeper.drop(held, await runMigration(parts, migration, held)))
    }
    taken += claimed.length
    return claimed.length
  }

  function startWaiting(): void {
    while (waiting.length > 0 && running.size < parts.concurrency) {
      const job = waiting.shift()!().finally(() => running.delete(job))
      running.add(job)
    }
    parts.metrics.inFlight(running.size)
  }

  try {
    while (!signal.aborted && taken < MIGRATIONS_PER_STEP_MAX) {
      startWaiting()
      const found = waiting.length === 0 ? await claim() : 0
      startWaiting()
      if (running.size === 0) break
      // Without a new lease, look again after a while: something may have become due meanwhile.
      const isBusy = found > 0 || waiting.length > 0
      await Promise.race([...running, ...(isBusy ? [] : [rest(IDLE_MS, signal)])])
    }
  } finally {
    if (signal.aborted) keeper.interruptAll('stopping')
    while (waiting.length > 0 || running.size > 0) {
      startWaiting()
      await Promise.race(running)
    }
    parts.metrics.inFlight(0)
  }
  return taken
}
