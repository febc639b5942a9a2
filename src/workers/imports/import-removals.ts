import PQueue from 'p-queue'
import { findBucket } from '../../database/catalog/buckets.ts'
import { withholdRemovals } from '../../database/imports/import-jobs.ts'
import {
  countUnseenCopies,
  forgetAllUnseenCopies,
  forgetUnseenCopies,
  listUnseenCopies,
  type UnseenCopy,
} from '../../database/imports/import-unseen-copies.ts'
import { SECOND } from '../../domain/duration.ts'
import { boundedSignal } from '../bounded-request.ts'
import { type ImportedContainer, lookForBytes, settleBatch } from './import-changes.ts'
import { askPatiently, type ImportRun } from './import-run.ts'

/**
 * The share of a bucket's objects above which an import removes none by itself: so much at once looks like a
 * wrong container, a store that is not mounted, or a disaster, and a person should say what it is.
 */
const REMOVED_SHARE_MAX = 0.5
/** Fewer removals than this are always believed: a small bucket may well be emptied. */
const REMOVALS_ALWAYS_BELIEVED = 100
/** Copies looked at between two signs of life. */
const COPIES_PER_BATCH = 40
const LOOKS_AT_ONCE = 8
const HEAD_MS_MAX = 20 * SECOND

/**
 * Settles the copies that a complete listing did not show. Those that a HEAD finds were made meanwhile; the
 * others are gone, and the catalog follows, unless the bucket is exclusively ours or too much is gone at once.
 */
export async function settleUnseenCopies(run: ImportRun, container: ImportedContainer): Promise<void> {
  const { bucketId, id } = run.job
  await forgetThoseThere(run, container)
  const { unseen, known } = await countUnseenCopies(run.database, id, bucketId)
  if (unseen === 0) return
  const bucket = await findBucket(run.database, bucketId)
  const areTooMany = unseen >= REMOVALS_ALWAYS_BELIEVED && unseen > known * REMOVED_SHARE_MAX
  if (bucket?.mode !== 'exclusive' && areTooMany && !run.job.acceptRemovals) {
    await withhold(run, unseen)
    return
  }
  for await (const batch of batchesOf(run)) {
    await settleBatch(run, container, batch)
    await forgetUnseenCopies(run.database, id, batch)
  }
  await forgetAllUnseenCopies(run.database, id)
}

async function withhold(run: ImportRun, unseen: number): Promise<void> {
  const { id } = run.job
  const first = await listUnseenCopies(run.database, id, { after: null, limit: COPIES_PER_BATCH })
  await withholdRemovals(run.database, id, { count: unseen, keys: first.map(({ key }) => key) })
  await forgetAllUnseenCopies(run.database, id)
  run.log.error(
    { importId: id, missing: unseen },
    'most of a bucket is gone from its container: nothing is removed from the catalog before it is accepted',
  )
}

/** A first look at every unseen copy, without locks: only what is gone counts against the cap. */
async function forgetThoseThere(run: ImportRun, { imported }: ImportedContainer): Promise<void> {
  const store = await run.storeOf(imported.storeId)
  for await (const batch of batchesOf(run)) {
    const queue = new PQueue({ concurrency: LOOKS_AT_ONCE })
    const found = await queue.addAll(
      batch.map(copy => async () => {
        const place = { container: imported.container, nativeKey: copy.key }
        const signal = () => boundedSignal(run.signal, HEAD_MS_MAX, run.timers)
        const bytes = await askPatiently(run, () => lookForBytes(store, place, signal()))
        return bytes === null ? null : copy
      }),
    )
    await forgetUnseenCopies(
      run.database,
      run.job.id,
      found.filter(copy => copy !== null),
    )
  }
}

async function* batchesOf(run: ImportRun): AsyncGenerator<UnseenCopy[]> {
  let after: UnseenCopy | null = null
  do {
    const batch: UnseenCopy[] = await listUnseenCopies(run.database, run.job.id, {
      after,
      limit: COPIES_PER_BATCH,
    })
    if (batch.length > 0) yield batch
    after = batch.length < COPIES_PER_BATCH ? null : batch.at(-1)!
  } while (after !== null && !run.signal.aborted)
  if (run.signal.aborted) throw run.signal.reason
}
