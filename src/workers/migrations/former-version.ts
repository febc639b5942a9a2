import type { MigrationEvidence } from '../../domain/migration.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { outageAfter } from '../../migration/outage.ts'
import { StoreError } from '../../stores/object-store.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  requestSignal,
  StepFailure,
  underObjectLock,
} from './migration-job.ts'
import { lookAt } from './same-bytes.ts'

/**
 * What has to be known of a copy before its class changes, where its store keeps versions: the change makes
 * another version, and this one stays until it is deleted by its name.
 */
export function formerIdentityOf(job: MigrationJob, { identity }: Copy): MigrationEvidence {
  const { versions } = job.target.store.capabilities
  return versions && identity.versionId !== null ? { formerIdentity: identity } : {}
}

/**
 * Deletes the version that a class change left behind, for good: nobody could read it through us, it is paid for
 * in the former class, and it would come back when the present one is deleted. Only after that one was proven,
 * under the object's lock, and while the store still shows it. A version that its store does not let go stays,
 * and the evidence says why. Rejects with a `StoreError` when the store does not answer.
 *
 * Unlike other deletions this one is not announced: it names a version, which no other bytes are ever given, so
 * nothing that is published after the lock was lost can go by it, however late it lands.
 */
export async function deleteFormerVersion(job: MigrationJob, proven: Copy): Promise<MigrationEvidence> {
  const former = job.migration.evidence.formerIdentity
  if (former == null || former.versionId === null) return {}
  if (proven.identity.versionId === null || proven.identity.versionId === former.versionId) return {}
  const { store, location } = job.target
  const place = { store, container: location.container, nativeKey: proven.nativeKey }
  let evidence: MigrationEvidence = { formerVersion: 'deleted' }
  await underObjectLock(job, { isBrief: false }, async locked => {
    const subject = await locked.readSubject()
    checkStillCurrent(job, subject)
    const found = await lookAt(place, requestSignal(job, 0))
    if (found === null || !isSameCopy(proven, found))
      throw new StepFailure('mismatched', 'target-changed', 'the copy is not the one that was reclassified')
    try {
      const options = { onlyIf: former, isFormer: true, signal: requestSignal(job, 0) }
      await store.delete(place.container, place.nativeKey, options)
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { objectId } = job.migration
      job.parts.log.warn({ error, objectId, former }, 'the former version of a reclassified copy stays')
      evidence = { formerVersion: `kept: ${error.message}` }
    }
  })
  return evidence
}

/** Whether a store answered, and said no. */
function isRefusal(error: unknown): error is StoreError {
  if (!(error instanceof StoreError) || error.kind === 'aborted') return false
  return outageAfter(undefined, error.kind, 0) === null
}
