import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration, MigrationEvidence } from '../../domain/migration.ts'
import type {
  ClaimedMigration,
  MigrationLease,
  MigrationRecord,
  MigrationSubject,
  NewMigration,
  NewMigrationsResult,
} from '../../domain/migration-record.ts'
import type { Principal } from '../../domain/principal.ts'
import { createBatcher } from '../batches.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'
import { createLockedRunner, type LockedLedger } from './locked-migrations.ts'
import { createMigrations } from './migration-creation.ts'
import { FULL_LOCATIONS, IS_FREE, IS_NOT_STOPPED } from './migration-holds.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import { fenced, type LeasedRecord, writeRecords } from './migration-steps.ts'
import { readMigrationSubjects } from './migration-subjects.ts'

/** How many migrations one statement speaks of. */
const STATEMENT_ITEMS_MAX = 256

/**
 * The migration ledger in PostgreSQL: the `MigrationLedger` of migration/ledger, which it matches by shape.
 *
 * What several migrations ask for at the same time is done with one statement and one commit for all of them;
 * each still learns what became of its own, and only after it is durable.
 *
 * A worker that holds an object's lock for long uses one connection of `lockDatabase` for it: the same pool by
 * default, or that pool with a bound on such holds.
 */
export function createPostgresLedger(database: Database, lockDatabase: Database = database) {
  const runLocked = createLockedRunner(lockDatabase)
  const readSubject = createBatcher<Uuid, MigrationSubject>({
    itemsMax: STATEMENT_ITEMS_MAX,
    runsMax: 1,
    run: async ids => {
      const subjects = await inTransaction(database, connection => readMigrationSubjects(connection, ids), {
        plans: 'by-key',
      })
      return ids.map(id => {
        const subject = subjects.get(id)
        return subject === undefined
          ? { error: new Error(`there is no migration ${id} with an object`) }
          : { value: subject }
      })
    },
  })
  const write = createBatcher<LeasedRecord, Migration>({
    itemsMax: STATEMENT_ITEMS_MAX,
    runsMax: 1,
    run: async entries => {
      const outcomes = await inTransaction(
        database,
        connection => writeRecords(connection, entries, { areObjectsLocked: false }),
        { plans: 'by-key' },
      )
      return outcomes.map(outcome => ('error' in outcome ? outcome : { value: outcome.migration }))
    },
  })
  return {
    create: (batch: readonly NewMigration[], principal: Principal): Promise<NewMigrationsResult> =>
      inTransaction(database, connection => createMigrations(connection, batch, principal)),
    claim: (options: ClaimOptions) => claimMigrations(database, options),
    renew: (leases: readonly MigrationLease[], leaseMs: number) => renewLeases(database, leases, leaseMs),
    release: (lease: MigrationLease, restMs: number, returnsAttempt: boolean) =>
      releaseLease(database, lease, restMs, returnsAttempt),
    readSubject: (migrationId: Uuid) => readSubject(migrationId),
    record: (lease: MigrationLease, record: MigrationRecord) => write({ lease, record }),
    reportProgress: (lease: MigrationLease, evidence: MigrationEvidence) =>
      reportProgress(database, lease, evidence),
    withObjectLock: <T>(
      lease: MigrationLease,
      options: { readonly waitMsMax: number; readonly lane: string | null },
      work: (locked: LockedLedger) => Promise<T>,
    ) => runLocked({ lease, ...options, work }) as Promise<T>,
  }
}

interface ClaimOptions {
  readonly worker: string
  readonly limit: number
  readonly leaseMs: number
}

/**
 * What all queues ask of a migration `m` that is taken up; all but the last two lines are in their indexes.
 */
const IS_DUE = `
  m.finished_at is null and not m.paused and not m.held and m.not_before <= now()
  and ${IS_FREE} and ${IS_NOT_STOPPED}`

/**
 * Leases due migrations by the database's clock, those whose worker is gone first. Up to half of the others end
 * their grace, so that a long queue of moves does not keep every object paid for twice; up to half of what is left
 * waits for a restore, which costs a look; the rest is taken by priority, then by deadline. What is paused is passed
 * over from the moment it is; soon after, it is out of the indexes as well.
 */
async function claimMigrations(
  queryable: Queryable,
  options: ClaimOptions,
): Promise<readonly ClaimedMigration[]> {
  const { rows } = await queryable.query<
    MigrationRow & { taken_over_from: string | null; is_scout: boolean }
  >({
    name: 'migration_claim',
    text: `
      with lost as (
        select m.id, m.lease_owner as taken_over_from
        from migration m
        where ${IS_DUE} and m.lease_owner is not null and m.lease_expires_at < now()
        order by m.lease_expires_at, m.id
        limit $1::int
        for update of m skip locked
      ), ending as (
        select m.id, null::text as taken_over_from
        from migration m
        where ${IS_DUE} and m.lease_owner is null and m.grace_until_ms is not null
        order by m.not_before, m.id
        limit ($1::int - (select count(*) from lost) + 1) / 2
        for update of m skip locked
      ), restoring as (
        select m.id, null::text as taken_over_from
        from migration m
        where ${IS_DUE} and m.lease_owner is null and m.is_restoring
        order by m.not_before, m.id
        limit ($1::int - (select count(*) from lost) - (select count(*) from ending) + 1) / 2
        for update of m skip locked
      ), moving as (
        select m.id, null::text as taken_over_from
        from migration m
        where ${IS_DUE} and m.lease_owner is null and m.grace_until_ms is null and not m.is_restoring
        order by m.priority desc, m.due_at, m.not_before
        limit $1::int - (select count(*) from lost) - (select count(*) from ending)
              - (select count(*) from restoring)
        for update of m skip locked
      ), due as (
        select * from lost union all select * from ending union all select * from restoring
        union all select * from moving
      ), leased as (
        update migration m
        set lease_owner = $2, lease_expires_at = now() + $3::double precision * interval '1 millisecond',
            fencing_token = m.fencing_token + 1
        from due
        where m.id = due.id
        returning ${MIGRATION_COLUMNS}, due.taken_over_from, m.due_at, m.not_before,
                  m.state in ('planned', 'copying') and m.target_location_id in (${FULL_LOCATIONS}) as is_scout
      )
      select * from leased order by priority desc, due_at, not_before, id`,
    values: [options.limit, options.worker, options.leaseMs],
  })
  return rows.map(row => ({ ...migrationOf(row), takenOverFrom: row.taken_over_from, isScout: row.is_scout }))
}

/** Rows locked by their own worker's publication are skipped: nobody can take those over meanwhile. */
async function renewLeases(
  queryable: Queryable,
  leases: readonly MigrationLease[],
  leaseMs: number,
): Promise<readonly Migration[]> {
  const { rows } = await queryable.query<MigrationRow>({
    name: 'migration_renew',
    text: `
      with ours as (
        select m.id
        from migration m
        join unnest($1::uuid[], $2::bigint[], $3::text[]) as lease (id, fencing_token, worker)
          on m.id = lease.id and m.fencing_token = lease.fencing_token and m.lease_owner = lease.worker
        order by m.id
        for update of m skip locked
      )
      update migration m
      set lease_expires_at = now() + $4::double precision * interval '1 millisecond'
      from ours
      where m.id = ours.id
      returning ${MIGRATION_COLUMNS}`,
    values: [
      leases.map(lease => lease.migrationId),
      leases.map(lease => lease.fencingToken),
      leases.map(lease => lease.worker),
      leaseMs,
    ],
  })
  return rows.map(migrationOf)
}

async function releaseLease(
  queryable: Queryable,
  lease: MigrationLease,
  restMs: number,
  returnsAttempt: boolean,
): Promise<void> {
  await queryable.query({
    name: 'migration_release',
    text: `
      update migration
      set lease_owner = null, lease_expires_at = null,
          not_before = clock_timestamp() + $4::double precision * interval '1 millisecond',
          attempt = case when $5 then greatest(attempt - 1, 0) else attempt end
      where id = $1 and fencing_token = $2 and lease_owner = $3`,
    values: [lease.migrationId, lease.fencingToken, lease.worker, restMs, returnsAttempt],
  })
}

async function reportProgress(
  queryable: Queryable,
  lease: MigrationLease,
  evidence: MigrationEvidence,
): Promise<Migration> {
  const { rows } = await queryable.query<MigrationRow>({
    name: 'migration_report_progress',
    text: `
      update migration m set evidence = m.evidence || $4::jsonb
      where m.id = $1 and m.fencing_token = $2 and m.lease_owner = $3
      returning ${MIGRATION_COLUMNS}`,
    values: [lease.migrationId, lease.fencingToken, lease.worker, JSON.stringify(evidence)],
  })
  if (rows[0] === undefined) throw fenced(lease)
  return migrationOf(rows[0])
}
