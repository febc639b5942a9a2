import type { BucketMode } from '../../domain/bucket.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { MigrationLease, MigrationSubject } from '../../domain/migration-record.ts'
import type { ContentHeaders, Copy, DigestSource } from '../../domain/object.ts'
import { arrayLiteral } from '../array-literal.ts'
import { copyOf, type PlacedCopy, type PlacedCopyRow, placedCopyOf } from '../catalog/copies.ts'
import type { Connection, Queryable } from '../postgres.ts'
import { deletionLandsInMs } from '../writes/deletions-in-flight.ts'

interface SubjectRow {
  migration_id: Uuid
  bucket_id: Uuid
  bucket_name: string
  bucket_mode: BucketMode
  owns_target_container: boolean
  encryption_required: boolean
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
  tags: Record<string, string>
  sha256: string | null
  sha256_source: DigestSource | null
  crc64nvme: string | null
  source_copy_id: Uuid
  target_copy_id: Uuid
  deletion_lands_in_ms: number
  now_ms: number
}

/**
 * What migrations are about, as the catalog says now, by their ids. An object that went with its bucket is one
 * that was deleted, of generation 0.
 */
export async function readMigrationSubjects(
  queryable: Queryable,
  migrationIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, MigrationSubject>> {
  const ids = arrayLiteral(migrationIds)
  const [{ rows }, copies] = await Promise.all([
    queryable.query<SubjectRow>({
      name: 'migration_subjects',
      text: `select ${SUBJECT_COLUMNS} from migration m ${SUBJECT_JOINS} where m.id = any ($1::uuid[])`,
      values: [ids],
    }),
    queryable.query<PlacedCopyRow>({
      name: 'migration_subject_copies',
      text: `
        ${SELECT_COPIES}
        where c.object_id = any (array(select object_id from migration where id = any ($1::uuid[])))`,
      values: [ids],
    }),
  ])
  const copiesOf = byObject(copies.rows)
  return new Map(rows.map(row => [row.migration_id, subjectOf(row, copiesOf.get(row.object_id) ?? [])]))
}

/** A migration whose row is held, what it is about, and all copies of its object. */
export interface HeldMigration {
  readonly subject: MigrationSubject
  readonly copies: readonly PlacedCopy[]
}

/**
 * Holds the rows of those of these migrations whose leases are the newest, so that nobody can lease them until
 * the transaction ends. The others are missing, as are, with `skipsLocked`, those that somebody else holds.
 * What is told of their objects is as the statement finds it: lock the objects before.
 */
export async function holdMigrations(
  connection: Connection,
  leases: readonly MigrationLease[],
  options: { readonly skipsLocked: boolean },
): Promise<ReadonlyMap<Uuid, HeldMigration>> {
  const [{ rows }, copies] = await Promise.all([
    connection.query<SubjectRow>({
      name: options.skipsLocked ? 'migration_hold_free' : 'migration_hold',
      text: `
        select ${SUBJECT_COLUMNS}
        from unnest($1::uuid[], $2::bigint[], $3::text[]) as lease (id, fencing_token, worker)
        join migration m
          on m.id = lease.id and m.fencing_token = lease.fencing_token and m.lease_owner = lease.worker
            and m.finished_at is null
        ${SUBJECT_JOINS}
        where m.id = any ($1::uuid[])
        order by m.id
        for update of m ${options.skipsLocked ? 'skip locked' : ''}`,
      values: [
        arrayLiteral(leases.map(lease => lease.migrationId)),
        leases.map(lease => lease.fencingToken),
        leases.map(lease => lease.worker),
      ],
    }),
    connection.query<PlacedCopyRow>({
      name: 'migration_held_copies',
      text: `${SELECT_COPIES} where c.object_id = any ($1::uuid[])`,
      values: [arrayLiteral(leases.map(lease => lease.objectId))],
    }),
  ])
  const copiesOf = byObject(copies.rows)
  return new Map(
    rows.map(row => {
      const found = copiesOf.get(row.object_id) ?? []
      return [
        row.migration_id,
        { subject: subjectOf(row, found), copies: found.map(copy => placedCopyOf(keyed(copy, row))) },
      ]
    }),
  )
}

const SUBJECT_COLUMNS = `
  m.id as migration_id, m.source_copy_id, m.target_copy_id, m.bucket_id, coalesce(b.name, '') as bucket_name,
  coalesce(b.mode, 'observed') as bucket_mode,
  exists (
    select 1 from location target
    join container_owner theirs on theirs.store_id = target.store_id and theirs.container = target.container
    where target.id = m.target_location_id and theirs.bucket_id = b.id
  ) as owns_target_container,
  coalesce(
    (select p.spec ->> 'encryption' = 'required' from policy p where p.id = b.policy_id), false
  ) as encryption_required,
  ${deletionLandsInMs('m.object_id')} as deletion_lands_in_ms,
  floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, m.object_id, m.key,
  coalesce(o.generation, 0) as generation, coalesce(o.placement_version, 0) as placement_version,
  coalesce(o.is_present, false) as is_present, o.quarantined_because is not null as is_quarantined,
  v.size, v.etag, v.headers, v.metadata, v.tags,
  encode(v.sha256, 'hex') as sha256, v.sha256_source, encode(v.crc64nvme, 'hex') as crc64nvme`

/** Copies; those that lie under their object's own key have none here. */
const SELECT_COPIES = `
  select c.id, c.object_id, c.generation, c.location_id, c.state, c.is_primary, c.native_key, c.etag, c.version_id,
         c.size, c.entered_ms, c.grace_until_ms, c.verified_ms, c.doubts, l.store_id, l.container
  from copy c join location l on l.id = c.location_id`

function byObject(copies: readonly PlacedCopyRow[]): ReadonlyMap<ObjectId, PlacedCopyRow[]> {
  return Map.groupBy(copies, copy => copy.object_id)
}

function keyed(copy: PlacedCopyRow, { key }: SubjectRow): PlacedCopyRow {
  return { ...copy, native_key: copy.native_key ?? key }
}

/** Each row is looked up by its key, one after the other. */
const SUBJECT_JOINS = `
  left join lateral (select * from object where id = m.object_id offset 0) as o on true
  left join lateral (
    select * from object_version where object_id = m.object_id and generation = m.generation offset 0
  ) as v on true
  left join bucket b on b.id = o.bucket_id`

function subjectOf(row: SubjectRow, copies: readonly PlacedCopyRow[]): MigrationSubject {
  return {
    bucket: {
      id: row.bucket_id,
      name: row.bucket_name,
      mode: row.bucket_mode,
      ownsTargetContainer: row.owns_target_container,
      encryptionRequired: row.encryption_required,
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
            tags: row.tags,
            digests: { sha256: row.sha256, sha256Source: row.sha256_source, crc64nvme: row.crc64nvme },
          },
    source: copyIn(row, copies, row.source_copy_id),
    target: copyIn(row, copies, row.target_copy_id),
    copies: copies.map(copy => copyOf(keyed(copy, row))),
    now: row.now_ms,
    deletionLandsInMs: row.deletion_lands_in_ms,
  }
}

function copyIn(row: SubjectRow, copies: readonly PlacedCopyRow[], copyId: Uuid): Copy | null {
  const found = copies.find(copy => copy.id === copyId)
  return found === undefined ? null : copyOf(keyed(found, row))
}
