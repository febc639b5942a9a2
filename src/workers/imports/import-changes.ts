import PQueue from 'p-queue'
import {
  type ForeignChangeOutcome,
  type ForeignChangeSuspicion,
  settleForeignChange,
} from '../../database/catalog/foreign-changes.ts'
import type { ContainerLocation, ListedForCatalog } from '../../database/imports/catalog-import.ts'
import { addForeignChanges, type ForeignChangeCount } from '../../database/imports/import-jobs.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { SECOND } from '../../domain/duration.ts'
import type { FoundBytes } from '../../domain/foreign-change.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { urgentSignal } from '../bounded-request.ts'
import { askPatiently, type ImportRun } from './import-run.ts'

/** Objects settled at once; each holds a database connection while its store is asked. */
const SETTLED_AT_ONCE = 4
/** Objects between two signs of life: few enough for a slow store within one lease. */
const OBJECTS_PER_BATCH = 40
/** How long an object is waited for that is being written or moved, in milliseconds. */
const LOCK_WAIT_MS_MAX = 2_000
const HEAD_MS_MAX = 20 * SECOND

/** PostgreSQL's error for a lock that did not become free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/** The container an import lists. */
export interface ImportedContainer {
  readonly imported: ContainerLocation
  /** All locations of the container, which differ in storage class. */
  readonly locationIds: readonly Uuid[]
  readonly byStorageClass: ReadonlyMap<string, Uuid>
}

/** An object with a place that looks other than the catalog says. */
export type SuspectedObject = Pick<ListedForCatalog, 'objectId' | 'key' | 'locationId'>

/** Lets the catalog follow what others did to known objects, and counts it in the import. */
export async function settleListedChanges(
  run: ImportRun,
  container: ImportedContainer,
  objects: readonly SuspectedObject[],
): Promise<void> {
  for (let first = 0; first < objects.length; first += OBJECTS_PER_BATCH) {
    await settleBatch(run, container, objects.slice(first, first + OBJECTS_PER_BATCH))
  }
}

/**
 * Settles some objects, a few at a time, and counts what became of them. Each is looked at again under its
 * lock; one that is being written or moved just now is left as it is. Rejects with a `StoreError` when the
 * store stays away.
 */
export async function settleBatch(
  run: ImportRun,
  { imported }: ImportedContainer,
  objects: readonly SuspectedObject[],
): Promise<void> {
  const store = await run.storeOf(imported.storeId)
  const counted: Record<ForeignChangeCount, string[]> = {
    changed: [],
    conflicting: [],
    removed: [],
    missing: [],
  }
  const queue = new PQueue({ concurrency: SETTLED_AT_ONCE })
  const settled = await Promise.allSettled(
    objects.map(object =>
      queue.add(async () => {
        if (run.signal.aborted) throw run.signal.reason
        const outcome = await askPatiently(run, () => settleOne(run, store, imported, object))
        const count = countOf(outcome)
        if (count === null) return
        counted[count].push(object.key)
        const isDamage = count === 'conflicting' || count === 'missing'
        run.log[isDamage ? 'error' : 'info'](
          { importId: run.job.id, objectId: object.objectId, outcome },
          MESSAGES[count],
        )
      }),
    ),
  )
  await addForeignChanges(run.database, run.job.id, run.lease, counted)
  const failed = settled.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

const MESSAGES: Readonly<Record<ForeignChangeCount, string>> = {
  changed: 'others wrote bytes of an object: the catalog follows',
  conflicting: 'the bytes of an exclusive bucket are not the ones the catalog knows',
  removed: 'others removed bytes of an object: the catalog follows',
  missing: 'the bytes of a copy are gone from a bucket that only we write',
}

async function settleOne(
  run: ImportRun,
  store: ObjectStore,
  imported: ContainerLocation,
  object: SuspectedObject,
): Promise<ForeignChangeOutcome> {
  const suspicion: ForeignChangeSuspicion = {
    ...object,
    bucketId: run.job.bucketId,
    place: { storeId: imported.storeId, container: imported.container, nativeKey: object.key },
    witness: 'listing',
    mayRemoveObject: true,
    modelNowMs: run.clock.now(),
    principal: run.principal,
    look: async place =>
      lookForBytes(
        place.storeId === imported.storeId ? store : await run.storeOf(place.storeId),
        place,
        urgentSignal(run.signal, HEAD_MS_MAX, run.timers),
      ),
  }
  try {
    return await withObjectLock(run.database, object.objectId, LOCK_WAIT_MS_MAX, connection =>
      settleForeignChange(connection, suspicion),
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return 'under-way'
    throw error
  }
}

/** What a store says lies in a place; null when nothing does although the container is there. */
export async function lookForBytes(
  store: ObjectStore,
  place: { readonly container: string; readonly nativeKey: string },
  signal: AbortSignal,
): Promise<FoundBytes | null> {
  try {
    return await store.head(place.container, place.nativeKey, { signal })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-found') return null
    throw error
  }
}

function countOf(outcome: ForeignChangeOutcome): ForeignChangeCount | null {
  switch (outcome) {
    case 'adopt':
    case 'changed-aside':
      return 'changed'
    case 'removed':
    case 'copy-removed':
      return 'removed'
    case 'conflicting':
    case 'missing':
      return outcome
    case 'as-known':
    case 'under-way':
    case 'unsettled':
      return null
    default:
      return outcome satisfies never
  }
}
