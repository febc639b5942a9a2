import type { BucketMode } from '../domain/bucket.ts'
import type { ObjectId, Uuid } from '../domain/identifiers.ts'
import type { Migration, MigrationEvidence } from '../domain/migration.ts'
import {
  type ClaimedMigration,
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationSubject,
  type NativePlace,
  type NewMigration,
  type NewMigrationsResult,
} from '../domain/migration-record.ts'
import type { ContentHeaders, Copy, DigestSource } from '../domain/object.ts'
import type { Principal } from '../domain/principal.ts'
import { COPY_COLUMNS, type CopyRow, copyOf, listCopiesAt, listPlacedCopies } from './copies.ts'
import { createMigrations } from './migration-creation.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import { fenced, writeRecord } from './migration-steps.ts'
import { withObjectLock } from './object-lock.ts'
import { type Database, inTransaction, type Queryable } from './postgres.ts'

/** PostgreSQL's code for a lock that was not free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * The migration ledger in PostgreSQL: the `MigrationLedger` of migration/ledger, which it matches by shape.
 *
 * A worker that holds an object's lock uses one connection for it; give the pool as many connections as
 * migrations run at once, and a few more for everything else.
 */
export function createPostgresLedger(database: Database) {
  return {
    create: (batch: readonly NewMigration[], principal: Principal): Promise<NewMigrationsResult> =>
      createMigrations(database, batch, principal),
    claim: (options: ClaimOptions) => claimMigrations(database, options),
    renew: (leases: readonly MigrationLease[], leaseMs: number) => renewLeases(database, leases, leaseMs),
    release: (lease: MigrationLease, restMs: number, returnsAttempt: boolean) =>
      releaseLease(database, lease, restMs, returnsAttempt),
    readSubject: (migrationId: Uuid) => readMigrationSubject(database, migrationId),
    record: (lease: MigrationLease, record: MigrationRecord) =>
      inTransaction(database, connection =>
        writeRecord(connection, lease, record, { isObjectLocked: false }),
      ),
    reportProgress: (lease: MigrationLease, evidence: MigrationEvidence) =>
      reportProgress(database, lease, evidence),
    withObjectLock: <T>(
      lease: MigrationLease,
      objectId: ObjectId,
      waitMsMax: number,
      work: (locked: LockedLedger) => Promise<T>,
    ) => underObjectLock(database, lease, objectId, waitMsMax, work),
  }
}

interface ClaimOptions {
  readonly worker: string
  readonly limit: number
  readonly leaseMs: number
}

/**
 * Leases due migrations by the database's clock. Up to half of them end their grace, so that a long queue of
 * moves does not keep every object paid for twice; the others are taken by priority.
 */
async function claimMigrations(
  queryable: Queryable,
  options: ClaimOptions,
): Promise<readonly ClaimedMigration[]> {
  const { rows } = await queryable.query<MigrationRow & { taken_over_from: string | null }>({
    name: 'migration_claim',
    text: `
      with ending as (
        select id, lease_owner as taken_over_from
        from migration
        where finished_at is null and not paused and grace_until_ms is not null and not_before <= now()
          and (lease_expires_at is null or lease_expires_at < now())
        order by not_before, id
        limit ($1::int + 1) / 2
        for update skip locked
      ), moving as (
        select id, lease_owner as taken_over_from
        from migration
        where finished_at is null and not paused and grace_until_ms is null and not_before <= now()
          and (lease_expires_at is null or lease_expires_at < now())
        order by priority desc, not_before, id
        limit $1::int - (select count(*) from ending)
        for update skip locked
      ), due as (
        select * from ending union all select * from moving
      ), leased as (
        update migration m
        set lease_owner = $2, lease_expires_at = now() + $3::double precision * interval '1 millisecond',
            fencing_token = m.fencing_token + 1
        from due
        where m.id = due.id
        returning ${MIGRATION_COLUMNS}, due.taken_over_from, m.not_before
      )
      select * from leased order by priority desc, not_before, id`,
    values: [options.limit, options.worker, options.leaseMs],
  })
  return rows.map(row => ({ ...migrationOf(row), takenOverFrom: row.taken_over_from }))
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

/** The ledger while an object is locked; see migration/ledger. */
interface LockedLedger {
  readSubject(): Promise<MigrationSubject>
  copiesAt(place: NativePlace): Promise<readonly Copy[]>
  copies(): Promise<readonly Copy[]>
  record(record: MigrationRecord): Promise<Migration>
}

async function underObjectLock<T>(
  database: Database,
  lease: MigrationLease,
  objectId: ObjectId,
  waitMsMax: number,
  work: (locked: LockedLedger) => Promise<T>,
): Promise<T> {
  try {
    return await withObjectLock(database, objectId, waitMsMax, async connection => {
      await holdMigration(connection, lease)
      return work({
        readSubject: () => readMigrationSubject(connection, lease.migrationId),
        copiesAt: place => listCopiesAt(connection, objectId, place),
        copies: async () => (await listPlacedCopies(connection, objectId)).map(({ copy }) => copy),
        record: record => writeRecord(connection, lease, record, { isObjectLocked: true }),
      })
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error
    throw new LedgerError('busy', `object ${objectId} is being written by somebody else`, error)
  }
}

/** Holds the migration's row, so that nobody can lease it, until the transaction ends. */
async function holdMigration(connection: Queryable, lease: MigrationLease): Promise<void> {
  const { rowCount } = await connection.query({
    name: 'migration_hold',
    text: `
      select from migration
      where id = $1 and fencing_token = $2 and lease_owner = $3 and finished_at is null
      for update`,
    values: [lease.migrationId, lease.fencingToken, lease.worker],
  })
  if (rowCount !== 1) throw fenced(lease)
}

interface SubjectRow {
  bucket_id: Uuid
  bucket_name: string
  bucket_mode: BucketMode
  owns_target_container: boolean
  object_id: ObjectId
  key: string
  generation: number
  placement_version: number
  is_present: boolean
  is_quarantined: boolean
  size: number | null
  etag: string
  headers: ContentHeaders
  metadata: Record<string, string>
  sha256: string | null
  sha256_source: DigestSource | null
  crc64nvme: string | null
  source: CopyRow | null
  target: CopyRow | null
}

/** What a migration is about, as the catalog says now. Throws when there is no such migration. */
async function readMigrationSubject(queryable: Queryable, migrationId: Uuid): Promise<MigrationSubject> {
  const { rows } = await queryable.query<SubjectRow>({
    name: 'migration_subject',
    text: `
      select b.id as bucket_id, b.name as bucket_name, b.mode as bucket_mode,
             exists (
               select 1 from location target
               join container_owner theirs
                 on theirs.store_id = target.store_id and theirs.container = target.container
               where target.id = m.target_location_id and theirs.bucket_id = b.id
             ) as owns_target_container, o.id as object_id, o.key,
             o.generation, o.placement_version, o.is_present,
             o.quarantined_because is not null as is_quarantined, v.size, v.etag, v.headers, v.metadata,
             encode(v.sha256, 'hex') as sha256, v.sha256_source, encode(v.crc64nvme, 'hex') as crc64nvme,
             (select to_jsonb(found) from (
                select ${COPY_COLUMNS} from copy c where c.object_id = o.id and c.id = m.source_copy_id
              ) as found) as source,
             (select to_jsonb(found) from (
                select ${COPY_COLUMNS} from copy c where c.object_id = o.id and c.id = m.target_copy_id
              ) as found) as target
      from migration m
      join object o on o.id = m.object_id
      join bucket b on b.id = o.bucket_id
      left join object_version v on v.object_id = m.object_id and v.generation = m.generation
      where m.id = $1`,
    values: [migrationId],
  })
  const row = rows[0]
  if (row === undefined) throw new Error(`there is no migration ${migrationId} with an object`)
  return { ...subjectOf(row), source: copyIn(row.source), target: copyIn(row.target) }
}

/** Copies come as JSON, so that one statement tells everything. */
function copyIn(row: CopyRow | null): Copy | null {
  return row === null ? null : copyOf(row)
}

function subjectOf(row: SubjectRow): Omit<MigrationSubject, 'source' | 'target'> {
  return {
    bucket: {
      id: row.bucket_id,
      name: row.bucket_name,
      mode: row.bucket_mode,
      ownsTargetContainer: row.owns_target_container,
    },
    object: {
      id: row.object_id,
      key: row.key,
      generation: row.generation,
      placementVersion: row.placement_version,
      isPresent: row.is_present,
      isQuarantined: row.is_quarantined,
    },
    version:
      row.size === null
        ? null
        : {
            size: row.size,
            etag: row.etag,
            headers: row.headers,
            metadata: row.metadata,
            digests: { sha256: row.sha256, sha256Source: row.sha256_source, crc64nvme: row.crc64nvme },
          },
  }
}
