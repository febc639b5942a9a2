import { refuseStore } from '../database/catalog/refused-stores.ts'
import { advanceBudgetClock } from '../database/catalog/store-limits.ts'
import { tellCircuit } from '../database/catalog/store-loads.ts'
import type { StoreRow } from '../database/catalog/stores.ts'
import type { Database } from '../database/postgres.ts'
import { wallClock } from '../domain/clock.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { Store } from '../domain/store.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { URGENT_AHEAD_MS } from '../stores/wrappers/token-clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { StoreLayers } from './store-layers.ts'

const REFUSED =
  'a store refuses our credentials; background work rests there until they are replaced or the store is resumed'

/**
 * Makes the layers around adapters; their budgets are drawn from the database, so that all processes share
 * them. `owner` is how this process calls itself where it tells that it leaves a store alone; null: it does not.
 */
export function createStoreLayers(options: {
  database: Database
  metrics: Metrics
  log: Logger
  owner: string | null
}): (store: StoreRow, adapter: ObjectStore) => StoreLayers {
  const { database, metrics, log, owner } = options
  const leftAlone = new Set<Uuid>()
  // One after the other, so that the last word is the last one written.
  let telling: Promise<void> = Promise.resolve()
  function tell(store: Store, isOpen: boolean): void {
    if (owner === null) return
    if (isOpen) leftAlone.add(store.id)
    else leftAlone.delete(store.id)
    telling = telling
      .then(() => tellCircuit(database, store.id, owner, isOpen))
      .catch(error => log.warn({ error, store: store.name }, 'that a store is left alone could not be told'))
  }
  return (store, adapter) => {
    // Opened with other settings, it begins anew.
    if (leftAlone.has(store.id)) tell(store, false)
    return new StoreLayers(store, adapter, {
      metrics,
      log,
      wallClock,
      nowMs: () => performance.now(),
      tokenClock: {
        advance: (by, urgent) => advanceBudgetClock(database, store.id, by, urgent ? URGENT_AHEAD_MS : null),
      },
      tellCircuit: isOpen => tell(store, isOpen),
      tellRefusal: async (revision, answer) => {
        if (owner === null) return
        const isNew = await refuseStore(database, { id: store.id, revision, answer })
        if (isNew) log.error({ store: store.name, answer }, REFUSED)
      },
    })
  }
}
