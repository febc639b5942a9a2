import { sweepHolds } from '../database/migrations/migration-hold-sweeps.ts'
import { readMigrationStop } from '../database/migrations/migration-holds.ts'
import type { Database } from '../database/postgres.ts'
import type { Loop } from './loop.ts'

const IDLE_MS = 500

/**
 * The loop that takes migrations of paused stores and plans out of the queue and puts them back when these go
 * on, so that a million paused ones cost nobody who looks for work.
 */
export function createHoldSweeper(database: Database): Loop {
  return { name: 'hold-migrations', idleMs: IDLE_MS, step: () => sweepHolds(database) }
}

/** The same loop; it rests while all migrations are stopped. For loops that delete what migrations left. */
export function unlessStopped(database: Database, loop: Loop): Loop {
  return {
    ...loop,
    step: async signal => ((await readMigrationStop(database)) === null ? loop.step(signal) : 0),
  }
}
