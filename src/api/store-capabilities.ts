import { findSealedCredentials, findStore } from '../database/catalog/stores.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { StoreCapabilities } from '../stores/object-store.ts'
import type { ApiOptions } from './context.ts'
import { withStore } from './probe-store.ts'

/** What is needed to tell what stores can do. */
export type CapabilitiesOptions = Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>

/**
 * Tells what a store can do by its settings and credentials; nothing is asked of the store. Null when it cannot be
 * opened. Each store is looked up once.
 */
export function capabilitiesReader(
  options: CapabilitiesOptions,
): (storeId: Uuid) => Promise<StoreCapabilities | null> {
  const known = new Map<Uuid, Promise<StoreCapabilities | null>>()
  return storeId => {
    const found = known.get(storeId) ?? capabilitiesOf(options, storeId)
    known.set(storeId, found)
    return found
  }
}

async function capabilitiesOf(
  options: CapabilitiesOptions,
  storeId: Uuid,
): Promise<StoreCapabilities | null> {
  const store = await findStore(options.database, storeId)
  if (store === null) return null
  const sealed = await findSealedCredentials(options.database, storeId)
  return (await withStore({ store, sealed, options }, '', async adapter => adapter.capabilities)).result
}
