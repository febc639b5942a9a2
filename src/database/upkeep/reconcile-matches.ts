import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { arrayLiteral } from '../array-literal.ts'
import { COPY_COLUMNS, type PlacedCopy, type PlacedCopyRow, placedCopyOf } from '../catalog/copies.ts'
import type { Queryable } from '../postgres.ts'

/** The container a run compares. */
export interface ReconciledContainer {
  readonly storeId: Uuid
  readonly container: string
}

/** What the catalog knows of some objects in one container. */
export interface CatalogMatches {
  readonly copies: readonly PlacedCopy[]
  /** Objects that a write or a move of our own may be bringing there now. */
  readonly underWay: ReadonlySet<ObjectId>
}

/** All copies of these objects in a container, and which of the objects something is under way with. */
export async function matchCatalog(
  queryable: Queryable,
  { storeId, container }: ReconciledContainer,
  objectIds: readonly ObjectId[],
): Promise<CatalogMatches> {
  const ids = arrayLiteral(objectIds)
  const copies = await queryable.query<PlacedCopyRow>({
    name: 'reconcile_match',
    text: `
      select ${COPY_COLUMNS}, l.store_id, l.container
      from object o
      join copy c on c.object_id = o.id
      join location l on l.id = c.location_id and l.store_id = $1 and l.container = $2
      where o.id = any ($3::uuid[])`,
    values: [storeId, container, ids],
  })
  const { rows } = await queryable.query<{ id: ObjectId }>({
    name: 'reconcile_under_way',
    text: `
      select object_id as id from write_intent where object_id = any ($1::uuid[])
      union
      select object_id from migration where object_id = any ($1::uuid[]) and finished_at is null`,
    values: [ids],
  })
  return { copies: copies.rows.map(placedCopyOf), underWay: new Set(rows.map(row => row.id)) }
}

/** Notes copies whose place was in the inventory. */
export async function noteSeenCopies(
  queryable: Queryable,
  runId: Uuid,
  copies: readonly { readonly objectId: ObjectId; readonly id: Uuid }[],
): Promise<void> {
  if (copies.length === 0) return
  await queryable.query({
    name: 'reconcile_note_seen',
    text: `insert into reconcile_seen (run_id, object_id, copy_id)
           select $1, object_id, copy_id from unnest($2::uuid[], $3::uuid[]) as s (object_id, copy_id)
           on conflict do nothing`,
    values: [
      runId,
      arrayLiteral(copies.map(copy => copy.objectId)),
      arrayLiteral(copies.map(copy => copy.id)),
    ],
  })
}

/** States in which the bytes of a copy must lie in their place. */
const IS_THERE = `c.state in ('complete', 'grace', 'retained', 'suspect')`

/**
 * Whether copy `c` of object `o` belongs to what an inventory taken at $4 should have shown. A copy's id tells
 * when its row was made; a younger one need not be in the inventory.
 */
const SHOULD_BE_LISTED = `
  l.store_id = $1 and l.container = $2 and ${IS_THERE} and starts_with(coalesce(c.native_key, o.key), $3)
  and c.id < $4::uuid`

/** What an unseen copy is asked for with. */
export interface UnlistedCopy extends PlacedCopy {
  readonly bucketId: Uuid
  readonly key: string
}

/** A page of the copies that should have been in the inventory and were not, in the order of their ids. */
export async function listUnlistedCopies(
  queryable: Queryable,
  run: ReconciledContainer & { readonly id: Uuid; readonly prefix: string; readonly takenAt: Date },
  page: {
    readonly after: { readonly objectId: ObjectId; readonly copyId: Uuid } | null
    readonly limit: number
  },
): Promise<UnlistedCopy[]> {
  const { rows } = await queryable.query<PlacedCopyRow & { bucket_id: Uuid; key: string }>({
    name: 'reconcile_unlisted',
    text: `
      select ${COPY_COLUMNS}, l.store_id, l.container, o.bucket_id, o.key
      from copy c
      join object o on o.id = c.object_id
      join location l on l.id = c.location_id
      where ${SHOULD_BE_LISTED} and (c.object_id, c.id) > ($5::uuid, $6::uuid)
        and not exists (select from reconcile_seen s
                        where s.run_id = $7 and s.object_id = c.object_id and s.copy_id = c.id)
      order by c.object_id, c.id limit $8`,
    values: [
      run.storeId,
      run.container,
      run.prefix,
      firstIdAfter(run.takenAt),
      page.after?.objectId ?? NIL,
      page.after?.copyId ?? NIL,
      run.id,
      page.limit,
    ],
  })
  return rows.map(row => ({ ...placedCopyOf(row), bucketId: row.bucket_id, key: row.key }))
}

/** How many copies the inventory should have shown, and how many of them it did not. */
export async function countUnlistedCopies(
  queryable: Queryable,
  run: ReconciledContainer & { readonly id: Uuid; readonly prefix: string; readonly takenAt: Date },
): Promise<{ expected: number; unlisted: number }> {
  const { rows } = await queryable.query<{ expected: number; unlisted: number }>({
    name: 'reconcile_count_unlisted',
    text: `
      select count(*) as expected, count(*) filter (where s.run_id is null) as unlisted
      from copy c
      join object o on o.id = c.object_id
      join location l on l.id = c.location_id
      left join reconcile_seen s on s.run_id = $5 and s.object_id = c.object_id and s.copy_id = c.id
      where ${SHOULD_BE_LISTED}`,
    values: [run.storeId, run.container, run.prefix, firstIdAfter(run.takenAt), run.id],
  })
  return rows[0]!
}

/** Forgets which copies a run saw. */
export async function forgetSeenCopies(queryable: Queryable, runId: Uuid): Promise<void> {
  await queryable.query('delete from reconcile_seen where run_id = $1', [runId])
}

/** A copy that is no longer needed and that nobody deletes by itself. */
export interface LeftoverCopy extends UnlistedCopy {
  readonly state: 'retained' | 'suspect'
  readonly migrationId: Uuid | null
}

/** A page of the retained and suspect copies of a container that are not what readers get. */
export async function listLeftoverCopies(
  queryable: Queryable,
  run: ReconciledContainer & { readonly prefix: string },
  page: {
    readonly after: { readonly objectId: ObjectId; readonly copyId: Uuid } | null
    readonly limit: number
  },
): Promise<LeftoverCopy[]> {
  const { rows } = await queryable.query<
    PlacedCopyRow & { bucket_id: Uuid; key: string; migration_id: Uuid | null }
  >({
    name: 'reconcile_leftovers',
    text: `
      select ${COPY_COLUMNS}, l.store_id, l.container, o.bucket_id, o.key, c.migration_id
      from copy c
      join object o on o.id = c.object_id
      join location l on l.id = c.location_id
      where l.store_id = $1 and l.container = $2 and c.state in ('retained', 'suspect') and not c.is_primary
        and starts_with(coalesce(c.native_key, o.key), $3) and (c.object_id, c.id) > ($4::uuid, $5::uuid)
      order by c.object_id, c.id limit $6`,
    values: [
      run.storeId,
      run.container,
      run.prefix,
      page.after?.objectId ?? NIL,
      page.after?.copyId ?? NIL,
      page.limit,
    ],
  })
  return rows.map(row => ({
    ...placedCopyOf(row),
    bucketId: row.bucket_id,
    key: row.key,
    state: row.state as 'retained' | 'suspect',
    migrationId: row.migration_id,
  }))
}

/** A migration that may have published bytes: whether it has ended, and where it was to bring them. */
export interface PublishingMigration {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly generation: number
  readonly hasEnded: boolean
  readonly storeId: Uuid
  readonly container: string
  /** Null when it had not come so far. */
  readonly targetKey: string | null
  readonly bucketId: Uuid
  readonly key: string
}

/** Those of these ids that are migrations of ours. */
export async function findPublishingMigrations(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, PublishingMigration>> {
  if (ids.length === 0) return new Map()
  const { rows } = await queryable.query<PublishingMigration>({
    name: 'reconcile_publishers',
    text: `
      select m.id, m.object_id as "objectId", m.generation, m.finished_at is not null as "hasEnded",
             l.store_id as "storeId", l.container, m.evidence ->> 'targetKey' as "targetKey",
             m.bucket_id as "bucketId", m.key
      from migration m join location l on l.id = m.target_location_id
      where m.id = any ($1::uuid[])`,
    values: [arrayLiteral(ids)],
  })
  return new Map(rows.map(row => [row.id, row]))
}

/**
 * Which of these uploads were begun by migrations of these objects that have ended: nobody needs them any
 * more.
 */
export async function findEndedUploads(
  queryable: Queryable,
  uploads: readonly { readonly objectId: ObjectId; readonly uploadId: string }[],
): Promise<ReadonlySet<string>> {
  if (uploads.length === 0) return new Set()
  const { rows } = await queryable.query<{ id: string }>({
    name: 'reconcile_ended_uploads',
    text: `
      select u.upload_id as id
      from unnest($1::uuid[], $2::text[]) as u (object_id, upload_id)
      join migration m on m.object_id = u.object_id and m.evidence ->> 'uploadId' = u.upload_id
      group by u.upload_id having bool_and(m.finished_at is not null)`,
    values: [uploads.map(upload => upload.objectId), uploads.map(upload => upload.uploadId)],
  })
  return new Set(rows.map(row => row.id))
}

/**
 * Hands a copy that is not there, or not itself, to repair. Where the object has another complete copy the
 * scrubber looks at this primary copy next: it proves the other one, makes it primary and rebuilds this one.
 * Another copy that is bad is rebuilt from the primary. With no complete copy left the object is kept from
 * being moved until a person looked. A copy whose storage class is being changed is left alone. Call it under
 * the object's lock.
 */
export async function suspectLostCopy(
  connection: Queryable,
  copy: { readonly objectId: ObjectId; readonly id: Uuid },
  verdict: 'missing' | 'changed',
  because: string,
): Promise<void> {
  await connection.query({
    name: 'reconcile_suspect',
    text: `
      with other as (
        select exists (select from copy c join object o on o.id = c.object_id
                       where c.object_id = $1 and c.id <> $2 and c.generation = o.generation
                         and c.state = 'complete') as is_left
      )
      update copy
      set state = case when is_primary and other.is_left then state else 'suspect' end,
          grace_until_ms = null,
          scrubbed_ms = case when is_primary and other.is_left then 0 else scrubbed_ms end,
          scrub_verdict = case when is_primary and other.is_left then scrub_verdict else $3 end
      from other
      where object_id = $1 and id = $2 and state in ('complete', 'retained')
        -- While its storage class is being changed it has another identity, and its migration finds out.
        and not exists (select from migration m
                        where m.object_id = $1 and m.finished_at is null and m.source_copy_id = $2
                          and m.kind = 'reclassify')`,
    values: [copy.objectId, copy.id, verdict],
  })
  await connection.query({
    name: 'reconcile_quarantine',
    text: `
      update object o set quarantined_because = coalesce(quarantined_because, $2)
      where o.id = $1 and o.is_present and not exists (
        select from copy c where c.object_id = o.id and c.generation = o.generation
          and c.state in ('complete', 'grace'))`,
    values: [copy.objectId, because],
  })
}

/** The smallest id that could be made after a moment: ids begin with their milliseconds. */
function firstIdAfter(at: Date): Uuid {
  const hex = (at.getTime() + 1).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

const NIL = '00000000-0000-0000-0000-000000000000'
