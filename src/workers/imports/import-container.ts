import {
  type ContainerLocation,
  describeCatalogToPlanner,
  findDifferingObjects,
  insertListedObjects,
  type ListedForCatalog,
  listContainerLocations,
} from '../../database/imports/catalog-import.ts'
import {
  checkpointImportJob,
  findImportJob,
  type ImportJob,
  ImportLeaseLostError,
  releaseImportJob,
  renewImportLease,
  takeImportJob,
} from '../../database/imports/import-jobs.ts'
import { type CoveredKeys, noteUnseenCopies } from '../../database/imports/import-unseen-copies.ts'
import { requestReviews } from '../../database/placement/review-sweeps.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import { type ListPage, type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { mayWorkLater } from '../bounded-request.ts'
import { whileHeld } from '../held-lease.ts'
import type { Loop } from '../loop.ts'
import { type ImportedContainer, settleListedChanges } from './import-changes.ts'
import { type CataloguedPage, cataloguePage } from './import-page.ts'
import { settleUnseenCopies } from './import-removals.ts'
import { askPatiently, type ImportParts, type ImportRun } from './import-run.ts'
import { readAhead } from './read-ahead.ts'

/** Renewed while the import works; short enough that a killed one goes on soon. */
const LEASE_SECONDS = 30
const IDLE_MS = 500
/** Pages listed ahead of their entry, and entered in one transaction at most. */
const PAGES_AHEAD_MAX = 4

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

/**
 * Lists a container into the catalog from the import's last key on, and notes in the import how it ended.
 * Reads no bodies.
 *
 * A page is entered in the transaction that moves the last key, so a killed import goes on where it was,
 * and a worker that lost its lease enters nothing. When the signal aborts, the import is given back. What
 * others did to objects the catalog knows is settled before the page that shows it, and what the listing did
 * not show after the last page.
 */
async function runImport(run: ImportRun): Promise<void> {
  const end = (state: ImportJob['state'], error: string | null) =>
    releaseImportJob(run.database, run.job.id, run.lease.owner, { state, error })
  const lease = {
    seconds: run.lease.seconds,
    renew: () => renewImportLease(run.database, run.job.id, run.lease),
    isLost: (error: unknown) => error instanceof ImportLeaseLostError,
    timers: run.timers,
  }
  try {
    await whileHeld(lease, run.signal, signal => importAll({ ...run, signal }))
    await end('done', null)
  } catch (error) {
    if (error instanceof ImportLeaseLostError) {
      run.log.warn({ importId: run.job.id }, 'this import was taken over or stopped by somebody else')
    } else if (run.signal.aborted) {
      await end('running', null)
    } else if (error instanceof StoreError) {
      run.log.warn({ error, importId: run.job.id }, 'an import stopped at its store')
      await end(mayWorkLater(error) ? 'interrupted' : 'failed', error.message)
    } else {
      await end('running', null)
      throw error
    }
  }
}

async function importAll(run: ImportRun): Promise<void> {
  const { bucketId } = run.job
  const container = await findContainer(run)
  await enterPages(run, container)
  await settleUnseenCopies(run, container)
  await requestReviews(run.database, {
    bucketId,
    onlyMissing: true,
    reason: 'new-object',
    principal: run.principal,
  })
  await describeToPlanner(run)
}

/** So many new objects may change how the catalog is best searched. */
const OBJECTS_WORTH_DESCRIBING = 1_000

async function describeToPlanner({ database, job }: ImportRun): Promise<void> {
  const entered = (await findImportJob(database, job.id))?.objects ?? 0
  if (entered >= OBJECTS_WORTH_DESCRIBING) await describeCatalogToPlanner(database)
}

async function findContainer(run: ImportRun): Promise<ImportedContainer> {
  const locations = await listContainerLocations(run.database, run.job.locationId)
  const imported = locations.find(location => location.id === run.job.locationId)!
  return { imported, locationIds: locations.map(({ id }) => id), byStorageClass: byStorageClass(locations) }
}

function byStorageClass(locations: readonly ContainerLocation[]): ReadonlyMap<string, Uuid> {
  return new Map(locations.map(({ storageClass, id }) => [storageClass ?? '', id]))
}

/** Enters page after page while the next ones are listed. */
async function enterPages(run: ImportRun, container: ImportedContainer): Promise<void> {
  const { bucketId, prefix } = run.job
  let previousKey = run.job.lastKey
  for await (const pages of readAhead(listPages(run, container.imported), PAGES_AHEAD_MAX)) {
    const objects = pages.flatMap(page => page.objects)
    const lastKey = objects.at(-1)?.key
    if (lastKey === undefined) continue
    const found = cataloguePage(objects, { bucketId, ...container, previousKey })
    const covered = { prefix, after: previousKey, upTo: lastKey }
    const differing = await enter(run, container, { found, covered, lastKey, areSettled: false })
    if (differing !== null) {
      await settleListedChanges(run, container, differing)
      await enter(run, container, { found, covered, lastKey, areSettled: true })
    }
    previousKey = lastKey
  }
  await noteUnseenCopies(run.database, run.job.id, {
    bucketId,
    locationIds: container.locationIds,
    covered: { prefix, after: previousKey, upTo: null },
    listedObjectIds: [],
  })
}

/**
 * Enters what was found, notes what the listing left out and moves the last key: all or nothing. Resolves to
 * the known objects that look as if others had changed them; then nothing was entered.
 */
async function enter(
  run: ImportRun,
  container: ImportedContainer,
  page: {
    readonly found: CataloguedPage
    readonly covered: CoveredKeys
    readonly lastKey: string
    /** What looks changed was looked at already. */
    readonly areSettled: boolean
  },
): Promise<ListedForCatalog[] | null> {
  const { listed, skipped } = page.found
  const { id, bucketId } = run.job
  try {
    await inTransaction(run.database, async connection => {
      await noteUnseenCopies(connection, id, {
        bucketId,
        locationIds: container.locationIds,
        covered: page.covered,
        listedObjectIds: listed.map(({ objectId }) => objectId),
      })
      const inserted = await insertListedObjects(connection, bucketId, listed, {
        modelNowMs: run.clock.now(),
        principal: run.principal,
      })
      const known = listed.length - inserted.objects
      if (known > 0 && !page.areSettled) {
        const differing = await findDifferingObjects(connection, listed, container.locationIds)
        if (differing.length > 0) throw new DifferingObjects(new Set(differing))
      }
      const progress = { ...inserted, known, skipped, lastKey: page.lastKey }
      await checkpointImportJob(connection, id, run.lease, progress)
    })
    return null
  } catch (error) {
    if (!(error instanceof DifferingObjects)) throw error
    return listed.filter(({ objectId }) => error.objectIds.has(objectId))
  }
}

/**
 * Rolls a page back whose known objects have to be looked at first: that takes longer than a transaction may.
 */
class DifferingObjects extends Error {
  override readonly name = 'DifferingObjects'
  readonly objectIds: ReadonlySet<ObjectId>

  constructor(objectIds: ReadonlySet<ObjectId>) {
    super('known objects look changed')
    this.objectIds = objectIds
  }
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

function listPage(
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
  return askPatiently(run, attempt => {
    // The last key outlives every cursor, so it is what a repeated call goes on from.
    const position = from.cursor === null || attempt > 1 ? afterLastKey : { cursor: from.cursor }
    return store.list(imported.container, { ...fixed, ...position })
  })
}
