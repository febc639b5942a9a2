import type { BucketMode } from './bucket.ts'
import type { Instant } from './clock.ts'
import type { Uuid } from './identifiers.ts'
import type { Migration, MigrationEvidence, MigrationKind, MigrationState, VerifyWay } from './migration.ts'
import type { CatalogObject, Copy, ObjectVersion } from './object.ts'

/**
 * Everything that can happen to a migration. Workers report all but the last three, which people ask for.
 * What each means in each state is in migration/transitions.
 */
export const MIGRATION_EVENTS = [
  /** A worker that holds the lease begins, or begins again, what the state asks for. */
  'taken-up',
  /** The source lies in an archive, and its store can restore it. */
  'restore-needed',
  /** The store says that the source can be read. */
  'restored',
  /** It was waited for too long. */
  'restore-overdue',
  'copied',
  /** It did not work and may work later. */
  'copy-failed',
  /** It can never work as planned: the target cannot keep this key, size or these facts. */
  'copy-refused',
  /** Source and target are one place that two stores reach: nothing can be moved, and nothing was touched. */
  'same-place',
  /** The source is gone or carries another identity although the catalog knows of no change. */
  'source-changed',
  /** The source holds other bytes than the catalog's digest says. */
  'source-corrupt',
  'verified',
  /** The target could not be asked; nothing is known. */
  'verification-failed',
  /** The target holds other bytes than were read. */
  'mismatched',
  'switch-won',
  /** Generation or placement version is no longer the one the decision was made from. */
  'switch-lost',
  /** The proven target copy is one more copy of the object from now on. */
  'joined',
  /** Fewer proven copies than required would be left, or in fewer regions. */
  'too-few-copies',
  'grace-began',
  'grace-over',
  'source-deleted',
  'delete-failed',
  /** The source may not be deleted: locked, changed by others, or its store cannot delete safely. */
  'delete-refused',
  /** The copy that became primary is not there any more, or is another one. */
  'primary-lost',
  /** Another copy of the same content is primary by now in place of the one that was switched to. */
  'primary-replaced',
  /** The object was overwritten or deleted by a client. */
  'superseded',
  'attempts-exhausted',
  'cancelled',
  'rolled-back',
  'retried',
] as const
export type MigrationEvent = (typeof MIGRATION_EVENTS)[number]

/**
 * Events that abort a migration without a failure: the object changed or was placed anew meanwhile, or a person
 * cancelled it.
 */
export const HARMLESS_ABORTS = ['superseded', 'switch-lost', 'cancelled'] as const satisfies MigrationEvent[]

/**
 * What the ledger writes into the catalog in the transaction of a transition, in the order in which the
 * effects of one record are written.
 *
 * - `count-attempt`, `reset-attempts`: the number of tries of this stage.
 * - `intend-target`: the target copy's row, `staging`, before any of its bytes.
 * - `note-target`: the identity the target's store gave the published bytes.
 * - `complete-target`: the target copy is `complete` and proven now.
 * - `keep-digests`: what was read becomes the version's digests where it has none.
 * - `relocate-copy`: the copy that changed its storage class lies in the target location, with its new identity,
 *   whatever became of other copies. Fails with {@link LedgerError} `switch-lost` when the generation moved on or
 *   the copy is no longer complete.
 * - `prove-target`: the target copy, complete already, is proven now.
 * - `switch-primary`: the target copy is primary, the source copy enters grace. Fails with
 *   {@link LedgerError} `switch-lost` when generation or placement version moved on.
 * - `join-target`: the target copy counts as one of the object's copies. Fails like `switch-primary`.
 * - `switch-back`: the source copy, still in grace, becomes primary again.
 * - `take-back`: the source copy is complete again where it is still in grace, else stays as it is; so does the
 *   primary. Fails with `switch-lost` when the generation moved on.
 * - `discard-target`, `discard-source`: a copy that is not primary is left to the sweeper.
 * - `drop-target`: the target copy's row goes without its bytes, which are the source's.
 * - `drop-source`: the source copy's row goes, its bytes are gone.
 * - `retain-source`: superseded, but its bytes stay.
 * - `suspect-source`, `suspect-target`: the copy is not what its row says.
 * - `ask-review`: the planner looks at the object again now.
 * - `announce`: people see it in the live stream.
 */
export const MIGRATION_EFFECTS = [
  'count-attempt',
  'reset-attempts',
  'intend-target',
  'note-target',
  'complete-target',
  'keep-digests',
  'relocate-copy',
  'prove-target',
  'switch-primary',
  'join-target',
  'switch-back',
  'take-back',
  'discard-target',
  'discard-source',
  'drop-target',
  'drop-source',
  'retain-source',
  'suspect-source',
  'suspect-target',
  'ask-review',
  'announce',
] as const
export type MigrationEffect = (typeof MIGRATION_EFFECTS)[number]

/** One step of a migration's life: what happened, where it led and what the ledger writes with it. */
export interface MigrationStep {
  readonly event: MigrationEvent
  readonly from: MigrationState
  readonly to: MigrationState
  readonly effects: readonly MigrationEffect[]
}

/** Steps that become durable together, with what proves them. */
export interface MigrationRecord {
  /** At least one; each starts where the one before ended. */
  readonly steps: readonly MigrationStep[]
  /** Merged over the evidence so far. */
  readonly evidence?: MigrationEvidence
  /** Shown on the timeline with the last step. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** Model time of what is recorded. */
  readonly modelNow: Instant
  /** Gives the lease up and lets nobody take it for so many wall milliseconds. Without: the lease goes on. */
  readonly releaseForMs?: number
}

/** The right of one worker to act on one migration until the lease expires or is taken over. */
export interface MigrationLease {
  readonly migrationId: Uuid
  readonly objectId: Uuid
  readonly worker: string
  readonly fencingToken: bigint
}

/** A migration as its new lease holder gets it. */
export interface ClaimedMigration extends Migration {
  /** Whose lease ran out, when this one was taken over. */
  readonly takenOverFrom: string | null
  /** Its target is believed full, and it was sent ahead to find out. Default: false. */
  readonly isScout?: boolean
}

/** What a migration is about, as the catalog says now. */
export interface MigrationSubject {
  readonly bucket: {
    readonly id: Uuid
    readonly name: string
    readonly mode: BucketMode
    /**
     * Whether objects lie under their own keys at the target: true for the bucket that came first to the
     * target's container.
     */
    readonly ownsTargetContainer: boolean
    /** Its policy requires encryption now, whatever it did when the migration was planned. */
    readonly encryptionRequired: boolean
  }
  readonly object: Pick<CatalogObject, 'id' | 'key' | 'generation' | 'placementVersion'> & {
    /** False once a client deleted it. */
    readonly isPresent: boolean
    readonly isQuarantined: boolean
  }
  /** The version that moves; null once it is forgotten. */
  readonly version: Pick<ObjectVersion, 'size' | 'etag' | 'headers' | 'metadata' | 'tags' | 'digests'> | null
  readonly source: Copy | null
  readonly target: Copy | null
  /** All copies of the object, in any state. */
  readonly copies: readonly Copy[]
  /** The ledger's own clock, in wall milliseconds since 1970. */
  readonly now: Instant
  /**
   * For how long a deletion that was cut off may still take bytes of the object away, in wall milliseconds;
   * 0 when none may.
   */
  readonly deletionLandsInMs: number
}

/** A place in a store where bytes lie: two copies with the same place share their bytes. */
export interface NativePlace {
  readonly storeId: Uuid
  readonly container: string
  readonly nativeKey: string
}

/** Whether bytes in these places are the same bytes. */
export function isSamePlace(one: NativePlace, other: NativePlace): boolean {
  return (
    one.storeId === other.storeId && one.container === other.container && one.nativeKey === other.nativeKey
  )
}

/** A migration to be planned, as a decision asks for it. */
export interface NewMigration {
  readonly id: Uuid
  /** Default: `move`. */
  readonly kind?: MigrationKind
  /**
   * The copy that is dropped or reclassified. Default: the primary one, which is also what every other kind
   * reads. Of a reclassified copy `targetCopyId` is the same; of a dropped one it is the copy that is primary
   * afterwards.
   */
  readonly sourceCopyId?: Uuid
  /** Default: `target-checksum`. */
  readonly verify?: VerifyWay
  /** The target has to encrypt. Default: false. */
  readonly encryptionRequired?: boolean
  /** How many proven copies must remain when one is dropped. Default: 1. */
  readonly copiesRequired?: number
  /** In how many regions they must lie. Default: 1. */
  readonly regionsRequired?: number
  readonly objectId: Uuid
  readonly generation: number
  readonly placementVersion: number
  readonly targetCopyId: Uuid
  readonly targetLocationId: Uuid
  readonly priority: number
  readonly direction: Migration['direction']
  readonly graceMs: number
  readonly attemptsMax: number
  readonly decisionId: Uuid | null
  readonly planId: Uuid | null
  readonly monthlySavingUsd: number | null
  readonly oneTimeUsd: number | null
}

/**
 * Why a migration was not planned: `outdated` (another generation or placement version, or no such object),
 * `no-source` (no good source copy, or no good copy that would be left), `in-flight` (the object has an
 * unfinished one), `observed` (its bucket is only looked at), `shared` (others write in it: copies are not
 * changed in place), `quarantined` (a person must look first), `unknown-location`, `same-place` (source and
 * target are one container, where nothing has to be moved; or they are not, and a copy cannot be
 * reclassified), `occupied` (a copy of the object lies there already), `not-broken` (no suspect copy lies
 * where one is to be repaired), `no-room` (the target's capacity is used or spoken for).
 */
export type NewMigrationRefusal =
  | 'outdated'
  | 'no-source'
  | 'in-flight'
  | 'observed'
  | 'shared'
  | 'quarantined'
  | 'unknown-location'
  | 'same-place'
  | 'occupied'
  | 'not-broken'
  | 'no-room'

/** What became of each migration that was to be planned. */
export interface NewMigrationsResult {
  readonly created: readonly Uuid[]
  readonly refused: readonly { readonly id: Uuid; readonly reason: NewMigrationRefusal }[]
}

/**
 * The ledger did not do what was asked, and wrote nothing. `fenced`: the lease was taken over, or the
 * migration is not in the state the step starts from. `switch-lost`: the object moved on. `busy`: somebody
 * else held the object's lock for too long.
 */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly kind: 'fenced' | 'switch-lost' | 'busy'

  constructor(kind: 'fenced' | 'switch-lost' | 'busy', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}
