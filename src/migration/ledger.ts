import type { Migration, MigrationEvidence } from '../domain/migration.ts'
import type {
  ClaimedMigration,
  MigrationLease,
  MigrationRecord,
  MigrationSubject,
  NativePlace,
  NewMigration,
  NewMigrationsResult,
} from '../domain/migration-record.ts'
import type { Copy } from '../domain/object.ts'
import type { Principal } from '../domain/principal.ts'

/**
 * What stores migrations and their steps, and changes the catalog with them. Each sentence has a test in
 * `contract/`, run against PostgreSQL (database/migrations/postgres-ledger) and memory.
 *
 * Errors: what cannot be done rejects with a `LedgerError` and nothing is written.
 */
export interface MigrationLedger {
  /**
   * Plans migrations. An object has at most one unfinished migration; what is outdated or not allowed is
   * refused with its reason, and the others are planned. At most 1,000 at once.
   */
  create(batch: readonly NewMigration[], principal: Principal): Promise<NewMigrationsResult>

  /**
   * Leases up to `limit` migrations that are due, not paused, unfinished and not leased, those whose lease
   * ran out first. Up to half of the others are past their switch and wait for their source's end, the longer
   * due first; up to half of what is left waits for a restore, likewise; the rest is taken by priority, the higher
   * first, then the longer due. Each lease raises the
   * fencing token. Two workers never get the same one. A lease lasts by the ledger's own clock.
   *
   * Where people can stop everything, pause stores and plans or set deadlines, what they hold is passed over
   * and the earlier deadline goes first within a priority.
   */
  claim(options: { worker: string; limit: number; leaseMs: number }): Promise<readonly ClaimedMigration[]>

  /**
   * Makes leases last `leaseMs` from now. Resolves to those that are still ours, with what people asked for
   * meanwhile. A lease whose migration is locked by its own worker's publication or deletion may be missing:
   * it cannot be taken over as long.
   */
  renew(leases: readonly MigrationLease[], leaseMs: number): Promise<readonly Migration[]>

  /**
   * Gives a lease up; nobody takes the migration for `restMs`. `returnsAttempt` says that the try that was
   * counted did not happen. A lease that was taken over stays where it is; that is no error.
   */
  release(lease: MigrationLease, restMs: number, returnsAttempt: boolean): Promise<void>

  /** What the migration is about and what its bucket's policy requires of it, as the catalog says now. */
  readSubject(migrationId: string): Promise<MigrationSubject>

  /**
   * Makes steps durable with all their effects, or nothing. Rejects with `fenced` when the lease was taken
   * over or the migration is not where the first step starts, with `switch-lost` when the effect
   * `switch-primary` or `switch-back` found another generation, placement version or primary.
   */
  record(lease: MigrationLease, record: MigrationRecord): Promise<Migration>

  /** Notes how far the copying is. Rejects with `fenced`. Resolves to what people asked for meanwhile. */
  reportProgress(lease: MigrationLease, evidence: MigrationEvidence): Promise<Migration>

  /**
   * Runs `work` while nobody publishes, replaces or deletes bytes of the lease's object and nobody can take
   * the lease over. What `work` records commits when it resolves, and nothing when it rejects. Rejects with
   * `busy` when the object is locked for longer than `waitMsMax`, with `fenced` when the lease is no longer ours.
   *
   * With a `lane` the work takes about as long as one small request: it may then commit together with the
   * works of other migrations in the same lane, when the last of them is done. Works that a slow store
   * could hold up are in lanes of their own.
   */
  withObjectLock<T>(
    lease: MigrationLease,
    options: { waitMsMax: number; lane: string | null },
    work: (locked: LockedLedger) => Promise<T>,
  ): Promise<T>
}

/** The ledger while an object is locked. */
export interface LockedLedger {
  /** Resolves while the lock is still ours; rejects when the session it belongs to was lost. */
  confirmLock(): Promise<void>
  readSubject(): Promise<MigrationSubject>
  /** Copies of this object whose bytes lie in this place, in any state. */
  copiesAt(place: NativePlace): Promise<readonly Copy[]>
  /** All copies of this object, in any state. */
  copies(): Promise<readonly Copy[]>
  record(record: MigrationRecord): Promise<Migration>
}
