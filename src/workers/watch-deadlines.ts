import { markMissedDeadlines } from '../database/migrations/migration-urgency.ts'
import type { Database } from '../database/postgres.ts'
import { SECOND } from '../domain/duration.ts'
import type { Loop } from './loop.ts'

const BATCH_MAX = 500
const IDLE_MS = 2 * SECOND

/** The loop that tells people of deadlines that passed before readers got the target copy. */
export function createDeadlineWatcher(options: {
  readonly database: Database
  /** Counts deadlines missed of plans and of single migrations. */
  readonly missed: (of: 'plan' | 'migration', count: number) => void
}): Loop {
  return {
    name: 'watch-deadlines',
    idleMs: IDLE_MS,
    async step() {
      const { plans, migrations } = await markMissedDeadlines(options.database, {
        limit: BATCH_MAX,
        principal: 'system:migrator',
      })
      options.missed('plan', plans)
      options.missed('migration', migrations)
      return plans + migrations
    },
  }
}
