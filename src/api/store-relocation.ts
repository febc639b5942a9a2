import { sampleCopies } from '../database/catalog/copies.ts'
import { isLocationWritten, listPlacedLocations, type PlacedLocation } from '../database/catalog/locations.ts'
import { findStore, type StoreRow } from '../database/catalog/stores.ts'
import type { Queryable } from '../database/postgres.ts'
import type { Copy } from '../domain/object.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { refuseReachedPlace } from './compare-places.ts'
import type { ApiOptions } from './context.ts'
import { isSamePlace, placeOf } from './places.ts'
import { withStore } from './probe-store.ts'
import { ApiError } from './problems.ts'

/** Copies of each location that are looked for under new settings. */
const SAMPLE_COPIES = 9

/**
 * Refuses a container that another store's location already reaches: a move between two names of one place
 * would delete what it just proved.
 */
export async function refuseSamePlace(
  database: Queryable,
  store: Pick<StoreRow, 'id' | 'kind' | 'settings'>,
  containers: readonly string[],
): Promise<void> {
  const wanted = await Promise.all(containers.map(container => placeOf(store, container)))
  for (const location of await listPlacedLocations(database)) {
    if (location.store.id === store.id) continue
    const place = await placeOf(location.store, location.container)
    if (!wanted.some(one => isSamePlace(one, place))) continue
    const name = (await findStore(database, location.store.id))?.name ?? location.store.id
    throw new ApiError(
      'conflict',
      `this is the same place as location ${location.name} of store ${name}: use that one`,
    )
  }
}

/** A store as it is and as it would be. */
export interface Relocation {
  readonly before: StoreRow
  readonly settings: StoreRow['settings']
  /** The sealed credentials it would have. */
  readonly sealed: Buffer | null
  readonly options: Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>
}

/**
 * Refuses settings that lead to another place while copies lie in the present one, for nothing would find them
 * again. The same server under another address is recognised by the copies it has. A place that another
 * store's location reaches is refused too.
 */
export async function refuseLosingPlaces(relocation: Relocation): Promise<void> {
  const { before, settings, sealed, options } = relocation
  const after = { ...before, settings }
  const locations = await listPlacedLocations(options.database)
  const moved: PlacedLocation[] = []
  for (const location of locations.filter(({ store }) => store.id === before.id)) {
    const { container } = location
    const [from, to] = await Promise.all([placeOf(before, container), placeOf(after, container)])
    if (from.address !== to.address) moved.push(location)
  }
  if (moved.length === 0) return
  await refuseSamePlace(
    options.database,
    after,
    moved.map(location => location.container),
  )
  for (const location of moved) await refuseLosing(location, relocation)
  for (const container of new Set(moved.map(location => location.container))) {
    const uncompared = await refuseReachedPlace({ store: after, sealed, container, options })
    if (uncompared.length > 0)
      options.log.warn(
        { store: before.name, container, uncompared },
        'a relocated store could not be compared with all others',
      )
  }
}

async function refuseLosing(location: PlacedLocation, relocation: Relocation): Promise<void> {
  const { before, settings, sealed, options } = relocation
  const advice = 'leave the address as it is and add the other one as a store of its own'
  if (location.copies === 0) {
    if (!(await isLocationWritten(options.database, location.id))) return
    throw new ApiError('conflict', `something is being written to location ${location.name}: ${advice}`)
  }
  const sample = await sampleCopies(options.database, location.id, SAMPLE_COPIES)
  const store = { ...before, settings }
  const { container } = location
  const { error, result } = await withStore({ store, sealed, options }, container, (adapter, signal) =>
    countFound(adapter, container, sample, signal),
  )
  // Not all: where others write too, some were replaced behind our back.
  if (error === null && (result ?? 0) > sample.length / 2) return
  const because = error === null ? `it has not the copies of location ${location.name}` : error.message
  const { address } = await placeOf(store, container)
  throw new ApiError(
    'conflict',
    `location ${location.name} keeps ${location.copies} copies, and ${address} is not where they lie: ${because}; ${advice}`,
  )
}

/** How many of these copies a store has, as the catalog knows them. */
async function countFound(
  adapter: ObjectStore,
  container: string,
  copies: readonly Copy[],
  signal: AbortSignal,
): Promise<number> {
  let found = 0
  for (const copy of copies) if (await isFound(adapter, container, copy, signal)) found += 1
  return found
}

async function isFound(
  adapter: ObjectStore,
  container: string,
  copy: Copy,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { identity } = copy
    const stored = await adapter.head(container, copy.nativeKey, { signal, onlyIf: identity })
    return stored.size === copy.size && stored.identity.etag === identity.etag
  } catch (error) {
    if (error instanceof StoreError && ['not-found', 'precondition-failed'].includes(error.kind)) return false
    throw error
  }
}
