import type { MigrationSubject, NativePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { type StoredObject, StoreError, type WriteCondition } from '../../stores/object-store.ts'
import { describesNewer, describesObject, wasPublishedBy } from './copy-metadata.ts'
import { ensureKnownContainer } from './known-containers.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  reach,
  recordOf,
  requestSignal,
  StepFailure,
  type StepOutcome,
  targetKeyOf,
  underObjectLock,
} from './migration-job.ts'
import { type StagedTarget, stageTarget } from './stage-target.ts'

/**
 * Copies the source to the target and publishes it there while the object is locked, if the version is still
 * the object's present content.
 */
export async function copyStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = job.freshSubject ?? (await job.parts.ledger.readSubject(job.migration.id))
  job.freshSubject = null
  const source = checkMovable(job, subject)
  await ensureKnownContainer(job.target.store, job.target.location.container, requestSignal(job, 0))
  await giveUpFormerUpload(job)
  const staged = await stageTarget(job, subject, source)
  await reach(job, 'before-publication')
  await underObjectLock(job, locked => publish(job, locked, staged))
  await reach(job, 'copied')
  const { source: from, target: to, parts } = job
  parts.metrics.copiedBytes(staged.content.size, from.location.name, to.location.name)
  return { kind: 'recorded' }
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
    throw new StepFailure('copy-refused', 'same-place', 'source and target are one container')
  }
  return source
}

async function publish(job: MigrationJob, locked: LockedLedger, staged: StagedTarget): Promise<void> {
  const subject = await locked.readSubject()
  checkStillCurrent(job, subject)
  const others = (await locked.copiesAt(targetPlace(job))).filter(
    copy => copy.id !== job.migration.targetCopyId,
  )
  const condition = await conditionOf(job, subject, others)
  const { identity } = await staged.publish(condition)
  await reach(job, 'published')
  job.migration = await locked.record(
    recordOf(job, {
      events: ['copied', 'taken-up'],
      evidence: {
        ...staged.content.digests,
        bytesCopied: staged.content.size,
        targetIdentity: identity,
        uploadId: null,
      },
    }),
  )
}

/**
 * What must hold at the target's key in the moment of publication. Throws {@link StepFailure} `copy-refused`
 * when it holds bytes that are not ours to replace.
 */
async function conditionOf(
  job: MigrationJob,
  subject: MigrationSubject,
  others: readonly Copy[],
): Promise<WriteCondition | undefined> {
  const { conditionalPut } = job.target.store.capabilities
  const isFirstTry = job.migration.attempt <= 1 && others.length === 0
  // Where the store compares, a first try need not look: it is refused when something is there.
  if (conditionalPut && isFirstTry) return { kind: 'absent' }
  const found = await headTarget(job)
  if (found === null) return conditionalPut ? { kind: 'absent' } : undefined
  if (describesNewer(found.metadata, subject.bucket.name, job.migration.key, job.migration.generation)) {
    // A gateway died between publishing and committing; its recovery decides what becomes of these bytes.
    throw new StepFailure(
      'copy-failed',
      'newer-bytes',
      'the target holds a newer version that is not committed',
    )
  }
  if (!isReplaceable(job, subject, others, found)) {
    const message = `${job.target.store.name}: bytes that are not ours lie under the target's key`
    throw new StepFailure('copy-refused', 'target-occupied', message)
  }
  return conditionalPut ? { kind: 'identity', identity: found.identity } : undefined
}

/** Leftovers of this migration, and superseded copies of this object, may be replaced. */
function isReplaceable(
  job: MigrationJob,
  subject: MigrationSubject,
  others: readonly Copy[],
  found: StoredObject,
): boolean {
  if (wasPublishedBy(found.metadata, job.migration.id)) return true
  if (others.some(copy => copy.isPrimary || copy.state === 'complete' || copy.state === 'grace')) return false
  if (others.some(copy => isSameCopy(copy, found))) return true
  // Without metadata nothing can say whose bytes these are; where only we write, they are ours.
  if (!job.target.store.capabilities.userMetadata) return subject.bucket.mode === 'exclusive'
  return describesObject(found.metadata, subject.bucket.name, job.migration.key)
}

async function headTarget(job: MigrationJob): Promise<StoredObject | null> {
  try {
    const { container } = job.target.location
    return await job.target.store.head(container, targetKeyOf(job.migration), {
      signal: requestSignal(job, 0),
    })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-found') return null
    throw error
  }
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
