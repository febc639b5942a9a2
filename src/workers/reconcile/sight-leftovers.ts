import PQueue from 'p-queue'
import type { OrphanSighting } from '../../database/upkeep/orphans.ts'
import type { LeftoverCopy } from '../../database/upkeep/reconcile-matches.ts'
import { SECOND } from '../../domain/duration.ts'
import { boundedSignal } from '../bounded-request.ts'
import { lookAt } from '../migrations/same-bytes.ts'
import { monthlyUsdOf } from './examine-unknown.ts'
import type { RunningReconcile } from './reconcile-parts.ts'

const LOOKS_AT_ONCE = 8
const LOOK_MS_MAX = 20 * SECOND

/**
 * Copies that were kept for a person, as the ledger of orphans has them: with what lies in their places now,
 * which of a suspect one is not what its row says. Rejects with a `StoreError`.
 */
export async function sightLeftovers(
  running: RunningReconcile,
  copies: readonly LeftoverCopy[],
): Promise<OrphanSighting[]> {
  const queue = new PQueue({ concurrency: LOOKS_AT_ONCE })
  const sighted = await Promise.allSettled(copies.map(copy => queue.add(() => sightOne(running, copy))))
  const failed = sighted.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return sighted.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
}

async function sightOne(running: RunningReconcile, leftover: LeftoverCopy): Promise<OrphanSighting> {
  const { copy, place, state } = leftover
  const signal = boundedSignal(running.signal, LOOK_MS_MAX, running.timers)
  const found = await lookAt({ ...place, store: running.store }, signal)
  const bytes = found?.size ?? 0
  return {
    kind: state,
    nativeKey: place.nativeKey,
    locationId: copy.locationId,
    bytes,
    etag: found?.identity.etag ?? null,
    versionId: found?.identity.versionId ?? null,
    objectId: copy.objectId,
    copyId: copy.id,
    migrationId: leftover.migrationId,
    bucketId: leftover.bucketId,
    monthlyUsd: monthlyUsdOf(running, copy.locationId, bytes),
    reason: found === null ? GONE : REASONS[state],
  }
}

const GONE = 'A copy that was kept for a person; the store has no bytes of it any more.'
const REASONS = {
  retained: 'A copy that is no longer needed and could not, or must not, be deleted when its time had come.',
  suspect:
    'A copy that nobody proved, that failed a check, or whose bytes are not the ones it had; it is neither read nor deleted.',
}
