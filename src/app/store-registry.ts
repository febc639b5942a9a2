import { findSealedCredentials, findStore, type StoreRow } from '../database/catalog/stores.ts'
import type { Database } from '../database/postgres.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { Redacted } from '../domain/redacted.ts'
import { type SecretBox, SecretBoxError, storeCredentialsPurpose } from '../domain/secret-box.ts'
import type { Store } from '../domain/store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { StoreSettingsError } from './open-store.ts'
import type { LayeredStore, StoreLayers } from './store-layers.ts'

/**
 * How long a store's row is trusted before it is read again: a changed credential works within it. After a change of
 * the address nothing is written for three times as long (`database/catalog/store-moves.ts`).
 */
const TRUST_MS = 5_000

/** Opens stores once per process and hands them to whoever needs one. */
export interface StoreRegistry {
  /** The open store with this id, for clients. Rejects with a StoreError when it cannot be opened. */
  open(storeId: Uuid): Promise<ObjectStore>
  /** The same store for background work, within the limits people set. */
  openInBackground(storeId: Uuid): Promise<ObjectStore>
  /** Whether the store, where it is open, does not answer and is not asked for a while. */
  isAway(storeId: Uuid): boolean
  /** Whether the store, where it is open, refused all it was asked lately, for lack of rights. */
  isRefusing(storeId: Uuid): boolean
  /** Closes every store it opened. */
  close(): Promise<void>
}

interface Entry {
  readonly revision: number
  /** What the adapter was opened with; while that is the same, so is the adapter. */
  readonly opening: string
  readonly adapter: ObjectStore
  readonly layers: StoreLayers
  readonly store: LayeredStore
  checkedAt: number
}

/**
 * A registry that follows the catalog: when a store's row has a new revision its layers are made anew, and
 * when its settings or credentials are others the store is opened anew. The former one is closed only with
 * the registry, because requests may still be using it.
 */
export function createStoreRegistry(options: {
  database: Database
  secretBox: SecretBox
  openStore: (store: Store, credentials: Redacted | null) => ObjectStore
  layers: (store: StoreRow, adapter: ObjectStore) => StoreLayers
  nowMs: () => number
}): StoreRegistry {
  const entries = new Map<Uuid, Entry>()
  const opening = new Map<Uuid, Promise<LayeredStore>>()
  const superseded: ObjectStore[] = []

  async function refresh(storeId: Uuid): Promise<LayeredStore> {
    const row = await findStore(options.database, storeId)
    if (row === null) throw new Error(`there is no store ${storeId}`)
    const known = entries.get(storeId)
    if (known?.revision === row.revision) {
      known.checkedAt = options.nowMs()
      return known.store
    }
    const sealed = await findSealedCredentials(options.database, storeId)
    const opened = JSON.stringify([row.name, row.kind, row.settings, sealed?.toString('base64') ?? null])
    const { adapter, layers } =
      known?.opening === opened ? known : openAnew(row, sealed, known?.adapter ?? null)
    const entry = { revision: row.revision, opening: opened, adapter, layers, store: layers.layer(row) }
    entries.set(storeId, { ...entry, checkedAt: options.nowMs() })
    return entry.store
  }

  function openAnew(row: StoreRow, sealed: Buffer | null, former: ObjectStore | null) {
    const credentials =
      sealed === null ? null : options.secretBox.open(sealed, storeCredentialsPurpose(row.id))
    const adapter = options.openStore(row, credentials)
    if (former !== null) superseded.push(former)
    return { adapter, layers: options.layers(row, adapter) }
  }

  function open(storeId: Uuid): Promise<LayeredStore> {
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
  }

  return {
    open: async storeId => (await open(storeId)).clients,
    openInBackground: async storeId => (await open(storeId)).background,
    isAway: storeId => entries.get(storeId)?.layers.isAway ?? false,
    isRefusing: storeId => entries.get(storeId)?.layers.isRefusing ?? false,
    async close() {
      const open = [...entries.values()].map(entry => entry.adapter).concat(superseded)
      entries.clear()
      await Promise.all(open.map(store => store.close()))
    },
  }
}

/**
 * Whoever works with stores knows one kind of error; a catalog that cannot be read is one that may come back.
 */
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
