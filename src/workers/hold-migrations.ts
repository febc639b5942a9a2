import { sendScouts } from '../database/migrations/full-locations.ts'
import { sweepHolds } from '../database/migrations/migration-hold-sweeps.ts'
import { readMigrationStop } from '../database/migrations/migration-holds.ts'
import type { Database } from '../database/postgres.ts'
import type { Loop } from './loop.ts'

const IDLE_MS = 500

/**
 * The loop that takes migrations of paused stores and plans, and those to full locations, out of the queue and puts
 * them back when these go on, so that a million that wait cost nobody who looks for work. It sends a few ahead to
 * full locations whose rest is over.
 */
export function createHoldSweeper(database: Database): Loop {
  return {
    name: 'hold-migrations',
    idleMs: IDLE_MS,
    step: async () => (await sweepHolds(database)) + (await sendScouts(database)),
  }
}

/** The same loop; it rests while all migrations are stopped. For loops that delete what migrations left. */
export function unlessStopped(database: Database, loop: Loop): Loop {
  return {
    ...loop,
    step: async signal => ((await readMigrationStop(database)) === null ? loop.step(signal) : 0),
  }
}
