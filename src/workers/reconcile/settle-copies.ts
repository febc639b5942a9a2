import PQueue from 'p-queue'
import { settleForeignChange } from '../../database/catalog/foreign-changes.ts'
import { suspectLostCopy, type UnlistedCopy } from '../../database/upkeep/reconcile-matches.ts'
import type { ReconcileFinding } from '../../database/upkeep/reconcile-runs.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { SECOND } from '../../domain/duration.ts'
import { isSameBytes } from '../../domain/foreign-change.ts'
import { boundedSignal, urgentSignal } from '../bounded-request.ts'
import { lookForBytes } from '../imports/import-changes.ts'
import type { RunningReconcile } from './reconcile-parts.ts'

/** Copies settled at once; each holds a connection while its store is asked. */
const SETTLED_AT_ONCE = 4
const LOOK_MS_MAX = 20 * SECOND
/** How long an object is waited for that is being written or moved, in milliseconds. */
const LOCK_WAIT_MS_MAX = 2_000
/** PostgreSQL's error for a lock that did not become free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/** What became of copies that did not look as the catalog says. */
export interface SettledCopies {
  readonly findings: readonly ReconcileFinding[]
  /** Those that could not be settled now and are left to the next run. */
  readonly unsettled: number
}

/**
 * Looks at copies that an inventory shows otherwise than the catalog, or not at all, and settles what is true: each
 * under its object's lock. In a bucket that is not only ours the catalog follows; in one that is, the copy becomes
 * `suspect`, which repair takes up. Rejects with a `StoreError`.
 */
export async function settleCopies(
  running: RunningReconcile,
  copies: readonly UnlistedCopy[],
): Promise<SettledCopies> {
  const queue = new PQueue({ concurrency: SETTLED_AT_ONCE })
  const settled = await Promise.allSettled(copies.map(copy => queue.add(() => settleOne(running, copy))))
  const failed = settled.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const outcomes = settled.map(result => (result.status === 'fulfilled' ? result.value : null))
  return {
    findings: outcomes.filter(outcome => outcome !== null && outcome !== 'unsettled'),
    unsettled: outcomes.filter(outcome => outcome === 'unsettled').length,
  }
}

async function settleOne(
  running: RunningReconcile,
  unlisted: UnlistedCopy,
): Promise<ReconcileFinding | 'unsettled' | null> {
  const { copy, place } = unlisted
  // Most of what an inventory shows otherwise changed since it was taken: one look without the lock tells.
  const found = await lookThere(running, place, boundedSignal(running.signal, LOOK_MS_MAX, running.timers))
  if (found !== null && isSameBytes(copy, found)) return null
  try {
    return await withObjectLock(running.lockDatabase, copy.objectId, LOCK_WAIT_MS_MAX, async connection => {
      const outcome = await settleForeignChange(connection, {
        bucketId: unlisted.bucketId,
        objectId: copy.objectId,
        key: unlisted.key,
        locationId: copy.locationId,
        place,
        witness: 'listing',
        mayRemoveObject: true,
        modelNowMs: running.modelClock.now(),
        principal: running.principal,
        look: there => lookThere(running, there, urgentSignal(running.signal, LOOK_MS_MAX, running.timers)),
      })
      const finding = { nativeKey: place.nativeKey, objectId: copy.objectId, bytes: copy.size }
      switch (outcome) {
        case 'missing':
        case 'conflicting': {
          const detail = WORDS[outcome]
          const verdict = outcome === 'missing' ? 'missing' : 'changed'
          await suspectLostCopy(connection, copy, verdict, detail)
          return { ...finding, verdict, detail }
        }
        case 'adopt':
        case 'changed-aside':
        case 'removed':
        case 'copy-removed':
          return { ...finding, verdict: 'followed', detail: FOLLOWED[outcome] }
        case 'unsettled':
          return 'unsettled'
        case 'as-known':
        case 'under-way':
          return null
        default:
          return outcome satisfies never
      }
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return 'unsettled'
    throw error
  }
}

async function lookThere(running: RunningReconcile, place: UnlistedCopy['place'], signal: AbortSignal) {
  const store =
    place.storeId === running.place.storeId ? running.store : await running.openStore(place.storeId)
  return lookForBytes(store, place, signal)
}

const WORDS = {
  missing: 'The store no longer has this copy, in a bucket that only we write.',
  conflicting: 'Other bytes lie where this copy was, in a bucket that only we write.',
}

const FOLLOWED = {
  adopt: 'Others wrote it anew: the catalog has the new content.',
  'changed-aside': 'Others wrote over a copy that was not primary: it is no copy any more.',
  removed: 'Others deleted it: the catalog has followed.',
  'copy-removed': 'Others deleted this copy: another one is what readers get.',
}
