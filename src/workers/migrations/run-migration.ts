import { databaseTroubleOf } from '../../database/database-trouble.ts'
import {
  isEndState,
  type MigrationEvidence,
  type MigrationState,
  writesTarget,
} from '../../domain/migration.ts'
import { type ClaimedMigration, LedgerError, type MigrationEvent } from '../../domain/migration-record.ts'
import { nativeKeyOf } from '../../domain/native-key.ts'
import { backoffMs } from '../../migration/backoff.ts'
import { isPermitted } from '../../migration/transitions.ts'
import { abandonUpload, outcomeOfFailedTry } from './failed-try.ts'
import { type HeldLease, HOLDS_READ_MS, Interruption } from './lease-keeper.ts'
import { LIVES } from './lives.ts'
import {
  type MigrationJob,
  openEnd,
  reach,
  recordOf,
  type StepOutcome,
  whyNotCurrent,
} from './migration-job.ts'
import type { MigrationParts } from './migration-parts.ts'
import { mustWaitForRoom, tellRoom } from './target-room.ts'

/** How long a migration rests whose stores could not be opened, in wall milliseconds. */
const REST_WITHOUT_STORE_MS = 10_000

/**
 * Takes one leased migration as far as it goes now: to its end, into grace, or to a failed try. Resolves to
 * whether the ledger knows that the lease is given up. Never rejects.
 */
export async function runMigration(
  parts: MigrationParts,
  claimed: ClaimedMigration,
  held: HeldLease,
): Promise<boolean> {
  let job: MigrationJob
  try {
    job = await openJob(parts, claimed, held)
  } catch (error) {
    parts.log.warn({ error, migrationId: claimed.id }, 'a store cannot be opened; the migration rests')
    return tryRelease(parts, held, REST_WITHOUT_STORE_MS, false)
  }
  const end = parts.throughput?.begin(job)
  try {
    await live(job)
    return true
  } catch (error) {
    return await settle(job, held, error)
  } finally {
    end?.()
  }
}

async function openJob(
  parts: MigrationParts,
  migration: ClaimedMigration,
  held: HeldLease,
): Promise<MigrationJob> {
  const [source, target] = await Promise.all([
    openEnd(parts, migration.sourceLocationId),
    openEnd(parts, migration.targetLocationId),
  ])
  held.storeIds = [source.location.storeId, target.location.storeId]
  return {
    parts,
    held,
    lease: held.lease,
    signal: held.signals.signal,
    source,
    target,
    migration,
    isScout: migration.isScout ?? false,
    hasCountedTry: false,
    freshSubject: null,
  }
}

/** Step after step until the migration ends or rests. Rejects with what interrupted it. */
async function live(job: MigrationJob): Promise<void> {
  await reach(job, 'claimed')
  if (job.migration.cancelRequested && isPermitted(job.migration.kind, job.migration.state, 'cancelled')) {
    await report(job, { kind: 'happened', events: ['cancelled'] })
    return
  }
  checkInterruption(job)
  if (mustWaitForRoom(job)) {
    await report(job, { kind: 'rest', ms: HOLDS_READ_MS })
    return
  }
  await takeUp(job)
  while (!isEndState(job.migration.state)) {
    checkInterruption(job)
    const { state } = job.migration
    const isOver = await tryStep(job, state)
    if (isOver) return
  }
}

/**
 * Counts the try, before anything is done in it, and ends a stage that was tried too often. An object that is
 * another one by now ends the migration before anything is written for it.
 */
async function takeUp(job: MigrationJob): Promise<void> {
  const { attempt, attemptsMax, kind, state } = job.migration
  if (state === 'grace' || state === 'switched') return
  // A look is no try, and tells the timeline nothing; only an error of the look before is forgotten.
  if (state === 'waiting-restore' && job.migration.evidence.error === undefined) return
  if (state === 'planned') {
    job.freshSubject = await job.parts.ledger.readSubject(job.migration.id)
    const changed = whyNotCurrent(job, job.freshSubject)
    if (changed !== null) {
      const evidence = { error: { kind: 'object-changed', message: changed } }
      await report(job, { kind: 'happened', events: ['superseded'], evidence })
      return
    }
  }
  const isExhausted =
    isPermitted(kind, state, 'attempts-exhausted') && state !== 'copied' && attempt >= attemptsMax
  const events: readonly MigrationEvent[] = [isExhausted ? 'attempts-exhausted' : 'taken-up']
  const evidence = isExhausted
    ? { error: job.migration.evidence.error ?? NEVER_FINISHED }
    : firstEvidence(job)
  await report(job, { kind: 'happened', events, evidence })
  job.hasCountedTry = state !== 'copied' && state !== 'waiting-restore'
  if (state === 'planned') await reach(job, 'target-intended')
}

/** The error of a migration whose worker died in every try. */
const NEVER_FINISHED = { kind: 'interrupted', message: 'every try was interrupted' }

/** What is known before a try: the target's key, chosen once, before anything is written under it. */
function firstEvidence(job: MigrationJob): MigrationEvidence {
  const { evidence, kind, state } = job.migration
  // After the last try of a class change one more look ends it, with what the tries failed of.
  if (kind === 'reclassify' && state === 'copying' && evidence.error !== undefined)
    return { error: evidence.error }
  if (state !== 'planned' || job.freshSubject === null || !writesTarget(kind)) return {}
  // A repair is told where the bad copy lies.
  if (evidence.targetKey !== undefined) return {}
  const { bucket, object } = job.freshSubject
  const targetKey = nativeKeyOf({
    ownsContainer: bucket.ownsTargetContainer,
    bucketName: bucket.name,
    key: object.key,
    objectId: object.id,
    keyBytesMax: job.target.store.capabilities.keyBytesMax,
  })
  return { targetKey }
}

/** Does what the state asks for. Resolves to whether the lease is given up. */
async function tryStep(job: MigrationJob, state: MigrationState): Promise<boolean> {
  const startedAt = job.parts.wallClock.now()
  try {
    const outcome = await stepOf(job, state)
    if (state === 'copying') await tellRoom(job)
    job.parts.metrics.phaseTook(state, Math.max(0, job.parts.wallClock.now() - startedAt) / 1_000)
    return await report(job, outcome)
  } catch (error) {
    if (job.signal.aborted || isFenced(error)) throw error
    return report(job, await outcomeOfFailedTry(job, error))
  }
}

async function stepOf(job: MigrationJob, state: MigrationState): Promise<StepOutcome> {
  const { kind } = job.migration
  const step = isEndState(state) ? undefined : LIVES[kind][state]
  if (step === undefined) throw new Error(`a worker has nothing to do for a ${kind} that is ${state}`)
  if (state === 'deleting-source') await reach(job, 'deletion-intended')
  return step(job)
}

/** Makes an outcome durable. Resolves to whether the lease is given up by it. */
async function report(job: MigrationJob, outcome: StepOutcome): Promise<boolean> {
  switch (outcome.kind) {
    case 'happened':
      job.migration = await job.parts.ledger.record(job.lease, recordOf(job, outcome))
      if (outcome.events.includes('switch-won')) await reach(job, 'switched')
      break
    case 'recorded':
      break
    case 'rest':
      await job.parts.ledger.release(job.lease, outcome.ms, outcome.returnsAttempt ?? false)
      return true
  }
  if (isEndState(job.migration.state)) noteEnd(job)
  return job.migration.leaseOwner === null
}

function checkInterruption(job: MigrationJob): void {
  job.signal.throwIfAborted()
  const { kind, state, cancelRequested, paused } = job.migration
  if (cancelRequested && isPermitted(kind, state, 'cancelled')) throw new Interruption('cancelled')
  if (paused) throw new Interruption('paused')
}

/** Ends a job that was interrupted. Resolves to whether the ledger knows that the lease is given up. */
async function settle(job: MigrationJob, held: HeldLease, error: unknown): Promise<boolean> {
  const { parts, migration } = job
  if (isFenced(error)) {
    parts.log.info({ migrationId: migration.id }, 'the lease was taken over; this worker leaves it alone')
    return true
  }
  const interruption = job.signal.aborted ? job.signal.reason : error
  if (!(interruption instanceof Interruption)) {
    parts.log.error({ error, migrationId: migration.id }, 'a migration could not be recorded')
    const returnsAttempt = databaseTroubleOf(error) !== null && job.hasCountedTry
    return tryRelease(parts, held, backoffMs(migration.attempt, parts.random(), 'unexpected'), returnsAttempt)
  }
  if (interruption.reason !== 'cancelled') return tryRelease(parts, held, 0, job.hasCountedTry)
  try {
    await abandonUpload(job)
    return await report(job, { kind: 'happened', events: ['cancelled'] })
  } catch (reportError) {
    parts.log.warn({ error: reportError, migrationId: migration.id }, 'a cancellation could not be recorded')
    return tryRelease(parts, held, 0, job.hasCountedTry)
  }
}

async function tryRelease(
  parts: MigrationParts,
  held: HeldLease,
  restMs: number,
  returnsAttempt: boolean,
): Promise<boolean> {
  held.returnsAttempt = returnsAttempt
  try {
    await parts.ledger.release(held.lease, restMs, returnsAttempt)
    return true
  } catch (error) {
    parts.log.warn({ error, migrationId: held.lease.migrationId }, 'a lease could not be given back yet')
    return false
  }
}

function noteEnd(job: MigrationJob): void {
  const { migration, parts, source, target } = job
  const { id, key, state, evidence } = migration
  parts.metrics.ended(state, source.location.name, target.location.name)
  const level = state === 'quarantined' ? 'error' : state === 'done' ? 'debug' : 'info'
  const from = source.location.name
  const to = target.location.name
  parts.log[level]({ migrationId: id, key, from, to, reason: evidence.error }, `a migration is ${state}`)
}

function isFenced(error: unknown): boolean {
  return error instanceof LedgerError && error.kind === 'fenced'
}
