import type { RestoreWait } from '../../domain/migration.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import {
  beginRestoreWait,
  hasRestoreFailed,
  isRestoreOverdue,
  judgeRestore,
  RESTORED_DAYS,
  restoreRestMs,
} from '../../migration/restore.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import { LASTING } from './failed-step.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  requestSignal,
  StepFailure,
  type StepOutcome,
} from './migration-job.ts'
import { lookAt } from './same-bytes.ts'
import { checkSourceUnchanged } from './source-body.ts'

/** What is reported of a source that lies in an archive. */
export const RESTORE_NEEDED: StepOutcome = { kind: 'happened', events: ['restore-needed'] }

/**
 * Whether the source cannot be read before its store restored it. Asks the store only where the source's location
 * has an archive class, or the source was waited for before.
 */
export async function needsRestore(job: MigrationJob, copy: Copy): Promise<boolean> {
  const { location, store } = job.source
  const isArchiveClass =
    location.storageClass !== null && store.capabilities.archiveClasses.includes(location.storageClass)
  const { restore } = job.migration.evidence
  if (store.restore === undefined || restore?.isImpossible === true) return false
  if (!isArchiveClass && restore === undefined) return false
  const found = await lookAtSource(job, copy)
  return found?.archive?.kind === 'archived' || found?.archive?.kind === 'restoring'
}

/** Whether a step failed because the source has to be restored, by a store that can. */
export function isSourceArchived({ migration, source }: MigrationJob, error: unknown): boolean {
  if (migration.evidence.restore?.isImpossible === true) return false
  const isSources = error instanceof StoreError && error.store === source.store.name
  return isSources && error.kind === 'archived' && source.store.restore !== undefined
}

/**
 * Looks whether the source can be read, and asks its store for that where nothing is under way. Reads no byte; rests
 * for minutes to an hour, holding neither a place nor a lease.
 */
export async function awaitRestoreStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = await job.parts.ledger.readSubject(job.migration.id)
  const copy = checkAwaited(job, subject)
  const wait = job.migration.evidence.restore ?? beginRestoreWait(subject.now)
  try {
    return await look(job, subject, copy, wait)
  } catch (error) {
    if (!(error instanceof StoreError) || job.signal.aborted) throw error
    return await afterFailure(job, subject, job.migration.evidence.restore ?? wait, error)
  }
}

async function look(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
  before: RestoreWait,
): Promise<StepOutcome> {
  const found = await lookAtSource(job, copy)
  if (found === null) {
    await checkSourceUnchanged(job, copy)
    // It was another one, or gone, and is itself again: one more look tells.
    return rest(job, { ...before, looks: before.looks + 1 })
  }
  const wait = { ...before, looks: before.looks + 1 }
  switch (judgeRestore(wait, found.archive?.kind ?? null, subject.now)) {
    case 'readable':
      return restored(job, subject)
    case 'wait':
      return rest(job, wait)
    case 'overdue':
      throw overdue(wait, `${job.source.store.name}: the source is ${found.archive?.kind}`)
    case 'ask':
      return ask(job, subject, copy, wait)
  }
}

/** Writes down that the store is asked, and asks it. */
async function ask(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
  before: RestoreWait,
): Promise<StepOutcome> {
  const restore = restoreOf(job)
  const wait = { ...before, requests: before.requests + 1, requestedAt: subject.now, isTaken: false }
  await keep(job, wait)
  const asked = await restore(job.source.location.container, copy.nativeKey, {
    onlyIf: copy.identity,
    readableDays: RESTORED_DAYS,
    signal: requestSignal(job, 0),
  })
  const { id, key } = job.migration
  job.parts.log.info({ migrationId: id, key, from: job.source.location.name }, 'a restore was asked for')
  const isReadable = asked.archive === null || asked.archive.kind === 'restored'
  const taken = { ...wait, isTaken: true }
  if (!isReadable) return rest(job, taken)
  await keep(job, taken)
  return restored(job, subject)
}

/** Throws {@link StepFailure} `copy-refused` where the store cannot restore, or not without moving what shall stay. */
function restoreOf({ migration, source }: MigrationJob): NonNullable<ObjectStore['restore']> {
  const { store } = source
  if (store.restore === undefined)
    throw new StepFailure('copy-refused', 'archived', `${store.name} cannot restore what is archived`)
  if (migration.kind === 'add-copy' && store.capabilities.archiveRestore === 'leaves-archive') {
    const message = `${store.name} restores an object by taking it out of the archive, where this copy shall stay: move it instead`
    throw new StepFailure('copy-refused', 'leaves-archive', message)
  }
  return store.restore.bind(store)
}

/** The copying goes on, in a try that is counted like any other. */
function restored(job: MigrationJob, subject: MigrationSubject): StepOutcome {
  job.freshSubject = subject
  if (job.hasCountedTry) return { kind: 'happened', events: ['restored'] }
  job.hasCountedTry = true
  return { kind: 'happened', events: ['restored', 'taken-up'] }
}

/** Waiting is no try: one that was counted before the source was found archived did not happen. */
async function rest(job: MigrationJob, wait: RestoreWait): Promise<StepOutcome> {
  await keep(job, wait)
  const ms = restoreRestMs(wait, job.parts.random())
  return { kind: 'rest', ms, returnsAttempt: job.hasCountedTry }
}

async function afterFailure(
  job: MigrationJob,
  subject: MigrationSubject,
  before: RestoreWait,
  error: StoreError,
): Promise<StepOutcome> {
  const { kind, message } = error
  if (isRestoreOverdue(before, subject.now)) throw overdue(before, message)
  // That a store does not answer is no word about the object, nor about what it may be asked.
  if (PASSING.has(kind)) throw error
  if (kind === 'unsupported') {
    // Some servers call a class by the name of an archive and hand out what lies there.
    await keep(job, { ...before, isImpossible: true })
    return restored(job, subject)
  }
  const wait = { ...before, failures: before.failures + 1 }
  if (LASTING.has(kind) || hasRestoreFailed(wait)) throw new StepFailure('copy-refused', kind, message)
  job.parts.log.warn({ error, migrationId: job.migration.id }, 'a restore could not be asked for')
  job.migration = await job.parts.ledger.reportProgress(job.lease, { error: { kind, message } })
  return rest(job, wait)
}

const PASSING: ReadonlySet<string> = new Set([
  'unreachable',
  'throttled',
  'timeout',
  'clock-skewed',
  'aborted',
])

/** Keeps how it is waited for; that it is known says that the store answered. */
async function keep(job: MigrationJob, restore: RestoreWait): Promise<void> {
  const answered = job.migration.evidence.outage == null ? {} : { outage: null }
  job.migration = await job.parts.ledger.reportProgress(job.lease, { restore, ...answered })
}

function overdue({ requests, since }: RestoreWait, message: string): StepFailure {
  const first = new Date(since).toISOString()
  const asked = `waited for since ${first}, asked for ${requests} times`
  return new StepFailure('restore-overdue', 'restore-overdue', `${message} (${asked})`)
}

/** What the store says of the source; null when other bytes lie there, or none. */
async function lookAtSource(job: MigrationJob, copy: Copy): Promise<StoredObject | null> {
  const { location, store } = job.source
  const place = { store, container: location.container, nativeKey: copy.nativeKey }
  const found = await lookAt(place, requestSignal(job, 0))
  return found !== null && isSameCopy(copy, found) ? found : null
}

/** The source. Throws {@link StepFailure} `superseded` when it is not to be read for this any more. */
function checkAwaited(job: MigrationJob, subject: MigrationSubject): Copy {
  checkStillCurrent(job, subject)
  const { object, source } = subject
  const isCurrent = object.placementVersion === job.migration.placementVersion && !object.isQuarantined
  if (isCurrent && source?.state === 'complete') return source
  throw new StepFailure('superseded', 'placed-anew', 'the object was placed anew since this was planned')
}
