import { randomUUID } from 'node:crypto'
import type { BucketMode } from '../../domain/bucket.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { NativePlace } from '../../domain/migration-record.ts'
import type { Copy, CopyState, StoreIdentity } from '../../domain/object.ts'
import type { Queryable } from '../postgres.ts'
import { deletionLandsInMs } from '../writes/deletions-in-flight.ts'
import { wasFoundBad } from './found-bad.ts'

/** A copy's row with the key it lies under. */
export interface CopyRow {
  id: Uuid
  object_id: ObjectId
  generation: number
  location_id: Uuid
  state: CopyState
  is_primary: boolean
  native_key: string
  etag: string | null
  version_id: string | null
  size: number
  entered_ms: number
  grace_until_ms: number | null
  verified_ms: number | null
  doubts: number
}

/** The columns of a {@link CopyRow}: copy is `c`, its object `o`. */
export const COPY_COLUMNS = `
  c.id, c.object_id, c.generation, c.location_id, c.state, c.is_primary,
  coalesce(c.native_key, o.key) as native_key, c.etag, c.version_id, c.size, c.entered_ms,
  c.grace_until_ms, c.verified_ms, c.doubts`

/** The copy a row speaks of. */
export function copyOf(row: CopyRow): Copy {
  return {
    id: row.id,
    objectId: row.object_id,
    generation: row.generation,
    locationId: row.location_id,
    state: row.state,
    isPrimary: row.is_primary,
    nativeKey: row.native_key,
    identity: { etag: row.etag, versionId: row.version_id },
    size: row.size,
    enteredAt: row.entered_ms,
    graceUntil: row.grace_until_ms,
    verifiedAt: row.verified_ms,
    ...(row.doubts > 0 ? { doubts: row.doubts } : {}),
  }
}

/** A copy of a sample, and whether others than we may have changed it. */
export interface SampledCopy {
  readonly copy: Copy
  readonly isOurs: boolean
}

/**
 * Complete copies of a location, at most `limit` of those that came last and as many others from a random place on:
 * what an older copy of the whole location has not is among the former. Looks through the location's copies: for
 * people's rare questions.
 */
export async function sampleCopies(
  queryable: Queryable,
  locationId: Uuid,
  limit: number,
): Promise<SampledCopy[]> {
  const { rows } = await queryable.query<CopyRow & { is_ours: boolean }>(
    `with picked as (
       (select object_id, id from copy where location_id = $1 and state = 'complete'
        order by entered_ms desc limit $2)
       union
       (select object_id, id from copy where location_id = $1 and state = 'complete'
          and object_id >= $3
        order by object_id limit $2)
     )
     select ${COPY_COLUMNS}, coalesce(b.mode = 'exclusive', true) as is_ours
     from picked join copy c on c.object_id = picked.object_id and c.id = picked.id
     join object o on o.id = c.object_id left join bucket b on b.id = o.bucket_id`,
    [locationId, limit, randomUUID()],
  )
  return rows.map(row => ({ copy: copyOf(row), isOurs: row.is_ours }))
}

/**
 * Whether an upload in parts that was to become the copy `c` may be left at its store: a condition. Only the
 * copy's row leads the sweeper to it, which aborts it before it keeps the copy. A migration that is under way may
 * be about to note one.
 */
export const HAS_UPLOAD_LEFT = `
  (c.state in ('staging', 'deleting') and exists (
          select from migration made
          where made.id = c.migration_id and made.target_copy_id = c.id
            and (made.evidence ->> 'uploadId' is not null
                 or (c.state = 'staging' and made.finished_at is null))))`

/** A copy and the place of its bytes. */
export interface PlacedCopy {
  readonly copy: Copy
  readonly place: NativePlace
}

/** A copy's row with the place of its bytes. */
export interface PlacedCopyRow extends CopyRow {
  store_id: Uuid
  container: string
}

/** The copy and the place a row speaks of. */
export function placedCopyOf(row: PlacedCopyRow): PlacedCopy {
  const place = { storeId: row.store_id, container: row.container, nativeKey: row.native_key }
  return { copy: copyOf(row), place }
}

/** All copies of these objects, in any state; an object has a handful at most. */
export async function listPlacedCopies(
  queryable: Queryable,
  objectIds: readonly ObjectId[],
): Promise<PlacedCopy[]> {
  const { rows } = await queryable.query<PlacedCopyRow>({
    name: 'copy_list_placed',
    text: `
      select ${COPY_COLUMNS}, l.store_id, l.container
      from object o
      join copy c on c.object_id = o.id
      join location l on l.id = c.location_id
      where o.id = any ($1::uuid[])`,
    values: [objectIds],
  })
  return rows.map(placedCopyOf)
}

/** A copy that is to be swept away, with all that is needed to do it safely. */
export interface CopyToSweep {
  readonly copy: Copy
  readonly place: NativePlace
  readonly bucket: { readonly id: Uuid; readonly name: string; readonly mode: BucketMode }
  readonly key: string
  /** The migration that made it, or null. */
  readonly migrationId: Uuid | null
  /** Whether its bytes were wrong, or not to be had, when somebody read or looked at them last. */
  readonly wasFoundBad: boolean
  /** Whether it holds what readers are to get of the object now. */
  readonly isOfPresentContent: boolean
  /** The multipart upload that was to become this copy; null when there was none or it is complete. */
  readonly uploadId: string | null
  /** For how long a deletion that was cut off may still take bytes of the object away, in milliseconds. */
  readonly deletionLandsInMs: number
  /**
   * The storage class into which a change of the copy's was begun whose outcome nobody wrote down: its bytes may
   * have it, and another identity; null when there is none.
   */
  readonly begunClass: string | null
  /** Whether a copy of the object may have another identity than its row says, as its class is being changed. */
  readonly isClassChanging: boolean
}

interface SweepRow extends CopyRow {
  store_id: Uuid
  container: string
  bucket_id: Uuid
  bucket_name: string
  bucket_mode: BucketMode
  key: string
  migration_id: Uuid | null
  upload_id: string | null
  was_found_bad: boolean
  is_of_present_content: boolean
  deletion_lands_in_ms: number
  begun_class: string | null
  is_class_changing: boolean
}

const SWEEP = `
  select ${COPY_COLUMNS}, l.store_id, l.container, b.id as bucket_id, b.name as bucket_name,
         b.mode as bucket_mode, o.key, c.migration_id, made.evidence ->> 'uploadId' as upload_id,
         coalesce(${wasFoundBad('c')}, false) as was_found_bad,
         o.is_present and o.generation = c.generation as is_of_present_content,
         ${deletionLandsInMs('o.id')} as deletion_lands_in_ms,
         (select there.storage_class
          from migration begun join location there on there.id = begun.target_location_id
          where begun.object_id = c.object_id and begun.source_copy_id = c.id and begun.kind = 'reclassify'
            and begun.evidence ->> 'classChangeBegun' = 'true' and begun.evidence -> 'targetIdentity' is null
          order by begun.id desc limit 1) as begun_class,
         exists (select from migration changing
                 where changing.object_id = c.object_id and changing.kind = 'reclassify'
                   and changing.finished_at is null) as is_class_changing
  from copy c
  join object o on o.id = c.object_id
  join bucket b on b.id = o.bucket_id
  join location l on l.id = c.location_id
  left join migration made on made.id = c.migration_id and made.target_copy_id = c.id`

/**
 * Copies in state `deleting` that nobody reads any more: at most `limit`, without those that were just tried
 * in vain and those of locations that just failed.
 */
export async function listCopiesToSweep(
  queryable: Queryable,
  options: {
    readonly limit: number
    readonly exceptCopyIds: readonly Uuid[]
    readonly exceptLocationIds: readonly Uuid[]
  },
): Promise<CopyToSweep[]> {
  const { rows } = await queryable.query<SweepRow>({
    name: 'copy_list_to_sweep',
    text: `${SWEEP}
      where c.state = 'deleting' and c.id <> all ($2::uuid[]) and c.location_id <> all ($3::uuid[])
      limit $1`,
    values: [options.limit, options.exceptCopyIds, options.exceptLocationIds],
  })
  return rows.map(copyToSweepOf)
}

/** One copy again if it is still `deleting`, its row held until the transaction ends. */
export async function lockCopyToSweep(
  connection: Queryable,
  objectId: ObjectId,
  copyId: Uuid,
): Promise<CopyToSweep | null> {
  const { rows } = await connection.query<SweepRow>({
    name: 'copy_lock_to_sweep',
    text: `${SWEEP} where c.object_id = $1 and c.id = $2 and c.state = 'deleting' for update of c`,
    values: [objectId, copyId],
  })
  return rows[0] === undefined ? null : copyToSweepOf(rows[0])
}

/**
 * Forgets a copy whose bytes are gone, and that they were to go, if the store answered: a deletion that it
 * did not answer may land later.
 */
export async function deleteCopyRow(
  connection: Queryable,
  objectId: ObjectId,
  copyId: Uuid,
  options: { readonly isAnswered: boolean },
): Promise<void> {
  await connection.query({
    name: 'copy_delete_row',
    text: `
      with landed as (delete from deletion_in_flight where object_id = $1 and copy_id = $2 and $3)
      delete from copy where object_id = $1 and id = $2 and not is_primary`,
    values: [objectId, copyId, options.isAnswered],
  })
}

/**
 * Notes that the bytes in the place of a copy say that they are its content and are not the ones it had:
 * they are neither read nor deleted until a person looks. `identity` is theirs where they were published for the
 * copy; null leaves the row's. What an earlier look found goes, so that nobody rebuilds a copy that nobody wants:
 * who lets go of it doubts it again.
 */
export async function suspectCopy(
  connection: Queryable,
  objectId: ObjectId,
  copyId: Uuid,
  identity: StoreIdentity | null,
): Promise<void> {
  await connection.query({
    name: 'copy_suspect',
    text: `update copy set state = 'suspect', grace_until_ms = null, scrub_verdict = null,
             etag = case when $3 then $4 else etag end, version_id = case when $3 then $5 else version_id end
           where object_id = $1 and id = $2 and not is_primary`,
    values: [objectId, copyId, identity !== null, identity?.etag ?? null, identity?.versionId ?? null],
  })
}

/**
 * Nobody vouches for a copy any more, because a reader was given other bytes: its proof is forgotten. The scrubber
 * looks at it first, and no other copy goes that it took the place of, or because of it, until it was read once more.
 */
export async function doubtCopy(queryable: Queryable, objectId: ObjectId, copyId: Uuid): Promise<void> {
  await queryable.query({
    name: 'copy_doubt',
    text: `update copy set verified_ms = null, scrubbed_ms = null, doubts = doubts + 1
           where object_id = $1 and id = $2 and state in ('complete', 'grace')`,
    values: [objectId, copyId],
  })
}

/** Keeps a superseded copy that may not be deleted: nobody tries again by itself. */
export async function retainCopy(connection: Queryable, objectId: ObjectId, copyId: Uuid): Promise<void> {
  await connection.query({
    name: 'copy_retain',
    text: `update copy set state = 'retained', grace_until_ms = null
           where object_id = $1 and id = $2 and not is_primary`,
    values: [objectId, copyId],
  })
}

/**
 * Hands copies that were being written for a migration that has ended to the sweeper. Resolves to how many.
 * Staging rows are few: `copy_leftover` finds them per location.
 */
export async function abandonStagingCopies(queryable: Queryable, limit: number): Promise<number> {
  const { rowCount } = await queryable.query({
    name: 'copy_abandon_staging',
    text: `
      update copy set state = 'deleting'
      from (
        select c.object_id, c.id
        from copy c
        join migration m on m.id = c.migration_id
        where c.state = 'staging' and (m.finished_at is not null or m.target_copy_id <> c.id)
        limit $1
      ) as abandoned
      where copy.object_id = abandoned.object_id and copy.id = abandoned.id and copy.state = 'staging'`,
    values: [limit],
  })
  return rowCount ?? 0
}

function copyToSweepOf(row: SweepRow): CopyToSweep {
  return {
    copy: copyOf(row),
    place: { storeId: row.store_id, container: row.container, nativeKey: row.native_key },
    bucket: { id: row.bucket_id, name: row.bucket_name, mode: row.bucket_mode },
    key: row.key,
    migrationId: row.migration_id,
    wasFoundBad: row.was_found_bad,
    isOfPresentContent: row.is_of_present_content,
    uploadId: row.upload_id,
    deletionLandsInMs: row.deletion_lands_in_ms,
    begunClass: row.begun_class,
    isClassChanging: row.is_class_changing,
  }
}
