import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { ContentHeaders, DigestSource, PartLayoutEntry, StoreIdentity } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import { HAS_UPLOAD_LEFT } from '../catalog/copies.ts'
import type { Queryable } from '../postgres.ts'

/** The content of one generation as it is committed; also kept in a write intent until then. */
export interface VersionFacts {
  readonly size: number
  readonly etag: string
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly partLayout: readonly PartLayoutEntry[] | null
  /** Lower-case hexadecimal; null where nobody saw all bytes in one stream. */
  readonly sha256: string | null
  readonly sha256Source: DigestSource | null
  readonly crc64nvme: string | null
  /** Wall-clock milliseconds. */
  readonly lastModified: number
}

/** A generation to commit: what it is and where its first copy lies. */
export interface Publication {
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly key: string
  /** One more than the generation found by `lookAtObject` in the same transaction. */
  readonly generation: number
  readonly version: VersionFacts
  readonly copyId: Uuid
  readonly locationId: Uuid
  readonly nativeKey: string
  readonly identity: StoreIdentity
  /** Model time. */
  readonly enteredMs: number
  readonly principal: Principal
}

/**
 * Retires the copies of former generations. A copy whose bytes lay under the same native key of the same
 * container was overwritten, so its row goes; the others wait for the sweeper as `deleting`. Copies that are
 * still being written (`staging`) belong to the mover, which finds the generation changed and gives up; so does
 * one under the same native key whose upload is left.
 */
export async function retireFormerCopies(
  connection: Queryable,
  publication: Pick<Publication, 'objectId' | 'key' | 'locationId' | 'nativeKey'>,
): Promise<void> {
  await connection.query({
    name: 'copy_drop_overwritten',
    text: `
      delete from copy c
      using location theirs, location ours
      where c.object_id = $1 and theirs.id = c.location_id and ours.id = $2
        and theirs.store_id = ours.store_id and theirs.container = ours.container
        and coalesce(c.native_key, $3) = $4 and not ${HAS_UPLOAD_LEFT}`,
    values: [publication.objectId, publication.locationId, publication.key, publication.nativeKey],
  })
  await retireAllCopies(connection, publication.objectId)
}

/** Hands every readable copy of the object to the sweeper. */
export async function retireAllCopies(connection: Queryable, objectId: ObjectId): Promise<void> {
  await connection.query({
    name: 'copy_retire_all',
    text: `
      update copy set state = 'deleting', is_primary = false, grace_until_ms = null
      where object_id = $1 and state in ('complete', 'grace', 'suspect')`,
    values: [objectId],
  })
}

/**
 * Makes a generation the one readers see: object row, version, primary copy; forgets the intent that led
 * here, if one did. Call it after {@link retireFormerCopies}. Resolves to false when the object's generation is
 * no longer the one before.
 */
export async function commitGeneration(
  connection: Queryable,
  publication: Publication,
  intentId: Uuid | null,
): Promise<boolean> {
  const { version } = publication
  const { rows } = await connection.query<{ committed: number }>({
    name: 'object_commit_generation',
    text: `
      with published as (
        insert into object as o (id, bucket_id, key, generation, placement_version, is_present, principal)
        values ($1, $2, $3, $4, 1, true, $5)
        on conflict (id) do update
          set generation = excluded.generation, placement_version = o.placement_version + 1,
              is_present = true, quarantined_because = null, principal = excluded.principal
          where o.generation = excluded.generation - 1
        returning o.id
      ), written as (
        insert into object_version (object_id, generation, size, etag, headers, metadata, tags, part_layout,
                                    sha256, sha256_source, crc64nvme, last_modified, principal)
        select id, $4, $6, $7, $8, $9, $10, $11, decode($12, 'hex'), $13, decode($14, 'hex'),
               to_timestamp($15::double precision / 1000), $5
        from published
      ), copied as (
        insert into copy (object_id, id, generation, location_id, state, is_primary, native_key, etag,
                          version_id, size, entered_ms, verified_ms, principal)
        select id, $16, $4, $17, 'complete', true, nullif($18, $3), $19, $20, $6, $21, null, $5
        from published
      ), forgotten as (
        delete from object_version v
        using published
        where v.object_id = $1 and v.generation < $4
          and not exists (
            select 1 from copy c
            where c.object_id = $1 and c.generation = v.generation and c.state = 'retained')
      ), settled as (
        delete from write_intent where id = $22
      )
      select count(*)::integer as committed from published`,
    values: [
      publication.objectId,
      publication.bucketId,
      publication.key,
      publication.generation,
      publication.principal,
      version.size,
      version.etag,
      JSON.stringify(version.headers),
      JSON.stringify(version.metadata),
      JSON.stringify(version.tags),
      version.partLayout === null ? null : JSON.stringify(version.partLayout),
      version.sha256,
      version.sha256Source,
      version.crc64nvme,
      version.lastModified,
      publication.copyId,
      publication.locationId,
      publication.nativeKey,
      publication.identity.etag,
      publication.identity.versionId,
      publication.enteredMs,
      intentId,
    ],
  })
  return rows[0]?.committed === 1
}

/**
 * Makes an object disappear: a new generation without content. The row stays, so that generations never
 * repeat. Call {@link retireAllCopies} in the same transaction.
 */
export async function commitDeletion(
  connection: Queryable,
  objectId: ObjectId,
  principal: Principal,
): Promise<void> {
  await connection.query({
    name: 'object_commit_deletion',
    text: `
      with deleted as (
        update object
        set is_present = false, generation = generation + 1, placement_version = placement_version + 1,
            principal = $2
        where id = $1 and is_present
        returning id, generation
      )
      delete from object_version v
      using deleted
      where v.object_id = $1 and v.generation < deleted.generation
        and not exists (
          select 1 from copy c
          where c.object_id = $1 and c.generation = v.generation and c.state = 'retained')`,
    values: [objectId, principal],
  })
}

/** What the catalog knows to lie under a native key of the location's container; null when nothing. */
export async function findCopyAt(
  connection: Queryable,
  objectId: ObjectId,
  place: { readonly key: string; readonly locationId: Uuid; readonly nativeKey: string },
): Promise<StoreIdentity | null> {
  const { rows } = await connection.query<StoreIdentity>({
    name: 'copy_find_at',
    text: `
      select c.etag, c.version_id as "versionId"
      from copy c
      join location theirs on theirs.id = c.location_id
      join location ours on ours.id = $2
      where c.object_id = $1 and theirs.store_id = ours.store_id and theirs.container = ours.container
        and coalesce(c.native_key, $3) = $4 and c.etag is not null
      order by c.generation desc
      limit 1`,
    values: [objectId, place.locationId, place.key, place.nativeKey],
  })
  return rows[0] ?? null
}

/** Whether one of these objects has a copy under this native key of the location's container, in any state. */
export async function hasCopyOfOther(
  connection: Queryable,
  objectIds: readonly ObjectId[],
  place: { readonly locationId: Uuid; readonly nativeKey: string },
): Promise<boolean> {
  const { rows } = await connection.query({
    name: 'copy_find_of_other',
    text: `
      select 1
      from copy c
      join object o on o.id = c.object_id
      join location theirs on theirs.id = c.location_id
      join location ours on ours.id = $2
      where c.object_id = any ($1::uuid[]) and theirs.store_id = ours.store_id
        and theirs.container = ours.container and coalesce(c.native_key, o.key) = $3
      limit 1`,
    values: [objectIds, place.locationId, place.nativeKey],
  })
  return rows.length > 0
}

/**
 * Raises the generation of an object that is not there, so that writes which were cut off and may be published
 * yet come before this moment.
 */
export async function outdateWrites(
  connection: Queryable,
  object: {
    readonly objectId: ObjectId
    readonly bucketId: Uuid
    readonly key: string
    readonly principal: Principal
  },
): Promise<void> {
  await connection.query({
    name: 'object_outdate_writes',
    text: `
      insert into object as o (id, bucket_id, key, generation, placement_version, is_present, principal)
      values ($1, $2, $3, 1, 1, false, $4)
      on conflict (id) do update set generation = o.generation + 1, principal = excluded.principal`,
    values: [object.objectId, object.bucketId, object.key, object.principal],
  })
}

/** What of a bucket is left although no object can be read in it. Copies are counted up to 1,000. */
export interface BucketLeftovers {
  /** Copies of deleted objects whose bytes wait for the sweeper. */
  readonly sweptCopies: number
  /** Copies of deleted objects whose bytes may not be deleted. */
  readonly retainedCopies: number
  /** Writes that may be published and are not in the catalog. */
  readonly hasOpenWrites: boolean
  readonly hasUnfinishedMigrations: boolean
}

/**
 * Finds what still belongs to a bucket without objects. Bytes that say they are this bucket's would be in the
 * way of every later bucket in their container.
 */
export async function findBucketLeftovers(database: Queryable, bucketId: Uuid): Promise<BucketLeftovers> {
  const { rows } = await database.query<BucketLeftovers>(
    `select count(*) filter (where state <> 'retained')::integer as "sweptCopies",
            count(*) filter (where state = 'retained')::integer as "retainedCopies",
            exists (select from write_intent where bucket_id = $1 and base_generation is not null)
              as "hasOpenWrites",
            exists (select from migration where bucket_id = $1 and finished_at is null)
              as "hasUnfinishedMigrations"
     from (
       select c.state
       from object o
       join copy c on c.object_id = o.id
       where o.bucket_id = $1 and not o.is_present
       limit 1000
     ) leftover`,
    [bucketId],
  )
  return rows[0]!
}
