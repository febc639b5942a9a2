import type { VerifyWay } from '../../domain/migration.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import {
  judgeReadBack,
  judgeReport,
  type ReadContent,
  type TargetVerdict,
} from '../../migration/verification.ts'
import { type StoredObject, StoreError } from '../../stores/object-store.ts'
import { digestBody } from './content-digests.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  mustEncrypt,
  mustReadBack,
  reach,
  requestSignal,
  StepFailure,
  type StepOutcome,
} from './migration-job.ts'
import { findCopy } from './source-body.ts'
import { checkSource, switchOutcome } from './switch-outcome.ts'

/** Proves the target copy, looks at the source once more, and switches. */
export async function verifyStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = await job.parts.ledger.readSubject(job.migration.id)
  checkStillCurrent(job, subject)
  const target = targetOf(subject)
  const by = await proveTarget(job, subject, target)
  await checkSource(job, subject)
  await reach(job, 'proven')
  return { kind: 'happened', ...switchOutcome(job, ['verified']), evidence: { verifiedBy: by } }
}

/** Switches a copy that was proven by a worker that did not come to the switch. */
export async function switchStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = await job.parts.ledger.readSubject(job.migration.id)
  checkStillCurrent(job, subject)
  const target = targetOf(subject)
  if ((await findCopy(job, job.target, target)) !== 'same') {
    throw new StepFailure('mismatched', 'target-changed', 'the target is not the copy that was proven')
  }
  if (mustEncrypt(job, subject)) checkEncrypted(job, await headTarget(job, target))
  await checkSource(job, subject)
  return { kind: 'happened', ...switchOutcome(job, []) }
}

function targetOf(subject: MigrationSubject): Copy {
  if (subject.target !== null) return subject.target
  throw new StepFailure('superseded', 'target-replaced', 'the target copy was replaced by a newer version')
}

/** How the target was proven. Throws {@link StepFailure} `mismatched` when it is not what was read. */
async function proveTarget(job: MigrationJob, subject: MigrationSubject, target: Copy): Promise<VerifyWay> {
  const { evidence } = job.migration
  const read: ReadContent = {
    size: job.migration.size,
    digests: {
      sha256: evidence.sha256 ?? null,
      crc64nvme: evidence.crc64nvme ?? null,
      crc32c: evidence.crc32c ?? null,
      md5: evidence.md5 ?? null,
    },
  }
  const reported = await judgeByReport(job, subject, target, read)
  const verdict = reported.verdict === 'must-read-back' ? await judgeByBytes(job, target, read) : reported
  if (verdict.verdict === 'verified') return verdict.by
  if (verdict.verdict === 'must-read-back') {
    throw new StepFailure(
      'mismatched',
      'no-digest',
      'nothing is known that the target could be compared with',
    )
  }
  const { what, expected, found } = verdict.difference
  const message = `${job.target.store.name}: the copy's ${what} is ${found}, not ${expected}`
  throw new StepFailure('mismatched', `target-${what}`, message)
}

async function judgeByReport(
  job: MigrationJob,
  subject: MigrationSubject,
  target: Copy,
  read: ReadContent,
): Promise<TargetVerdict> {
  const { store } = job.target
  const stored = await headTarget(job, target)
  const size = judgeReport(read, { size: stored.size, digests: {} }, [])
  if (size.verdict === 'mismatch') return size
  if (!isSameCopy(target, stored)) {
    throw new StepFailure('mismatched', 'target-changed', 'the target is not the copy that was published')
  }
  if (mustEncrypt(job, subject)) checkEncrypted(job, stored)
  // What a store copied by itself it may report as it did the source.
  const isReadBack = mustReadBack(job) || job.migration.evidence.copiedWithin === true
  const trusted = isReadBack ? [] : store.capabilities.reportedDigests
  return judgeReport(read, stored, trusted)
}

function headTarget(job: MigrationJob, target: Copy): Promise<StoredObject> {
  const { store, location } = job.target
  return orMismatch(store.head(location.container, target.nativeKey, { signal: requestSignal(job, 0) }))
}

function checkEncrypted({ target }: MigrationJob, { encryption }: StoredObject): void {
  if (encryption !== null) return
  const message = `${target.store.name} does not say that it encrypts the copy, as its policy requires`
  throw new StepFailure('mismatched', 'not-encrypted', message)
}

async function judgeByBytes(job: MigrationJob, target: Copy, read: ReadContent): Promise<TargetVerdict> {
  const { store, location } = job.target
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: target.identity } : {}
  const signal = requestSignal(job, target.size)
  const stored = await orMismatch(
    store.get(location.container, target.nativeKey, { ...onlyIf, signal, areChunksLent: true }),
  )
  if (!isSameCopy(target, stored)) {
    // A store that shows the past: the bytes of an earlier try prove nothing about these.
    stored.body.destroy()
    throw new StepFailure(
      'verification-failed',
      'target-other',
      'the target shows other bytes than a moment ago',
    )
  }
  return judgeReadBack(read, await digestBody(stored.body))
}

/** A target that is not there is not the copy that was published. */
async function orMismatch<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    const kinds = ['not-found', 'container-not-found', 'precondition-failed']
    if (!(error instanceof StoreError) || !kinds.includes(error.kind)) throw error
    throw new StepFailure('mismatched', 'target-gone', error.message)
  }
}
