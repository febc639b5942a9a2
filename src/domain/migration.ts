import type { Bytes } from './bytes.ts'
import type { Instant } from './clock.ts'
import type { ObjectId, Uuid } from './identifiers.ts'
import type { StoreIdentity } from './object.ts'
import { coldnessOf, type Tier } from './tier.ts'

/**
 * Changing the copies of one object version.
 *
 * - `move`: the target copy takes the place of the source copy.
 * - `add-copy`: the target copy joins the others.
 * - `drop-copy`: the source copy goes; the target copy is the one that is primary then.
 * - `reclassify`: the source copy changes its storage class where it lies; source and target are the same copy.
 * - `repair`: a bad copy is replaced, where it lies, by what the primary copy holds.
 */
export const MIGRATION_KINDS = ['move', 'add-copy', 'drop-copy', 'reclassify', 'repair'] as const
export type MigrationKind = (typeof MIGRATION_KINDS)[number]

/** States in which there is still something to do. */
export const WORKING_STATES = [
  'planned',
  'waiting-restore',
  'copying',
  'copied',
  'verifying',
  'verified',
  'switched',
  'grace',
  'deleting-source',
] as const
/** States that end a migration. */
export const END_STATES = ['done', 'aborted', 'quarantined', 'retained', 'rolled-back'] as const
export const MIGRATION_STATES = [...WORKING_STATES, ...END_STATES] as const

export type WorkingState = (typeof WORKING_STATES)[number]
export type EndState = (typeof END_STATES)[number]
export type MigrationState = (typeof MIGRATION_STATES)[number]

/**
 * Kinds that write a target copy: they read the source, and what they wrote is left to the sweeper when they
 * fail.
 */
export function writesTarget(kind: MigrationKind): boolean {
  return kind === 'move' || kind === 'add-copy' || kind === 'repair'
}

/**
 * Which proof of a target is enough: what its store reports where that can be trusted, or all bytes read
 * back.
 */
export const VERIFY_WAYS = ['target-checksum', 'read-back'] as const
export type VerifyWay = (typeof VERIFY_WAYS)[number]

export function isEndState(state: MigrationState): state is EndState {
  return (END_STATES as readonly string[]).includes(state)
}

/** A migration as the ledger keeps it. */
export interface Migration {
  readonly id: Uuid
  readonly kind: MigrationKind
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly key: string
  readonly generation: number
  /** The placement version the decision was made from; a switch compares it. */
  readonly placementVersion: number
  readonly sourceCopyId: Uuid
  readonly sourceLocationId: Uuid
  readonly targetLocationId: Uuid
  readonly targetCopyId: Uuid
  readonly size: Bytes
  readonly state: MigrationState
  readonly direction: MigrationDirection
  /** Higher goes first. Range: 0 to 100; promotions use 60, demotions 40. */
  readonly priority: number
  readonly attempt: number
  readonly attemptsMax: number
  readonly paused: boolean
  readonly cancelRequested: boolean
  readonly leaseOwner: string | null
  /** Grows with every lease; every write of a worker names the one it was given. */
  readonly fencingToken: bigint
  /** How the target is proven, as the policy said when this was planned. */
  readonly verify: VerifyWay
  /** The target has to encrypt, and to say that it does, or nothing is moved. */
  readonly encryptionRequired: boolean
  /** How many proven copies must remain when one is dropped, and in how many regions. Range: 1 and more. */
  readonly copiesRequired: number
  readonly regionsRequired: number
  /** How long the source stays whole after the switch, in model milliseconds. */
  readonly graceMs: number
  /** Model time at which grace ends; null before the switch. */
  readonly graceUntil: Instant | null
  readonly evidence: MigrationEvidence
  readonly decisionId: Uuid | null
  readonly planId: Uuid | null
}

/** Where a move leads: `promotion` to a hotter tier, `demotion` to a colder one, `lateral` within one. */
const MIGRATION_DIRECTIONS = ['promotion', 'demotion', 'lateral'] as const
export type MigrationDirection = (typeof MIGRATION_DIRECTIONS)[number]

/** Which direction a move from one tier to another has. */
export function directionBetween(from: Tier, to: Tier): MigrationDirection {
  if (coldnessOf(to) === coldnessOf(from)) return 'lateral'
  return coldnessOf(to) < coldnessOf(from) ? 'promotion' : 'demotion'
}

/** What has been proven so far: digests while reading, the target's identity, the last error. */
export interface MigrationEvidence {
  readonly sha256?: string
  readonly crc64nvme?: string
  /** Kept for the target's report; the catalog has no place for it. */
  readonly crc32c?: string
  /** Like `crc32c`, for stores that report nothing else. */
  readonly md5?: string
  readonly bytesCopied?: Bytes
  readonly targetIdentity?: StoreIdentity
  /**
   * The target's store published the bytes on condition that nothing was there: source and target are
   * different places, whatever stores reach them.
   */
  readonly targetWasAbsent?: boolean
  /** The store made the target by itself out of the source: what it reports of it proves nothing. */
  readonly copiedWithin?: boolean
  /** The store may have been asked for another storage class: what has another identity may be our copy. */
  readonly classChangeBegun?: boolean
  /** Of a store that keeps versions: the version that lay there before its class was changed. */
  readonly formerIdentity?: StoreIdentity
  /** What became of that version once the new one was proven: `deleted`, or `kept` and why. */
  readonly formerVersion?: string
  /** How a copy was proven before it went into an archive, where it cannot be read. */
  readonly provenBefore?: VerifyWay
  readonly verifiedBy?: VerifyWay
  /** The store answered our deletion of the source: nothing that was sent can still land. */
  readonly deletionAnswered?: boolean
  /** Copies that were proven before one is dropped, by id: the identity of the bytes each had then, and its doubts. */
  readonly provenCopies?: Readonly<Record<Uuid, string>>
  /** The key under which the target keeps the bytes; known from the first try on. */
  readonly targetKey?: string
  /** The multipart upload at the target that may have to be given up; null once it is complete. */
  readonly uploadId?: string | null
  readonly error?: { readonly kind: string; readonly message: string }
  /** The wait for the source's restore from an archive, also once it is over. */
  readonly restore?: RestoreWait
  /** The outage the migration rests in; null once a step succeeded. */
  readonly outage?: Outage | null
}

/** How a source that lies in an archive is waited for. Times are wall milliseconds of the ledger's clock. */
export interface RestoreWait {
  /** When it was first found archived. */
  readonly since: Instant
  /** How often its store was asked to restore it: written down before each request. */
  readonly requests: number
  readonly requestedAt: Instant | null
  /** The store answered the last request. */
  readonly isTaken: boolean
  /** How often it was looked at. */
  readonly looks: number
  /** How often its store failed to tell, or refused. */
  readonly failures: number
  /** The store knows no restore: it is read as it is, which succeeds or ends the migration. Left out: it may know. */
  readonly isImpossible?: boolean
}

/** A time in which a store does not answer a migration: unreachable, throttling, or too slow. */
export interface Outage {
  /** When the first request failed, in wall milliseconds since 1970. */
  readonly since: Instant
  /** How often the migration rested since. */
  readonly rests: number
}
