import { findSealedCredentials, findStore } from '../database/catalog/stores.ts'
import type { NativePlace } from '../domain/migration-record.ts'
import type { FoundBytes } from '../migration/deletion.ts'
import { StoreError } from '../stores/object-store.ts'
import type { ApiOptions } from './context.ts'
import { withStore } from './probe-store.ts'
import { ApiError } from './problems.ts'

/**
 * What a store says of a place now, by HEAD; null when nothing lies there. Rejects with `conflict` when it
 * cannot tell.
 */
export async function lookAtPlace(
  options: Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>,
  place: NativePlace,
): Promise<FoundBytes | null> {
  const store = await findStore(options.database, place.storeId)
  if (store === null) throw new ApiError('conflict', 'the store is no longer in the catalog')
  const sealed = await findSealedCredentials(options.database, store.id)
  const { error, result } = await withStore({ store, sealed, options }, place.container, (adapter, signal) =>
    adapter.head(place.container, place.nativeKey, { signal }).then(
      found => ({ found }),
      (failure: unknown) => {
        if (failure instanceof StoreError && failure.kind === 'not-found') return { found: null }
        throw failure
      },
    ),
  )
  if (result !== null) return result.found
  throw new ApiError('conflict', `store ${store.name} cannot be asked: ${error?.message ?? 'no answer'}`)
}
