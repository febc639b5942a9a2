import type { Database } from '../database/postgres.ts'
import { findSealedCredentials, findStore } from '../database/stores.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { Redacted } from '../domain/redacted.ts'
import { type SecretBox, SecretBoxError, storeCredentialsPurpose } from '../domain/secret-box.ts'
import type { Store } from '../domain/store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { StoreSettingsError } from './open-store.ts'

/** How long a store's row is trusted before it is read again: a changed credential works within it. */
const TRUST_MS = 5_000

/** Opens stores once per process and hands them to whoever needs one. */
export interface StoreRegistry {
  /** The open store with this id. Rejects with a StoreError when it cannot be opened. */
  open(storeId: Uuid): Promise<ObjectStore>
  /** Closes every store it opened. */
  close(): Promise<void>
}

interface Entry {
  readonly revision: number
  readonly store: ObjectStore
  checkedAt: number
}

/**
 * A registry that follows the catalog: when a store's row has a new revision it opens the store anew. The
 * former one is closed only with the registry, because requests may still be using it.
 */
export function createStoreRegistry(options: {
  database: Database
  secretBox: SecretBox
  openStore: (store: Store, credentials: Redacted | null) => ObjectStore
  nowMs: () => number
}): StoreRegistry {
  const entries = new Map<Uuid, Entry>()
  const opening = new Map<Uuid, Promise<ObjectStore>>()
  const superseded: ObjectStore[] = []

  async function refresh(storeId: Uuid): Promise<ObjectStore> {
    const row = await findStore(options.database, storeId)
    if (row === null) throw new Error(`there is no store ${storeId}`)
    const known = entries.get(storeId)
    if (known?.revision === row.revision) {
      known.checkedAt = options.nowMs()
      return known.store
    }
    const sealed = await findSealedCredentials(options.database, storeId)
    const credentials =
      sealed === null ? null : options.secretBox.open(sealed, storeCredentialsPurpose(storeId))
    const store = options.openStore(row, credentials)
    if (known !== undefined) superseded.push(known.store)
    entries.set(storeId, { revision: row.revision, store, checkedAt: options.nowMs() })
    return store
  }

  return {
    open(storeId) {
      const known = entries.get(storeId)
      if (known !== undefined && options.nowMs() - known.checkedAt < TRUST_MS)
        return Promise.resolve(known.store)
      const pending = opening.get(storeId)
      if (pending !== undefined) return pending
      const promise = refresh(storeId)
        // While the database is away, what is already open goes on working.
        .catch((error: unknown) => {
          if (known === undefined) throw asStoreError(storeId, error)
          return known.store
        })
        .finally(() => opening.delete(storeId))
      opening.set(storeId, promise)
      return promise
    },
    async close() {
      const open = [...entries.values()].map(entry => entry.store).concat(superseded)
      entries.clear()
      await Promise.all(open.map(store => store.close()))
    },
  }
}

/** Whoever works with stores knows one kind of error; a catalog that cannot be read is one that may come back. */
function asStoreError(storeId: Uuid, cause: unknown): StoreError {
  const isFinal = cause instanceof StoreSettingsError || cause instanceof SecretBoxError
  return new StoreError({
    kind: isFinal ? 'unsupported' : 'unreachable',
    retry: isFinal ? 'no' : 'yes',
    store: storeId,
    operation: 'open',
    message: `store ${storeId} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  })
}
