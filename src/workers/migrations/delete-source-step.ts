import type { MigrationEvent, MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { isPermitted } from '../../migration/transitions.ts'
import { type DeletionOutcome, deleteCopyBytes } from './delete-copy.ts'
import { whatIsMissing } from './drop-copy-step.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  openEnd,
  reach,
  recordOf,
  requestSignal,
  requestSignalInTime,
  StepFailure,
  type StepOutcome,
  underObjectLock,
} from './migration-job.ts'
import { areBytesRight, proveOtherCopies } from './prove-copies.ts'
import type { OpenPlace } from './same-bytes.ts'
import { findCopy } from './source-body.ts'
import { graceRestMs } from './switch-outcome.ts'

/** Waits until grace is over by the model clock. */
export function graceStep(job: MigrationJob): StepOutcome {
  const { graceUntil } = job.migration
  const remaining = graceUntil === null ? 0 : graceUntil - job.parts.modelClock.now()
  if (remaining > 0) return { kind: 'rest', ms: graceRestMs(job, remaining) }
  return { kind: 'happened', events: ['grace-over'] }
}

/**
 * Deletes the source while the object is locked, after the new primary was proven to be there. One that gave a reader
 * wrong bytes since it was proven is read once more before, while nothing is locked.
 */
export async function deleteSourceStep(job: MigrationJob): Promise<StepOutcome> {
  let doubted: MigrationSubject | null = null
  const deleteUnlessDoubted = async (isRight: boolean | null) => {
    await underObjectLock(job, { isBrief: true }, async locked => {
      const subject = await locked.readSubject()
      if (isRight === null && isPrimaryDoubted(job, subject)) {
        doubted = subject
        return
      }
      const { event, detail, isAnswered } = await deleteSource(job, locked, isRight ?? true)
      const evidence = isAnswered === true ? { deletionAnswered: true } : {}
      job.migration = await locked.record(recordOf(job, { events: [event], detail, evidence }))
    })
  }
  await deleteUnlessDoubted(null)
  if (doubted !== null) await deleteUnlessDoubted(await isPrimaryRight(job, doubted))
  return { kind: 'recorded' }
}

/** Whether nobody vouches for the copy that a move proved; see `doubtCopy` of database/catalog/copies. */
function isPrimaryDoubted({ migration }: MigrationJob, { target }: MigrationSubject): boolean {
  return migration.kind === 'move' && target?.state === 'complete' && target.verifiedAt === null
}

function isPrimaryRight(job: MigrationJob, { target, version }: MigrationSubject): Promise<boolean> {
  const content = { size: job.migration.size, digests: version?.digests ?? {} }
  return areBytesRight(job, job.target, target!, content)
}

interface Deletion {
  readonly event: MigrationEvent
  readonly detail: Readonly<Record<string, unknown>>
  /** The store answered the deletion. */
  readonly isAnswered?: boolean
}

async function deleteSource(job: MigrationJob, locked: LockedLedger, isRight: boolean): Promise<Deletion> {
  const subject = await locked.readSubject()
  checkStillCurrent(job, subject)
  const { source, target } = subject
  if (source === null) return { event: 'source-deleted', detail: { bytes: 'absent' } }
  // Of the same content: the one that was switched to was found bad, and this one may be needed.
  if (target === null || !target.isPrimary) {
    throw new StepFailure(
      'primary-replaced',
      'target-not-primary',
      'the target copy is no longer the primary one',
    )
  }
  const isGood = target.state === 'complete' && isRight
  const primary = isGood ? await findCopy(job, job.target, target) : 'suspect'
  if (primary !== 'same') {
    checkSeenLostBefore(job)
    return whenPrimaryIsLost(job, subject, primary)
  }
  const missing = await missingCopies(job, subject)
  if (missing !== null) return { event: 'too-few-copies', detail: { missing } }
  const { storeId, container } = job.source.location
  const place = { storeId, container, nativeKey: source.nativeKey }
  const outcome = await deleteCopyBytes({
    store: job.source.store,
    container,
    copy: source,
    bucket: subject.bucket,
    key: job.migration.key,
    others: (await locked.copiesAt(place)).filter(copy => copy.id !== source.id),
    needed: await neededPlaces(job, subject, source),
    isApart: job.migration.evidence.targetWasAbsent === true,
    intent: null,
    begunClass: null,
    signal: () => requestSignal(job, 0),
    signalInTime: msMax => requestSignalInTime(job, msMax),
    announce: job.parts.announceDeletion,
    confirmLock: () => locked.confirmLock(),
    beforeDeletion: () => reach(job, 'before-deletion'),
  })
  await reach(job, 'source-deleted')
  return { event: EVENTS[outcome], detail: { bytes: outcome }, isAnswered: outcome === 'deleted' }
}

const EVENTS: Readonly<Record<DeletionOutcome, MigrationEvent>> = {
  deleted: 'source-deleted',
  absent: 'source-deleted',
  occupied: 'delete-refused',
  changed: 'source-changed',
  unclear: 'source-changed',
  refused: 'delete-refused',
  unsafe: 'delete-refused',
  shared: 'delete-refused',
}

/** Which copies would be missing without the source, where its kind asks; null when enough would be left. */
async function missingCopies(job: MigrationJob, subject: MigrationSubject): Promise<string | null> {
  if (!isPermitted(job.migration.kind, job.migration.state, 'too-few-copies')) return null
  return whatIsMissing(job, await proveOtherCopies(job, subject, { readsBytes: false }))
}

/** Where the other copies lie that readers may be given, which the source's bytes might turn out to be. */
async function neededPlaces(
  job: MigrationJob,
  { copies }: MigrationSubject,
  source: Copy,
): Promise<OpenPlace[]> {
  const others = copies.filter(copy => copy.id !== source.id && copy.state === 'complete')
  return Promise.all(
    others.map(async ({ locationId, nativeKey }) => {
      const { location, store } = await openEnd(job.parts, locationId)
      return { store, container: location.container, nativeKey }
    }),
  )
}

/**
 * Throws {@link StepFailure} when this is the first try that finds the primary lost: a store that shows the past
 * may also show a source that an earlier try deleted, and a roll back to that one would lose both.
 */
function checkSeenLostBefore({ migration }: MigrationJob): void {
  const isLastTry = migration.attempt >= migration.attemptsMax
  if (isLastTry || migration.evidence.error?.kind === 'primary-lost') return
  throw new StepFailure(
    'delete-failed',
    'primary-lost',
    'the new primary is not what was switched to; it is looked at once more',
  )
}

/** The source becomes primary again if it is still whole; otherwise nothing is touched. */
async function whenPrimaryIsLost(
  job: MigrationJob,
  { source }: MigrationSubject,
  primary: 'other' | 'gone' | 'suspect',
): Promise<Deletion> {
  job.parts.metrics.verificationFailed('primary-lost')
  job.parts.log.error(
    { migrationId: job.migration.id, primary },
    'the new primary is not what was switched to',
  )
  const sourceNow = source === null ? 'gone' : await findCopy(job, job.source, source)
  const detail = { primary, source: sourceNow }
  return { event: sourceNow === 'same' ? 'primary-lost' : 'delete-refused', detail }
}
