import type { MigrationEvidence, Outage } from '../../domain/migration.ts'
import type { MigrationEvent } from '../../domain/migration-record.ts'
import { backoffMs } from '../../migration/backoff.ts'
import { outageAfter, outageRestMs } from '../../migration/outage.ts'
import { restoreRestMs } from '../../migration/restore.ts'
import { isPermitted, isRetried } from '../../migration/transitions.ts'
import { systemTimers } from '../timers.ts'
import { DATABASE_TROUBLE, failedStepOf } from './failed-step.ts'
import { forgetContainersAfter } from './known-containers.ts'
import { type MigrationJob, StepFailure, type StepOutcome, targetKeyOf } from './migration-job.ts'
import { tellFull } from './target-room.ts'

/** What becomes of a migration whose try failed: another one later, a rest without a word, or the end. */
export async function outcomeOfFailedTry(job: MigrationJob, error: unknown): Promise<StepOutcome> {
  const { migration, parts } = job
  const { event, kind, message } = failedStepOf(migration.state, error)
  forgetContainersAfter(error, job.target.store)
  const isRefusing = job.held.storeIds.some(id => parts.isRefusing?.(id) ?? false)
  const before = migration.evidence.outage ?? undefined
  // A step that decided may name what the tries before it failed of: that is no outage now.
  const hasDecided = error instanceof StepFailure
  const outage = hasDecided ? null : outageAfter(before, kind, parts.wallClock.now(), isRefusing)
  if (outage !== null) return restInOutage(job, outage, { kind, message })
  const wait = migration.state === 'waiting-restore' ? migration.evidence.restore : undefined
  const restMs =
    wait === undefined
      ? backoffMs(migration.attempt, parts.random(), kind)
      : restoreRestMs(wait, parts.random())
  // Readers and writers come first: an object that changed under a move is an everyday thing.
  const level = kind === 'object-changed' || kind === 'switch-lost' ? 'info' : 'warn'
  parts.log[level]({ error, migrationId: migration.id, state: migration.state, kind }, 'a step failed')
  if (event === 'mismatched') parts.metrics.verificationFailed(kind)
  if (event === null)
    return { kind: 'rest', ms: restMs, returnsAttempt: kind === DATABASE_TROUBLE && job.hasCountedTry }
  if (event !== 'mismatched') await abandonUpload(job)
  const evidence = { error: { kind, message } }
  const isAgain = isRetried(migration.kind, migration.state, event)
  const mayEnd = isPermitted(migration.kind, migration.state, 'attempts-exhausted')
  const isLastTry = isAgain && mayEnd && migration.attempt >= migration.attemptsMax
  if (isAgain && !isLastTry) {
    parts.metrics.retried(kind)
    const detail = { kind, message, restMs }
    return { kind: 'happened', events: [event], evidence, detail, releaseForMs: restMs }
  }
  const events: readonly MigrationEvent[] = isLastTry ? [event, 'attempts-exhausted'] : [event]
  return { kind: 'happened', events, evidence, detail: { kind, message } }
}

/** Waits for a store to come back, or to have room. The try that was counted did not happen, and staged parts wait too. */
async function restInOutage(
  job: MigrationJob,
  outage: Outage,
  error: NonNullable<MigrationEvidence['error']>,
): Promise<StepOutcome> {
  const { parts, migration, lease } = job
  const restMs = outageRestMs(outage, parts.random(), error.kind)
  // A thousand migrations meet the same outage: the first rest of each is told, the others are not.
  const level = outage.rests === 1 ? 'warn' : 'debug'
  const facts = { migrationId: migration.id, state: migration.state, ...error, restMs }
  if (error.kind === 'store-full') await leaveFullTarget(job, error.message)
  parts.log[level](facts, `a store ${wordsOf(error.kind)}; the migration rests`)
  parts.metrics.retried(error.kind)
  await parts.ledger.reportProgress(lease, { error, outage })
  return { kind: 'rest', ms: restMs, returnsAttempt: job.hasCountedTry }
}

/** Parts that are staged there take of the room that others wait for. */
async function leaveFullTarget(job: MigrationJob, answer: string): Promise<void> {
  if (job.migration.state !== 'copying') return
  await tellFull(job, answer)
  await abandonUpload(job)
}

function wordsOf(kind: string): string {
  if (kind === 'store-full') return 'is full'
  return kind === 'access-denied' ? 'refuses all it is asked' : 'does not answer'
}

/** Frees staged parts early; what this misses the next try or the sweeper frees. */
export async function abandonUpload(job: MigrationJob): Promise<void> {
  const { uploadId } = job.migration.evidence
  const { store, location } = job.target
  if (uploadId == null || store.multipart === undefined) return
  try {
    await store.multipart.abort(location.container, targetKeyOf(job.migration), uploadId, {
      signal: (job.parts.timers ?? systemTimers).timeoutSignal(5_000),
    })
  } catch (error) {
    job.parts.log.debug({ error, migrationId: job.migration.id }, 'an upload is left to the sweeper')
  }
}
