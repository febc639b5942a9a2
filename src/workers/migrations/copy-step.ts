import type { MigrationSubject, NativePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { judgeReport } from '../../migration/verification.ts'
import { isRefusal, type ObjectDigests, StoreError } from '../../stores/object-store.ts'
import { isSourceArchived, needsRestore, RESTORE_NEEDED } from './await-restore-step.ts'
import { carryFacts } from './carry-facts.ts'
import { abandonUpload } from './failed-try.ts'
import { ensureKnownContainer } from './known-containers.ts'
import {
  checkStillCurrent,
  isBrief,
  isEncryptionRequired,
  type MigrationJob,
  mustEncrypt,
  mustReadBack,
  reach,
  recordOf,
  requestSignal,
  StepFailure,
  type StepOutcome,
  targetKeyOf,
  underObjectLock,
} from './migration-job.ts'
import { publishAtTarget } from './publish-at-target.ts'
import { areSameBytes, lookAt } from './same-bytes.ts'
import { checkSourceUnchanged } from './source-body.ts'
import { type StagedTarget, stageTarget } from './stage-target.ts'
import { isRefusedCopy, stageWithin } from './stage-within.ts'
import { checkSource, type SwitchOutcome, switchOutcome } from './switch-outcome.ts'
import { conditionOf, headTarget, isGuardedFirstTry } from './target-condition.ts'

/**
 * Copies the source to the target and publishes it there while the object is locked, if the version is still
 * the object's present content.
 */
export async function copyStep(job: MigrationJob): Promise<StepOutcome> {
  try {
    return await copy(job)
  } catch (error) {
    if (!isSourceArchived(job, error)) throw error
    // It was restored when we looked, and is no longer; or nobody knew that it could be archived.
    await abandonUpload(job)
    return RESTORE_NEEDED
  }
}

async function copy(job: MigrationJob): Promise<StepOutcome> {
  const known = job.freshSubject ?? (await job.parts.ledger.readSubject(job.migration.id))
  job.freshSubject = null
  const source = checkMovable(job, known)
  if (await needsRestore(job, source)) return RESTORE_NEEDED
  const subject = await carryFacts(job, known, source)
  await ensureKnownContainer(job.target.store, job.target.location.container, requestSignal(job, 0))
  if (!isGuardedFirstTry(job)) await checkNotOnePlace(job, source)
  await giveUpFormerUpload(job)
  if (!(await copyWithinStore(job, subject, source))) {
    await publishStaged(job, source, { staged: await stageTarget(job, subject, source), subject })
  }
  await reach(job, 'copied')
  const { source: from, target: to, parts } = job
  parts.metrics.copiedBytes(source.size, from.location.name, to.location.name)
  return { kind: 'recorded' }
}

/** Lets the store copy by itself. Resolves to false where the bytes are to be read and sent. */
async function copyWithinStore(job: MigrationJob, subject: MigrationSubject, source: Copy): Promise<boolean> {
  const within = await stageWithin(job, subject, source)
  if (within === null) return false
  try {
    await publishStaged(job, source, { staged: within.staged, subject })
    return true
  } catch (error) {
    if (!within.isOfCopy(error)) throw error
    if (isRefusedCopy(error)) return false
    // It may be the source that is not what it was, or the target.
    if (isRefusal(error) || error.kind === 'not-found') await checkSourceUnchanged(job, source)
    throw error
  }
}

async function publishStaged(job: MigrationJob, source: Copy, ready: Staged): Promise<void> {
  try {
    await reach(job, 'before-publication')
    await underObjectLock(job, { isBrief: isBrief(source.size) }, locked => publish(job, locked, ready))
  } catch (error) {
    // Something lies at the target: what a guarded try did not look at before, it looks at now.
    const isOccupied = error instanceof StoreError && error.kind === 'precondition-failed'
    if (isOccupied && isGuardedFirstTry(job)) await checkNotOnePlace(job, source)
    throw error
  } finally {
    ready.staged.release()
  }
}

/** The source copy. Throws {@link StepFailure} when it must not be moved any more. */
function checkMovable(job: MigrationJob, subject: MigrationSubject): Copy {
  checkStillCurrent(job, subject)
  const { source, object } = subject
  if (source === null || !source.isPrimary || source.state !== 'complete' || object.isQuarantined) {
    throw new StepFailure(
      'superseded',
      'source-not-primary',
      'the source copy is no longer the good primary one',
    )
  }
  if (object.placementVersion !== job.migration.placementVersion) {
    throw new StepFailure('superseded', 'placed-anew', 'the object was placed anew since this was planned')
  }
  const from = job.source.location
  const to = targetPlace(job)
  if (from.storeId === to.storeId && from.container === to.container) {
    throw new StepFailure('same-place', 'same-place', 'source and target are one container')
  }
  return source
}

/**
 * Throws {@link StepFailure} `same-place` when the two stores reach one place: what would be published,
 * replaced or deleted there is the source itself.
 */
async function checkNotOnePlace(job: MigrationJob, source: Copy): Promise<void> {
  const atTarget = await headTarget(job)
  if (atTarget === null) return
  const { store, location } = job.source
  const from = { store, container: location.container, nativeKey: source.nativeKey }
  const atSource = await lookAt(from, requestSignal(job, 0))
  if (atSource === null || !areSameBytes(atSource, atTarget)) return
  const message = `${store.name} and ${job.target.store.name} reach one place: what lies at the target is the source`
  throw new StepFailure('same-place', 'same-place', message)
}

/** What is to be published, and what it was staged by. */
interface Staged {
  readonly staged: StagedTarget
  readonly subject: MigrationSubject
}

async function publish(
  job: MigrationJob,
  locked: LockedLedger,
  { staged, subject: stagedBy }: Staged,
): Promise<void> {
  const subject = await locked.readSubject()
  checkStillCurrent(job, subject)
  if (mustEncrypt(job, subject) && !mustEncrypt(job, stagedBy)) {
    const message = 'the policy began to require encryption while the bytes were on their way'
    throw new StepFailure('copy-failed', 'not-encrypted', message)
  }
  if (subject.deletionLandsInMs > 0) throw deletionCutOff(job)
  const others = (await locked.copiesAt(targetPlace(job))).filter(
    copy => copy.id !== job.migration.targetCopyId,
  )
  const condition = await conditionOf(job, subject, others, await locked.copies())
  const { identity, digests = {} } = await publishAtTarget(job, locked, announced =>
    staged.publish(condition, announced),
  )
  await reach(job, 'published')
  const proof = staged.isMadeByStore ? null : await proofByReport(job, subject, staged.content, digests)
  const outcome = proof === null ? VERIFY_NEXT : switchOutcome(job, ['verified'])
  job.migration = await locked.record(
    recordOf(job, {
      events: ['copied', 'taken-up', ...outcome.events],
      ...(outcome.releaseForMs === undefined ? {} : { releaseForMs: outcome.releaseForMs }),
      evidence: {
        ...staged.content.digests,
        bytesCopied: staged.content.size,
        targetIdentity: identity,
        targetWasAbsent: condition?.kind === 'absent',
        uploadId: null,
        ...(staged.isMadeByStore || job.migration.evidence.copiedWithin
          ? { copiedWithin: staged.isMadeByStore === true }
          : {}),
        ...(proof === null ? {} : { verifiedBy: proof }),
      },
    }),
  )
}

/** Counts as an outage: nothing but waiting helps, and it is no fault of the object. */
export function deletionCutOff({ target }: MigrationJob): StoreError {
  const message = `${target.store.name}: a deletion of this object was cut off and may still land`
  return new StoreError({
    kind: 'timeout',
    retry: 'yes',
    store: target.store.name,
    operation: 'delete',
    message,
  })
}

const VERIFY_NEXT: SwitchOutcome = { events: [] }

/**
 * How the store's own answer proves the bytes it just published, or null when it does not. Throws
 * {@link StepFailure} when it disproves them, or when others write at the source and it is not what was read.
 */
async function proofByReport(
  job: MigrationJob,
  subject: MigrationSubject,
  content: StagedTarget['content'],
  digests: ObjectDigests,
): Promise<'target-checksum' | null> {
  // How the bytes are encrypted is told by a look of its own.
  if (mustReadBack(job) || isEncryptionRequired(job.migration, subject.bucket)) return null
  const { store } = job.target
  const reported = { size: content.size, digests }
  const verdict = judgeReport(content, reported, store.capabilities.reportedDigests)
  if (verdict.verdict === 'must-read-back') return null
  if (verdict.verdict === 'mismatch') {
    const { what, expected, found } = verdict.difference
    throw new StepFailure(
      'copy-failed',
      `target-${what}`,
      `${store.name}: ${what} is ${found}, not ${expected}`,
    )
  }
  // Where only we write, nothing can have changed while the object was locked by nobody but us.
  if (subject.bucket.mode !== 'exclusive') await checkSource(job, subject)
  return 'target-checksum'
}

/** Frees the parts that a try before this one left behind. */
async function giveUpFormerUpload(job: MigrationJob): Promise<void> {
  const { uploadId } = job.migration.evidence
  if (uploadId == null || job.target.store.multipart === undefined) return
  const { container } = job.target.location
  const signal = requestSignal(job, 0)
  await job.target.store.multipart.abort(container, targetKeyOf(job.migration), uploadId, { signal })
}

function targetPlace(job: MigrationJob): NativePlace {
  const { storeId, container } = job.target.location
  return { storeId, container, nativeKey: targetKeyOf(job.migration) }
}
