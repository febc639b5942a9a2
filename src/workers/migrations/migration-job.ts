import type { Bytes } from '../../domain/bytes.ts'
import { isKnownToEncrypt } from '../../domain/encryption.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { joinSignals } from '../../domain/join-signals.ts'
import type { Location } from '../../domain/location.ts'
import type { Migration, MigrationEvidence } from '../../domain/migration.ts'
import type {
  MigrationEvent,
  MigrationLease,
  MigrationRecord,
  MigrationSubject,
} from '../../domain/migration-record.ts'
import { WHOLE_BYTES_MAX } from '../../domain/publication-way.ts'
import { withDeadline } from '../../domain/request-deadline.ts'
import { deadlineMs } from '../../migration/backoff.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { isProgress, stepsFrom } from '../../migration/transitions.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { systemTimers } from '../timers.ts'
import { BRIEF_BYTES_MAX, LANE_MS_MAX } from './job-signals.ts'
import type { HeldLease } from './lease-keeper.ts'
import type { Boundary, MigrationParts } from './migration-parts.ts'

/** How long a publication or deletion waits for a client's write of the same object, in milliseconds. */
const LOCK_WAIT_MS_MAX = 10_000

/** One end of a migration: a location and its store. */
export interface MigrationEnd {
  readonly location: Location
  readonly store: ObjectStore
}

/** Opens the store of a location. Rejects when there is no such location any more. */
export async function openEnd(
  parts: Pick<MigrationParts, 'locationById' | 'openStore'>,
  locationId: Uuid,
): Promise<MigrationEnd> {
  const location = await parts.locationById(locationId)
  if (location === null) throw new Error(`there is no location ${locationId}`)
  return { location, store: await parts.openStore(location.storeId) }
}

/** Whether every byte of a target is read back, whatever its store reports. */
export function mustReadBack({ migration, parts }: Pick<MigrationJob, 'migration' | 'parts'>): boolean {
  return parts.verification === 'read-back' || migration.verify === 'read-back'
}

/**
 * Whether the target copy has to lie encrypted: as its policy said when the migration was planned, or says
 * now. A repair puts back a copy that was there: where its store cannot encrypt, it is better than none, and
 * for the planner to replace.
 */
export function mustEncrypt(
  { migration, target }: Pick<MigrationJob, 'migration' | 'target'>,
  { bucket }: Pick<MigrationSubject, 'bucket'>,
): boolean {
  const isPutBack = migration.kind === 'repair' && !isKnownToEncrypt(target.store.capabilities.encryption)
  return isEncryptionRequired(migration, bucket) && !isPutBack
}

/** Whether the policy required encryption when the migration was planned, or does now. */
export function isEncryptionRequired(
  migration: Pick<Migration, 'encryptionRequired'>,
  bucket: Pick<MigrationSubject['bucket'], 'encryptionRequired'>,
): boolean {
  return migration.encryptionRequired || bucket.encryptionRequired
}

/** One migration in the hands of this worker. */
export interface MigrationJob {
  readonly parts: MigrationParts
  readonly lease: MigrationLease
  readonly held: HeldLease
  /** Aborts when the worker stops, the lease is lost, or a person asks to pause or cancel. */
  readonly signal: AbortSignal
  readonly source: MigrationEnd
  readonly target: MigrationEnd
  /** As the ledger last said. */
  migration: Migration
  /** Read a moment ago, for whoever needs it next; the step takes it away. */
  freshSubject: MigrationSubject | null
  /** It was sent ahead to a target that is believed full. */
  readonly isScout: boolean
  /** Whether this lease has counted a try, which an interruption gives back. */
  hasCountedTry: boolean
}

/** What a step found out: reported to the ledger, or a rest without a word. */
export type StepOutcome =
  | {
      readonly kind: 'happened'
      readonly events: readonly MigrationEvent[]
      readonly evidence?: MigrationEvidence
      readonly detail?: Readonly<Record<string, unknown>>
      readonly releaseForMs?: number
    }
  /** The step wrote its record itself, under the object's lock. */
  | { readonly kind: 'recorded' }
  /** `returnsAttempt`: the try that was counted did not happen. Default: it did. */
  | { readonly kind: 'rest'; readonly ms: number; readonly returnsAttempt?: boolean }

/** A step found something that decides: it ends the step with this event instead of a retry. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure'
  readonly event: MigrationEvent
  /** Which of the reasons of that event it was. */
  readonly kind: string

  constructor(event: MigrationEvent, kind: string, message: string) {
    super(message)
    this.event = event
    this.kind = kind
  }
}

/** The key under which the target keeps the bytes. */
export function targetKeyOf(migration: Migration): string {
  return migration.evidence.targetKey ?? migration.key
}

/** The record that says these events happened now. */
export function recordOf(
  job: MigrationJob,
  outcome: Omit<Extract<StepOutcome, { kind: 'happened' }>, 'kind'>,
): MigrationRecord {
  const { events, ...rest } = outcome
  const { kind, state, evidence } = job.migration
  const isOutageOver = evidence.outage !== undefined && events.some(isProgress)
  const detail = { ...toldOf(job.migration, events, rest.evidence ?? {}), ...rest.detail }
  return {
    steps: stepsFrom(kind, state, events),
    modelNow: job.parts.modelClock.now(),
    ...rest,
    ...(Object.keys(detail).length === 0 ? {} : { detail }),
    ...(isOutageOver ? { evidence: { ...rest.evidence, outage: null } } : {}),
  }
}

/**
 * What the timeline says of these events beside their names: the try, what was proven, an outage that is
 * over.
 */
function toldOf(
  { attempt, evidence }: Migration,
  events: readonly MigrationEvent[],
  news: MigrationEvidence,
): Readonly<Record<string, unknown>> {
  const { sha256, crc64nvme, bytesCopied, verifiedBy } = news
  const isFailedTry = events.some(event => event !== 'taken-up' && !isProgress(event))
  return {
    ...(isFailedTry ? { attempt } : {}),
    ...(events.includes('copied') ? present({ bytesCopied, sha256, crc64nvme }) : {}),
    ...(events.includes('verified') ? present({ verifiedBy }) : {}),
    ...(evidence.outage != null && events.some(isProgress) ? { outage: evidence.outage } : {}),
  }
}

function present(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

/** Whether publishing so many bytes is brief work, which may share a transaction with that of others. */
export function isBrief(bytes: Bytes): boolean {
  return bytes <= WHOLE_BYTES_MAX
}

/**
 * Ends a request that carries so many bytes when it hangs, or when the job ends. Where a store has a budget,
 * its time begins when its turn has come.
 */
export function requestSignal(
  job: Pick<MigrationJob, 'signal' | 'parts'> & { readonly held?: HeldLease },
  bytes: number,
): AbortSignal {
  const signals = job.held?.signals
  if (signals?.lane) return signals.lane
  if (signals !== undefined && bytes <= BRIEF_BYTES_MAX) return signals.brief()
  const { timers = systemTimers } = job.parts
  const timeoutSignal = (ms: number) => timers.timeoutSignal(ms)
  return withDeadline({ signal: job.signal, ms: deadlineMs(bytes), timeoutSignal })
}

/** The same for a publication, which also ends when its announcement does; null where it needs none. */
export function publicationSignal(
  job: MigrationJob,
  bytes: number,
  announced: AbortSignal | null,
): AbortSignal {
  if (announced === null) return requestSignal(job, bytes)
  const { lane } = job.held.signals
  if (lane !== null) return joinSignals([lane, announced])
  return requestSignal({ parts: job.parts, signal: joinSignals([job.signal, announced]) }, bytes)
}

/** The same for a request that must be over after so many milliseconds, which in a lane it is anyway. */
export function requestSignalInTime(job: MigrationJob, msMax: number): AbortSignal {
  const { lane } = job.held.signals
  if (lane !== null && msMax >= LANE_MS_MAX) return lane
  const { timers = systemTimers } = job.parts
  return joinSignals([requestSignal(job, 0), timers.timeoutSignal(msMax)])
}

/**
 * Whether a migration may share a transaction: not once its store failed it, so that it holds nobody up
 * twice.
 */
function mayShare({ attempt, evidence }: Migration): boolean {
  return attempt <= 1 && evidence.outage == null
}

/**
 * Runs `work` while the object is locked and the migration's row with it, waiting for a client's write of the
 * same object for a bounded time.
 */
export async function underObjectLock(
  job: MigrationJob,
  options: { readonly isBrief: boolean },
  work: (locked: LockedLedger) => Promise<void>,
): Promise<void> {
  const { source, target } = job
  const isShared = options.isBrief && mayShare(job.migration)
  const { state, size } = job.migration
  const sizeClass = size <= BRIEF_BYTES_MAX ? 'small' : 'large'
  // Publications and deletions take turns of different length, and go on side by side.
  const lane = isShared
    ? [source.location.storeId, target.location.storeId, sizeClass, state].join(' ')
    : null
  job.held.isRowLocked = true
  try {
    await job.parts.ledger.withObjectLock(job.lease, { lane, waitMsMax: LOCK_WAIT_MS_MAX }, async locked => {
      // Only now: however long the lock was waited for, that says nothing of the stores.
      if (isShared) job.held.signals.enterLane()
      await work(locked)
    })
  } finally {
    job.held.isRowLocked = false
    job.held.signals.leaveLane()
  }
}

/** Tells tests where the worker is. */
export async function reach(job: MigrationJob, boundary: Boundary): Promise<void> {
  await job.parts.atBoundary?.(boundary, job.migration)
}

/** Throws `superseded` unless the migration's version is still the object's present content. */
export function checkStillCurrent(job: MigrationJob, subject: MigrationSubject): void {
  const changed = whyNotCurrent(job, subject)
  if (changed !== null) throw new StepFailure('superseded', 'object-changed', changed)
}

/** In words, why the migration's version is no longer the object's present content; null while it is. */
export function whyNotCurrent(job: MigrationJob, subject: MigrationSubject): string | null {
  const { object, version } = subject
  const { generation } = job.migration
  if (object.isPresent && object.generation === generation && version !== null) return null
  const now = object.isPresent ? `is generation ${object.generation} now` : 'was deleted'
  return `the object ${now}, generation ${generation} was to move`
}
