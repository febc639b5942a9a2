import { setTimeout } from 'node:timers/promises'
import PQueue from 'p-queue'
import { type SampledCopy, sampleCopies } from '../database/catalog/copies.ts'
import { listPlacedLocations, type PlacedLocation } from '../database/catalog/locations.ts'
import { holdStoreForMove, listWorkAt } from '../database/catalog/store-moves.ts'
import { findStore, type StoreRow } from '../database/catalog/stores.ts'
import type { Queryable } from '../database/postgres.ts'
import type { Copy } from '../domain/object.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { refuseReachedPlace } from './compare-places.ts'
import type { ApiOptions } from './context.ts'
import { stillAtWork } from './location-removal.ts'
import { isSamePlace, placeOf } from './places.ts'
import { withStore } from './probe-store.ts'
import { ApiError } from './problems.ts'

/** Of each location so many copies that came last are looked for under new settings, and as many others. */
const SAMPLE_COPIES = 16
const LOOKS_AT_ONCE = 8
/** Writes under way are waited for this often so long: five seconds. */
const LOOKS_FOR_WRITES_MAX = 50
const LOOK_AGAIN_MS = 100

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
 * again. The same server under another address is recognised by the copies it has: of those that came last,
 * and of others. A place that another store's location reaches is refused too. Ask again with
 * {@link confirmMove} in the transaction of the change.
 */
export async function refuseLosingPlaces(relocation: Relocation): Promise<void> {
  const { before, settings, sealed, options } = relocation
  const after = { ...before, settings }
  const moved = await listMoved(options.database, relocation)
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

/**
 * Refuses in the transaction that changes a store what was begun there since {@link refuseLosingPlaces}, and looks
 * for the copies once more. Until the transaction ends nothing new begins to be written there; writes that are under
 * way are waited for a few seconds. Resolves to whether the store moves.
 */
export async function confirmMove(connection: Queryable, relocation: Relocation): Promise<boolean> {
  const { before, settings } = relocation
  if (JSON.stringify(before.settings) === JSON.stringify(settings)) return false
  await holdStoreForMove(connection, before.id)
  const moved = await listMoved(connection, relocation)
  for (const location of moved) await refuseWork(connection, location)
  for (const location of moved) await refuseLosing(location, relocation, connection)
  return moved.length > 0
}

/** The locations that would be at another address. */
async function listMoved(database: Queryable, { before, settings }: Relocation): Promise<PlacedLocation[]> {
  const locations = await listPlacedLocations(database)
  const moved: PlacedLocation[] = []
  for (const location of locations.filter(({ store }) => store.id === before.id)) {
    const { container } = location
    const [from, to] = await Promise.all([
      placeOf(before, container),
      placeOf({ ...before, settings }, container),
    ])
    if (from.address !== to.address) moved.push(location)
  }
  return moved
}

/** Clients' writes end soon, and new ones wait: a busy store can be moved, too. */
async function refuseWork(connection: Queryable, location: PlacedLocation): Promise<void> {
  for (let look = 1; ; look++) {
    const work = await listWorkAt(connection, location)
    if (work.length === 0) return
    const endsSoon = work.every(({ kind }) => kind === 'writes' || kind === 'announcements')
    if (!endsSoon || look >= LOOKS_FOR_WRITES_MAX) throw stillAtWork(location.name, work)
    await setTimeout(LOOK_AGAIN_MS)
  }
}

/**
 * Refuses credentials with which the store shows other containers of the same names: another tenant's, say. A store
 * that does not answer now is not asked again; who gives it credentials may have to wait for them.
 */
export async function refuseOtherTenant(relocation: Relocation): Promise<void> {
  const { before, options } = relocation
  // A memory store is opened anew, and empty.
  if (before.kind === 'memory') return
  const locations = await listPlacedLocations(options.database)
  for (const location of locations.filter(({ store }) => store.id === before.id)) {
    // Another tenant has none of them; a single one that is lost must not keep a leaked key in use.
    const lost = await findLoss(location, relocation, () => false)
    if (lost?.isTold !== true) continue
    throw new ApiError(
      'conflict',
      `location ${location.name} keeps ${location.copies} copies, and with these credentials the store shows others: ${lost.because}`,
    )
  }
}

async function refuseLosing(
  location: PlacedLocation,
  relocation: Relocation,
  database: Queryable = relocation.options.database,
): Promise<void> {
  const { before, settings } = relocation
  const advice = 'leave the address as it is and add the other one as a store of its own'
  if (location.copies === 0) return
  const lost = await findLoss(location, relocation, ({ isOurs }) => isOurs, database)
  if (lost === null) return
  const { address } = await placeOf({ ...before, settings }, location.container)
  throw new ApiError(
    'conflict',
    `location ${location.name} keeps ${location.copies} copies, and ${address} is not where they lie: ${lost.because}; ${advice}`,
  )
}

/** Why a store is not taken for the one where copies lie. */
interface Loss {
  readonly because: string
  /** The store was asked and has not the copies; false: nobody could tell. */
  readonly isTold: boolean
}

/**
 * Null when a store with these settings and credentials has more than half of the copies of a location that were
 * looked for, and each of which `mustBeThere` says so: others may have replaced some, but hardly most.
 */
async function findLoss(
  location: PlacedLocation,
  relocation: Relocation,
  mustBeThere: (copy: SampledCopy) => boolean,
  database: Queryable = relocation.options.database,
): Promise<Loss | null> {
  const { before, settings, sealed, options } = relocation
  const sample = await sampleCopies(database, location.id, SAMPLE_COPIES)
  if (sample.length === 0)
    return { because: 'none of them is whole, by which it could be told', isTold: false }
  const { container } = location
  const store = { ...before, settings }
  const { error, result } = await withStore({ store, sealed, options }, container, (adapter, signal) =>
    findMissing(adapter, container, sample, signal),
  )
  if (error !== null) return { because: error.message, isTold: false }
  const missing = result ?? sample
  const example = missing.find(mustBeThere) ?? missing[0]
  if (example === undefined || (!mustBeThere(example) && missing.length < sample.length / 2)) return null
  const because = `it has not the copies of location ${location.name} (${missing.length} of ${sample.length} were looked for in vain, for example ${example.copy.nativeKey})`
  return { because, isTold: true }
}

/** Those of these copies that a store has not as the catalog knows them. */
async function findMissing(
  adapter: ObjectStore,
  container: string,
  sample: readonly SampledCopy[],
  signal: AbortSignal,
): Promise<SampledCopy[]> {
  const queue = new PQueue({ concurrency: LOOKS_AT_ONCE })
  const looks = await queue.addAll(
    sample.map(one => async () => ({ one, isThere: await isFound(adapter, container, one.copy, signal) })),
  )
  return looks.filter(({ isThere }) => !isThere).map(({ one }) => one)
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
