import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** An object as a listing shows it, ready for the catalog. */
export interface ListedForCatalog {
  readonly objectId: ObjectId
  /** Ascends with the order of listing; see {@link insertListedObjects}. */
  readonly copyId: Uuid
  readonly locationId: Uuid
  readonly key: string
  readonly size: number
  /** What clients see, without quotes; a foreign multipart ETag is kept as it is. */
  readonly etag: string
  /** What the store says these bytes are; null where it keeps no ETags. */
  readonly nativeEtag: string | null
  readonly lastModifiedMs: number
}

/** A location as an import needs it. */
export interface ContainerLocation {
  readonly id: Uuid
  readonly storeId: Uuid
  readonly container: string
  readonly storageClass: string | null
}

/** The location and all others of the same container, which differ in storage class. Empty if it is gone. */
export async function listContainerLocations(
  database: Queryable,
  locationId: Uuid,
): Promise<ContainerLocation[]> {
  const { rows } = await database.query<ContainerLocation>(
    `select other.id, other.store_id as "storeId", other.container, other.storage_class as "storageClass"
     from location as imported
     join location as other on other.store_id = imported.store_id and other.container = imported.container
     where imported.id = $1`,
    [locationId],
  )
  return rows
}

/** What became of the objects handed over. */
export interface InsertedObjects {
  readonly objects: number
  readonly bytes: number
}

/**
 * Enters objects the catalog does not know: object, first version and primary copy, in one statement. An
 * object the catalog knows (also as deleted) is left as it is, because the catalog is newer than any listing;
 * {@link findDifferingObjects} tells which of them deserve a second look.
 */
export async function insertListedObjects(
  database: Queryable,
  bucketId: Uuid,
  listed: readonly ListedForCatalog[],
  options: { modelNowMs: number; principal: Principal },
): Promise<InsertedObjects> {
  const { rows } = await database.query<InsertedObjects>({
    name: 'import-insert-objects',
    text: INSERT,
    values: [
      bucketId,
      plainArray(listed.map(object => object.objectId)),
      plainArray(listed.map(object => object.copyId)),
      plainArray(listed.map(object => object.locationId)),
      quotedArray(listed.map(object => object.key)),
      plainArray(listed.map(object => object.size)),
      quotedArray(listed.map(object => object.etag)),
      quotedArray(listed.map(object => object.nativeEtag)),
      plainArray(listed.map(object => Math.trunc(object.lastModifiedMs))),
      Math.trunc(options.modelNowMs),
      options.principal,
    ],
  })
  return rows[0]!
}

/**
 * Which of these listed objects lie otherwise than the catalog says: no copy of the object, in whatever state,
 * has the listed ETag and size in this container, and one should, or the object is unknown here or deleted.
 * Only a hint: the listing is older than the catalog, so each is to be settled under its object's lock.
 */
export async function findDifferingObjects(
  database: Queryable,
  listed: readonly ListedForCatalog[],
  /** All locations of the listed container. */
  locationIds: readonly Uuid[],
): Promise<ObjectId[]> {
  const { rows } = await database.query<{ object_id: ObjectId }>({
    name: 'import-find-differing',
    text: `
      with listed as (
        select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
          as listed (object_id, size, etag, last_modified_ms)
      )
      select listed.object_id
      from listed
      join object o on o.id = listed.object_id
      cross join lateral (
        select count(*) filter (where c.location_id = any ($5::uuid[])) as here,
               bool_or(c.location_id = any ($5::uuid[]) and c.size = listed.size
                 and (c.etag = listed.etag or c.etag is null or listed.etag is null)) as is_same
        from copy c
        where c.object_id = o.id and coalesce(c.native_key, o.key) = o.key
      ) as known
      left join object_version v on v.object_id = o.id and v.generation = o.generation
      where known.is_same is not true
        and (known.here > 0 or not o.is_present
             or v.last_modified < to_timestamp(listed.last_modified_ms / 1000.0))`,
    values: [
      plainArray(listed.map(object => object.objectId)),
      plainArray(listed.map(object => object.size)),
      quotedArray(listed.map(object => object.nativeEtag)),
      plainArray(listed.map(object => Math.trunc(object.lastModifiedMs))),
      locationIds,
    ],
  })
  return rows.map(row => row.object_id)
}

const INSERT = `
  with listed as (
    select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::text[], $8::text[],
      $9::bigint[])
      as listed (object_id, copy_id, location_id, key, size, etag, native_etag, last_modified_ms)
  ), new_object as (
    insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
    select object_id, $1, key, 1, 1, true, $11 from listed
    on conflict (id) do nothing
    returning id
  ), entered as (
    select listed.* from listed join new_object on new_object.id = listed.object_id
  ), new_version as (
    insert into object_version (object_id, generation, size, etag, last_modified, principal)
    select object_id, 1, size, etag, to_timestamp(last_modified_ms / 1000.0), $11 from entered
  ), new_copy as (
    insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
      principal)
    select object_id, copy_id, 1, location_id, 'complete', true, native_etag, size,
      least(last_modified_ms, $10::bigint), $11
    from entered
  )
  select count(*) as objects, coalesce(sum(size), 0)::bigint as bytes from entered`

/** An array parameter whose elements need no quotes: numbers and UUIDs. */
function plainArray(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`
}

/** An array parameter of texts. Several times as fast as the driver's own, which looks at every character. */
function quotedArray(values: readonly (string | null)[]): string {
  return `{${values.map(value => (value === null ? 'null' : quote(value))).join(',')}}`
}

function quote(value: string): string {
  const escaped = /["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value
  return `"${escaped}"`
}

/**
 * Tells the planner how many objects and copies there are. PostgreSQL finds out by itself within a minute; until
 * then it takes full tables for empty ones, and reads all of them to find a few.
 */
export async function describeCatalogToPlanner(database: Queryable): Promise<void> {
  for (const table of ['object', 'object_version', 'copy']) await database.query(`analyze ${table}`)
}
