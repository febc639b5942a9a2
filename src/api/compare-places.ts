import { randomUUID } from 'node:crypto'
import PQueue from 'p-queue'
import { listPlacedLocations, type PlacedLocation } from '../database/catalog/locations.ts'
import { findSealedCredentials, findStore, type StoreRow } from '../database/catalog/stores.ts'
import { SECOND } from '../domain/duration.ts'
import type { StoreIdentity } from '../domain/object.ts'
import { type ListedObject, type ObjectStore, StoreError } from '../stores/object-store.ts'
import type { ApiOptions } from './context.ts'
import { areListingsOfOnePlace } from './places.ts'
import { withStore } from './probe-store.ts'
import { ApiError } from './problems.ts'

/** Locations a container is compared with; those of containers with the same name come first. */
const COMPARED_MAX = 64
const COMPARED_AT_ONCE = 8
/** For all of them together. Shorter than what one probe of a store may take, which goes on meanwhile. */
const COMPARE_MS_MAX = 8 * SECOND
const DELETE_MS_MAX = 5 * SECOND
/** Objects that are compared where none can be written. */
const LISTED_MAX = 100

/** A location that could not be compared, and why. */
export interface UncomparedLocation {
  readonly location: string
  readonly store: string
  readonly because: string
}

/** A container of a store, as it is or as it would be. */
export interface ContainerToCompare {
  readonly store: StoreRow
  /** The sealed credentials of the store. */
  readonly sealed: Buffer | null
  readonly container: string
  readonly options: Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>
}

/** What is looked for through the other stores: an object that was just written, or what a listing shows. */
type Evidence =
  | { readonly kind: 'probe'; readonly key: string }
  | { readonly kind: 'listing'; readonly objects: readonly ListedObject[] }

type Comparison = 'apart' | 'same' | { readonly because: string }

/**
 * Refuses a container that a location of another store reaches too, under whatever name: a small object that
 * is written through the one is seen through the other. Where none can be written, listings are compared.
 * Resolves to the locations that could not be compared. Memory stores reach nothing but themselves.
 */
export async function refuseReachedPlace(compared: ContainerToCompare): Promise<UncomparedLocation[]> {
  const { container, options, store } = compared
  if (store.kind === 'memory') return []
  const others = (await listPlacedLocations(options.database))
    .filter(other => other.store.id !== store.id && other.store.kind !== 'memory')
    .sort((one, other) => Number(other.container === container) - Number(one.container === container))
  if (others.length === 0) return []
  const outcome = await withStore(compared, container, (adapter, signal) =>
    withEvidence(adapter, compared, signal, evidence => compareWithAll(compared, others, evidence)),
  )
  const comparisons = outcome.result ?? others.map(other => ({ other, result: outcomeOf(outcome.error) }))
  const uncompared: UncomparedLocation[] = []
  for (const { other, result } of comparisons) {
    if (result === 'apart') continue
    const name = (await findStore(options.database, other.store.id))?.name ?? other.store.id
    if (result === 'same')
      throw new ApiError(
        'conflict',
        `${container} of store ${store.name} is the same place as location ${other.name} of store ${name}: use that one`,
      )
    uncompared.push({ location: other.name, store: name, because: result.because })
  }
  return uncompared
}

/** Writes an object to be looked for, or lists where that is refused, and tidies up after the work. */
async function withEvidence<Result>(
  adapter: ObjectStore,
  { container, options, store }: ContainerToCompare,
  signal: AbortSignal,
  work: (evidence: Evidence) => Promise<Result>,
): Promise<Result> {
  const key = `dim-probe-${randomUUID()}`
  let written: StoreIdentity | null = null
  try {
    written = await writeProbe(adapter, container, key, signal)
    if (written !== null) return await work({ kind: 'probe', key })
    const { objects } = await adapter.list(container, { limit: LISTED_MAX, signal })
    return await work({ kind: 'listing', objects })
  } finally {
    // Where versions are kept, only its own version takes the probe away for good.
    const isVersion = adapter.capabilities.versions && written !== null && written.versionId !== null
    const deletion = adapter.delete(container, key, {
      signal: AbortSignal.timeout(DELETE_MS_MAX),
      ...(isVersion ? { onlyIf: written! } : {}),
    })
    await deletion.catch((error: unknown) => {
      options.log.info({ error, store: store.name, container, key }, 'a probe could not be deleted')
    })
  }
}

/** Null when the store refused; a defect of our own is thrown. */
async function writeProbe(
  adapter: ObjectStore,
  container: string,
  key: string,
  signal: AbortSignal,
): Promise<StoreIdentity | null> {
  try {
    return (await adapter.put(container, key, Buffer.from('probe'), { size: 5, signal })).identity
  } catch (error) {
    if (error instanceof StoreError) return null
    throw error
  }
}

async function compareWithAll(
  compared: ContainerToCompare,
  others: readonly PlacedLocation[],
  evidence: Evidence,
): Promise<{ other: PlacedLocation; result: Comparison }[]> {
  const signal = AbortSignal.timeout(COMPARE_MS_MAX)
  const queue = new PQueue({ concurrency: COMPARED_AT_ONCE })
  return queue.addAll(
    others.map((other, index) => async () => {
      if (index >= COMPARED_MAX) return { other, result: { because: 'there are too many locations' } }
      if (signal.aborted) return { other, result: { because: 'there was no time left' } }
      return { other, result: await compare(compared, other, evidence, signal) }
    }),
  )
}

async function compare(
  { options }: ContainerToCompare,
  other: PlacedLocation,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<Comparison> {
  const { container } = other
  const store = await findStore(options.database, other.store.id)
  // A store that went away meanwhile reaches nothing.
  if (store === null) return 'apart'
  const sealed = await findSealedCredentials(options.database, store.id)
  const { error, result } = await withStore({ store, sealed, options }, container, adapter =>
    look(adapter, container, evidence, signal),
  )
  return result ?? outcomeOf(error)
}

async function look(
  adapter: ObjectStore,
  container: string,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<Comparison> {
  if (evidence.kind === 'probe') {
    try {
      await adapter.head(container, evidence.key, { signal })
      return 'same'
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'not-found') return 'apart'
      throw error
    }
  }
  const { objects } = await adapter.list(container, { limit: LISTED_MAX, signal })
  if (objects.length === 0 && evidence.objects.length === 0)
    return { because: 'nothing can be written, and both are empty' }
  return areListingsOfOnePlace(evidence.objects, objects) ? 'same' : 'apart'
}

/** What a failure means: a container that is not there is no other container. */
function outcomeOf(error: { readonly kind: string; readonly message: string } | null): Comparison {
  if (error?.kind === 'container-not-found') return 'apart'
  return { because: error?.message ?? 'the store gave no answer' }
}
