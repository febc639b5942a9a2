import type { MigrationEvent, MigrationSubject } from '../../domain/migration-record.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { systemTimers } from '../timers.ts'
import { type DeletionOutcome, deleteCopyBytes } from './delete-copy.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  reach,
  recordOf,
  requestSignal,
  StepFailure,
  type StepOutcome,
  underObjectLock,
} from './migration-job.ts'
import { findCopy } from './source-body.ts'
import { graceRestMs } from './switch-outcome.ts'

/** Waits until grace is over by the model clock. */
export function graceStep(job: MigrationJob): StepOutcome {
  const { graceUntil } = job.migration
  const remaining = graceUntil === null ? 0 : graceUntil - job.parts.modelClock.now()
  if (remaining > 0) return { kind: 'rest', ms: graceRestMs(job, remaining) }
  return { kind: 'happened', events: ['grace-over'] }
}

/** Deletes the source while the object is locked, after the new primary was proven to be there. */
export async function deleteSourceStep(job: MigrationJob): Promise<StepOutcome> {
  await underObjectLock(job, { isBrief: true }, async locked => {
    const { event, detail } = await deleteSource(job, locked)
    job.migration = await locked.record(recordOf(job, { events: [event], detail }))
  })
  return { kind: 'recorded' }
}

interface Deletion {
  readonly event: MigrationEvent
  readonly detail: Readonly<Record<string, unknown>>
}

async function deleteSource(job: MigrationJob, locked: LockedLedger): Promise<Deletion> {
  const subject = await locked.readSubject()
  checkStillCurrent(job, subject)
  const { source, target } = subject
  if (target === null || !target.isPrimary) {
    throw new StepFailure('superseded', 'target-not-primary', 'the target copy is no longer the primary one')
  }
  if (source === null) return { event: 'source-deleted', detail: { bytes: 'absent' } }
  const primary = await findCopy(job, job.target, target)
  if (primary !== 'same') return whenPrimaryIsLost(job, subject, primary)
  const { storeId, container } = job.source.location
  const place = { storeId, container, nativeKey: source.nativeKey }
  const outcome = await deleteCopyBytes({
    store: job.source.store,
    container,
    copy: source,
    bucket: subject.bucket,
    key: job.migration.key,
    others: (await locked.copiesAt(place)).filter(copy => copy.id !== source.id),
    needed: [
      { store: job.target.store, container: job.target.location.container, nativeKey: target.nativeKey },
    ],
    isApart: job.migration.evidence.targetWasAbsent === true,
    intent: null,
    timers: job.parts.timers ?? systemTimers,
    signal: () => requestSignal(job, 0),
    announce: job.parts.announceDeletion,
    beforeDeletion: () => reach(job, 'before-deletion'),
  })
  await reach(job, 'source-deleted')
  return { event: EVENTS[outcome], detail: { bytes: outcome } }
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

/** The source becomes primary again if it is still whole; otherwise nothing is touched. */
async function whenPrimaryIsLost(
  job: MigrationJob,
  { source }: MigrationSubject,
  primary: 'other' | 'gone',
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
