import { advanceBudgetClock } from '../database/catalog/store-limits.ts'
import type { Database } from '../database/postgres.ts'
import { wallClock } from '../domain/clock.ts'
import type { Store } from '../domain/store.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { URGENT_AHEAD_MS } from '../stores/wrappers/token-clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { StoreLayers } from './store-layers.ts'

/**
 * Makes the layers around adapters; their budgets are drawn from the database, so that all processes share
 * them.
 */
export function createStoreLayers(options: {
  database: Database
  metrics: Metrics
  log: Logger
}): (store: Store, adapter: ObjectStore) => StoreLayers {
  const { database, metrics, log } = options
  return (store, adapter) =>
    new StoreLayers(store, adapter, {
      metrics,
      log,
      wallClock,
      nowMs: () => performance.now(),
      tokenClock: {
        advance: (by, urgent) => advanceBudgetClock(database, store.id, by, urgent ? URGENT_AHEAD_MS : null),
      },
    })
}
