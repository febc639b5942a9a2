import {
  type ContainerLocation,
  insertListedObjects,
  listContainerLocations,
} from '../database/catalog-import.ts'
import {
  checkpointImportJob,
  type ImportJob,
  ImportLeaseLostError,
  releaseImportJob,
  renewImportLease,
  takeImportJob,
} from '../database/import-jobs.ts'
import { type Database, inTransaction } from '../database/postgres.ts'
import { requestReviews } from '../database/review-sweeps.ts'
import type { Clock } from '../domain/clock.ts'
import { newId, type Uuid } from '../domain/identifiers.ts'
import type { Principal } from '../domain/principal.ts'
import { type ListPage, type ObjectStore, StoreError } from '../stores/object-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type CataloguedPage, cataloguePage } from './import-page.ts'
import { type Loop, rest } from './loop.ts'
import { readAhead } from './read-ahead.ts'

/** Longer than any one page takes, short enough that a killed import goes on soon. */
const LEASE_SECONDS = 30
/** How often a page is asked for again before the import is left interrupted. */
const LIST_ATTEMPTS_MAX = 6
const LIST_BACKOFF_MS_MIN = 250
const IDLE_MS = 500
/** Pages listed ahead of their entry, and entered in one transaction at most. */
const PAGES_AHEAD_MAX = 4

/** What imports need. */
export interface ImportParts {
  readonly database: Database
  /** Model time, for the arrival of copies. */
  readonly clock: Clock
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  readonly log: Logger
  readonly principal: Principal
  /** Who holds leases: unique per process. */
  readonly owner: string
  /** Keys asked for at a time. Range: 1 to 1,000. Default: 1,000. */
  readonly pageKeys?: number
}

/** The loop that takes imports and lists their containers into the catalog, one at a time. */
export function importLoop(parts: ImportParts): Loop {
  return {
    name: 'import-container',
    idleMs: IDLE_MS,
    async step(signal) {
      const lease = { owner: `${parts.owner}/${newId()}`, seconds: LEASE_SECONDS }
      const job = await takeImportJob(parts.database, lease)
      if (job === null) return 0
      await runImport({ ...parts, job, lease, signal })
      return 1
    },
  }
}

interface ImportRun extends ImportParts {
  readonly job: ImportJob
  readonly lease: { readonly owner: string; readonly seconds: number }
  readonly signal: AbortSignal
}

/**
 * Lists a container into the catalog from the import's last key on, and notes in the import how it ended.
 * Reads no bodies.
 *
 * A page is entered in the transaction that moves the last key, so a killed import goes on where it was,
 * and a worker that lost its lease enters nothing. When the signal aborts, the import is given back.
 */
async function runImport(run: ImportRun): Promise<void> {
  const end = (state: ImportJob['state'], error: string | null) =>
    releaseImportJob(run.database, run.job.id, run.lease.owner, { state, error })
  try {
    await enterPages(run)
    const { bucketId } = run.job
    await requestReviews(run.database, {
      bucketId,
      onlyMissing: true,
      reason: 'new-object',
      principal: run.principal,
    })
    await end('done', null)
  } catch (error) {
    if (error instanceof ImportLeaseLostError) {
      run.log.warn({ importId: run.job.id }, 'this import was taken over or stopped by somebody else')
    } else if (run.signal.aborted) {
      await end('running', null)
    } else if (error instanceof StoreError) {
      run.log.warn({ error, importId: run.job.id }, 'an import stopped at its store')
      await end(error.retry === 'no' ? 'failed' : 'interrupted', error.message)
    } else {
      await end('running', null)
      throw error
    }
  }
}

/** Enters page after page while the next ones are listed. */
async function enterPages(run: ImportRun): Promise<void> {
  const locations = await listContainerLocations(run.database, run.job.locationId)
  const imported = locations.find(location => location.id === run.job.locationId)!
  const places = {
    imported,
    byStorageClass: new Map(locations.map(({ storageClass, id }) => [storageClass ?? '', id])),
  }
  let previousKey = run.job.lastKey
  for await (const pages of readAhead(listPages(run, imported), PAGES_AHEAD_MAX)) {
    const objects = pages.flatMap(page => page.objects)
    const lastKey = objects.at(-1)?.key
    if (lastKey === undefined) continue
    const found = cataloguePage(objects, { bucketId: run.job.bucketId, ...places, previousKey })
    await enter(run, found, lastKey)
    previousKey = lastKey
  }
}

/** Enters what was found and moves the last key, both or neither. */
async function enter(run: ImportRun, found: CataloguedPage, lastKey: string): Promise<void> {
  const { listed, skipped } = found
  await inTransaction(run.database, async connection => {
    const inserted = await insertListedObjects(connection, run.job.bucketId, listed, {
      modelNowMs: run.clock.now(),
      principal: run.principal,
    })
    const progress = { ...inserted, known: listed.length - inserted.objects, skipped, lastKey }
    await checkpointImportJob(connection, run.job.id, run.lease, progress)
  })
}

async function* listPages(run: ImportRun, imported: ContainerLocation): AsyncGenerator<ListPage> {
  const store = await run.storeOf(imported.storeId)
  let { lastKey } = run.job
  let cursor: string | null = null
  do {
    const page: ListPage = await listPage(run, store, imported, { lastKey, cursor })
    yield page
    lastKey = page.objects.at(-1)?.key ?? lastKey
    cursor = page.cursor
  } while (cursor !== null)
}

/** Asks for a page; while the store is away, waits longer each time and keeps the lease. */
async function listPage(
  run: ImportRun,
  store: ObjectStore,
  imported: ContainerLocation,
  from: { lastKey: string | null; cursor: string | null },
): Promise<ListPage> {
  const fixed = {
    signal: run.signal,
    ...(run.job.prefix === '' ? {} : { prefix: run.job.prefix }),
    ...(run.pageKeys === undefined ? {} : { limit: run.pageKeys }),
  }
  const afterLastKey = from.lastKey === null ? {} : { startAfter: from.lastKey }
  // The last key outlives every cursor, so it is what a repeated call goes on from.
  let position: object = from.cursor === null ? afterLastKey : { cursor: from.cursor }
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.list(imported.container, { ...fixed, ...position })
    } catch (error) {
      const mayHelp = error instanceof StoreError && error.retry !== 'no'
      if (!mayHelp || attempt === LIST_ATTEMPTS_MAX || run.signal.aborted) throw error
      run.log.info({ error, importId: run.job.id, attempt }, 'a page could not be listed, asking again')
      await rest(LIST_BACKOFF_MS_MIN * 2 ** (attempt - 1), run.signal)
      await renewImportLease(run.database, run.job.id, run.lease)
      position = afterLastKey
    }
  }
}
