import { listBuckets } from '../../database/catalog/buckets.ts'
import { findLocation } from '../../database/catalog/locations.ts'
import { listContainerLocations } from '../../database/imports/catalog-import.ts'
import { findContainerOwner } from '../../database/imports/import-jobs.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import { inTransaction } from '../../database/postgres.ts'
import {
  enterSightings,
  findOrphan,
  listDeletableOrphans,
  type OrphanRow,
  settleSightings,
} from '../../database/upkeep/orphans.ts'

import {
  countUnlistedCopies,
  forgetSeenCopies,
  listLeftoverCopies,
  listUnlistedCopies,
  noteSeenCopies,
} from '../../database/upkeep/reconcile-matches.ts'
import {
  addFindings,
  checkpointReconcileRun,
  ReconcileLeaseLostError,
  type ReconcilePhase,
  type ReconcileRun,
  releaseReconcileRun,
  renewReconcileLease,
  takeReconcileRun,
} from '../../database/upkeep/reconcile-runs.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { OrphanState } from '../../domain/orphan.ts'
import type { LocationPrice } from '../../domain/price.ts'
import { addCounts, type ReconcileCounts } from '../../domain/reconcile.ts'
import { StoreError } from '../../stores/object-store.ts'
import { mayWorkLater } from '../bounded-request.ts'
import { whileHeld } from '../held-lease.ts'
import type { Loop } from '../loop.ts'
import { comparePage, countFindings } from './compare-page.ts'
import { deleteOrphan } from './delete-orphan.ts'
import { type Inventory, InventoryError } from './inventories/inventory.ts'
import { listingInventory } from './inventories/listing-inventory.ts'
import { openManifestInventory } from './inventories/manifest-inventory.ts'
import type { ReconcileParts, RunningReconcile } from './reconcile-parts.ts'
import { settleCopies } from './settle-copies.ts'
import { sightLeftovers } from './sight-leftovers.ts'
import { sightUploads } from './sight-uploads.ts'

/** Renewed while the run works; short enough that a killed one goes on soon. */
const LEASE_SECONDS = 120
const IDLE_MS = 1_000
/** Copies asked for one by one between two checkpoints. */
const COPIES_PER_STEP = 200
/** So many copies may be missing before their share counts. */
const MISSING_UNQUESTIONED = 10
/** When more of the copies are missing, it is the wrong inventory or the wrong folder. Range: 0 to 1. */
const MISSING_SHARE_MAX = 0.5

/** The loop that compares containers with the catalog when somebody asks for it, one container at a time. */
export function reconcileLoop(parts: ReconcileParts): Loop {
  return {
    name: 'reconcile',
    idleMs: IDLE_MS,
    async step(signal) {
      const lease = { owner: `${parts.owner}/${newId()}`, seconds: LEASE_SECONDS }
      const run = await takeReconcileRun(parts.database, lease)
      if (run === null) return 0
      await runReconcile(parts, run, lease, signal)
      return 1
    },
  }
}

/**
 * Does a run from where it stopped: reads the inventory, asks for the copies it did not show, enters the
 * copies kept for people, and deletes what two scans confirmed, if it may. Each step is written down with its
 * place in one transaction, so that a killed run goes on there and counts nothing twice.
 */
async function runReconcile(
  parts: ReconcileParts,
  run: ReconcileRun,
  lease: RunningReconcile['lease'],
  signal: AbortSignal,
): Promise<void> {
  const end = (state: ReconcileRun['state'], error: string | null) =>
    releaseReconcileRun(parts.database, run.id, lease.owner, { state, error })
  const held = {
    seconds: lease.seconds,
    renew: () => renewReconcileLease(parts.database, run.id, lease),
    isLost: (error: unknown) => error instanceof ReconcileLeaseLostError,
    timers: parts.timers,
  }
  try {
    await whileHeld(held, signal, async working => compareAll(await openRun(parts, run, lease, working)))
    await end('done', null)
  } catch (error) {
    if (error instanceof ReconcileLeaseLostError) {
      parts.log.warn({ runId: run.id }, 'this reconcile run was taken over or stopped by somebody else')
    } else if (signal.aborted) {
      await end('running', null)
    } else if (error instanceof StoreError) {
      parts.log.warn({ error, runId: run.id }, 'a reconcile run stopped at a store')
      await end(mayWorkLater(error) ? 'interrupted' : 'failed', error.message)
    } else if (error instanceof InventoryError || error instanceof TooMuchMissing) {
      await end('failed', error.message)
    } else {
      await end('interrupted', 'an unexpected error; see the log')
      throw error
    }
  }
}

async function compareAll(running: RunningReconcile): Promise<void> {
  const progress = new RunProgress(running)
  if (progress.phase === 'reading') await readInventory(running, progress)
  if (progress.phase === 'unseen') await askForUnseen(running, progress)
  if (progress.phase === 'leftovers') await enterLeftovers(running, progress)
  await deleteConfirmed(running, progress)
  await forgetSeenCopies(running.database, running.run.id)
}

/** So much is missing that the inventory or the container must be the wrong one. */
class TooMuchMissing extends Error {
  override readonly name = 'TooMuchMissing'
}

async function openRun(
  parts: ReconcileParts,
  run: ReconcileRun,
  lease: RunningReconcile['lease'],
  signal: AbortSignal,
): Promise<RunningReconcile> {
  const { database } = parts
  const locations = await listContainerLocations(database, run.locationId)
  const owner = await findContainerOwner(database, run.locationId)
  const buckets = await listBuckets(database)
  return {
    ...parts,
    run,
    lease,
    signal,
    store: await parts.openStore(run.storeId),
    place: { storeId: run.storeId, container: run.container },
    locations,
    prices: await pricesOf(
      parts,
      locations.map(({ id }) => id),
    ),
    containerOwner: buckets.find(bucket => bucket.id === owner?.id) ?? null,
    bucketsByName: new Map(buckets.map(bucket => [bucket.name, bucket])),
  }
}

async function pricesOf(
  { database, modelClock }: ReconcileParts,
  locationIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, LocationPrice>> {
  const day = new Date(modelClock.now()).toISOString().slice(0, 10)
  const book = (await findCurrentPriceBook(database, day))?.book
  const prices = new Map<Uuid, LocationPrice>()
  for (const id of locationIds) {
    const location = await findLocation(database, id)
    const price = book?.locations.find(entry => entry.id === location?.priceId)
    if (price !== undefined) prices.set(id, price)
  }
  return prices
}

/** How far a run is, in memory and in its row. */
class RunProgress {
  readonly #running: RunningReconcile
  phase: ReconcilePhase
  position: string | null
  takenAt: Date | null
  counts: ReconcileCounts

  constructor(running: RunningReconcile) {
    this.#running = running
    ;({
      phase: this.phase,
      position: this.position,
      takenAt: this.takenAt,
      counts: this.counts,
    } = running.run)
  }

  /** Writes a step down with what it entered, in one transaction. */
  async save(
    step: {
      readonly phase?: ReconcilePhase
      readonly position: string | null
      readonly takenAt?: Date
      readonly counts?: Partial<ReconcileCounts>
    },
    enter: (connection: Parameters<typeof addFindings>[0]) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const { database, lease, onCounted, run } = this.#running
    const next = {
      phase: step.phase ?? this.phase,
      position: step.position,
      takenAt: step.takenAt ?? this.takenAt,
      counts: addCounts(this.counts, step.counts ?? {}),
    }
    await inTransaction(database, async connection => {
      await enter(connection)
      await checkpointReconcileRun(connection, run.id, lease, next)
    })
    Object.assign(this, next)
    if (step.counts !== undefined) onCounted?.(step.counts)
  }
}

async function readInventory(running: RunningReconcile, progress: RunProgress): Promise<void> {
  const { run, signal } = running
  const inventory = await openInventory(running, progress.takenAt)
  const takenAt = new Date(inventory.takenAt)
  await progress.save({ position: progress.position, takenAt })
  for await (const { entries, position } of inventory.pages(progress.position, signal)) {
    const { counts, findings, seen, sightings } = await comparePage(running, entries)
    await progress.save({ position, counts }, async connection => {
      await noteSeenCopies(connection, run.id, seen)
      await enterSightings(connection, running.place, { id: run.id, takenAt }, sightings)
      await addFindings(connection, run.id, findings)
    })
  }
  await progress.save({ phase: 'unseen', position: null })
}

async function openInventory(running: RunningReconcile, takenAt: Date | null): Promise<Inventory> {
  const { run, signal, store, temporaryFolder } = running
  const { container, prefix, source } = run
  switch (source.kind) {
    case 'listing': {
      const pageKeys = running.pageKeys === undefined ? {} : { pageKeys: running.pageKeys }
      const began = takenAt?.getTime() ?? running.wallClock.now()
      return listingInventory({ store, container, prefix, takenAt: began, ...pageKeys })
    }
    case 'manifest': {
      const place = {
        store: await running.openStore(source.storeId),
        container: source.container,
        key: source.key,
      }
      return openManifestInventory(place, { container, temporaryFolder, signal })
    }
    default:
      return source satisfies never
  }
}

async function askForUnseen(running: RunningReconcile, progress: RunProgress): Promise<void> {
  const { database, run } = running
  const scope = { ...running.place, id: run.id, prefix: run.prefix, takenAt: progress.takenAt! }
  if (progress.position === null) {
    const { expected, unlisted } = await countUnlistedCopies(database, scope)
    const isTooMuch = unlisted > MISSING_UNQUESTIONED && unlisted > expected * MISSING_SHARE_MAX
    if (isTooMuch && !run.settings.acceptMissing)
      throw new TooMuchMissing(
        `${unlisted} of the ${expected} copies that should lie in ${run.container} were not listed, so nothing was judged missing: is it the right container or inventory, and is it mounted? If they are gone for good, start a run that accepts it.`,
      )
  }
  for (;;) {
    const after = afterOf(progress.position)
    const copies = await listUnlistedCopies(database, scope, { after, limit: COPIES_PER_STEP })
    if (copies.length === 0) break
    const { findings, unsettled } = await settleCopies(running, copies)
    const { copy } = copies.at(-1)!
    await progress.save(
      { position: `${copy.objectId}/${copy.id}`, counts: { ...countFindings(findings), unsettled } },
      connection => addFindings(connection, run.id, findings),
    )
  }
  await progress.save({ phase: 'leftovers', position: null })
}

async function enterLeftovers(running: RunningReconcile, progress: RunProgress): Promise<void> {
  const { database, run } = running
  for (;;) {
    const after = afterOf(progress.position)
    const scope = { ...running.place, prefix: run.prefix }
    const copies = await listLeftoverCopies(database, scope, { after, limit: COPIES_PER_STEP })
    if (copies.length === 0) break
    const sightings = await sightLeftovers(running, copies)
    const { copy } = copies.at(-1)!
    await progress.save(
      { position: `${copy.objectId}/${copy.id}`, counts: { leftovers: sightings.length } },
      connection =>
        enterSightings(connection, running.place, { id: run.id, takenAt: progress.takenAt! }, sightings),
    )
  }
  const apartMs = run.settings.apartMs
  const scope = { ...running.place, prefix: run.prefix, takenAt: progress.takenAt!, apartMs }
  const { confirmed } = await settleSightings(database, scope)
  const uploads = await sightUploads(running)
  const counts = { confirmed, parts: uploads.findings.length, partsAborted: uploads.aborted }
  await progress.save({ phase: 'deleting', position: null, counts }, connection =>
    addFindings(connection, run.id, uploads.findings),
  )
}

/**
 * Deletes confirmed orphans that are provably ours, within the caps; none when there are suspiciously many. Which
 * one is next is written down before: whoever takes the run up from a dead worker counts it, too.
 */
async function deleteConfirmed(running: RunningReconcile, progress: RunProgress): Promise<void> {
  const { database, log, run } = running
  const { deletedBytesMax, deletedShareMax, deletes, deletionsMax } = run.settings
  if (!deletes) return
  await countInterrupted(running, progress)
  const shareMax = Math.max(1, Math.floor(progress.counts.listed * deletedShareMax))
  const limit = Math.max(shareMax, deletionsMax) + 1
  const orphans = await listDeletableOrphans(database, { ...running.place, prefix: run.prefix }, limit)
  if (progress.counts.deleted + orphans.length > shareMax) {
    log.warn({ runId: run.id, orphans: orphans.length, shareMax }, 'too many orphans to delete any by itself')
    await progress.save({ position: null, counts: { withheld: orphans.length } })
    return
  }
  for (const orphan of orphans) {
    const { deleted, deletedBytes } = progress.counts
    if (deleted < deletionsMax && deletedBytes + orphan.bytes <= deletedBytesMax) {
      await progress.save({ position: orphan.id })
      await deleteOne(running, progress, orphan, ['deleted'])
    } else await progress.save({ position: null, counts: { withheld: 1 } })
  }
}

/** Deletes the orphan that is noted as the next; it counts when it ends in one of these states. */
async function deleteOne(
  running: RunningReconcile,
  progress: RunProgress,
  orphan: OrphanRow,
  counting: readonly OrphanState[],
): Promise<void> {
  const { state } = await deleteOrphan(running, orphan, ['confirmed'], running.signal)
  const isDeleted = counting.includes(state)
  const counts = isDeleted ? { deleted: 1, deletedBytes: orphan.bytes } : { withheld: 1 }
  await progress.save({ position: null, counts })
}

/**
 * A worker died, or its store did not answer, while it deleted an orphan: bytes that are gone by now are counted
 * as deleted by this run, so that its caps hold however often it is taken up.
 */
async function countInterrupted(running: RunningReconcile, progress: RunProgress): Promise<void> {
  if (progress.position === null) return
  const orphan = await findOrphan(running.database, progress.position)
  if (orphan === null) return progress.save({ position: null, counts: { deleted: 1 } })
  await deleteOne(running, progress, orphan, ['deleted', 'gone'])
}

function afterOf(position: string | null): { objectId: Uuid; copyId: Uuid } | null {
  const [objectId, copyId] = position?.split('/') ?? []
  return objectId === undefined || copyId === undefined ? null : { objectId, copyId }
}
