import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { StoreIdentity } from '../../domain/object.ts'
import type { Connection, Queryable } from '../postgres.ts'

/** A copy whose bytes are kept, with what proves them. */
export interface IdentifiedCopy {
  readonly objectId: ObjectId
  readonly copyId: Uuid
  readonly bucket: string
  readonly key: string
  readonly storeId: Uuid
  readonly container: string
  readonly nativeKey: string
  readonly size: number
  readonly identity: StoreIdentity
  /** Lower-case hexadecimal; null where nobody recorded it. */
  readonly sha256: string | null
  readonly crc64nvme: string | null
  /** Readers should get it, and nobody trusts its bytes, whatever they are called, until they are proven. */
  readonly isSuspect: boolean
}

/**
 * A page of the copies of a location that are kept, in the order of object ids; what is being written or
 * deleted is not.
 */
export async function listIdentifiedCopies(
  database: Queryable,
  page: {
    readonly locationId: Uuid
    readonly after: Pick<IdentifiedCopy, 'objectId' | 'copyId'> | null
    readonly limit: number
  },
): Promise<IdentifiedCopy[]> {
  const { rows } = await database.query<
    Omit<IdentifiedCopy, 'identity'> & { etag: string | null; versionId: string | null }
  >({
    name: 'copy_identity_page',
    text: `
      select c.object_id as "objectId", c.id as "copyId", b.name as bucket, o.key, l.store_id as "storeId",
             l.container, coalesce(c.native_key, o.key) as "nativeKey", c.size, c.etag,
             c.version_id as "versionId", encode(v.sha256, 'hex') as sha256,
             encode(v.crc64nvme, 'hex') as crc64nvme,
             c.is_primary and (c.state = 'suspect' or o.quarantined_because is not null) as "isSuspect"
      from copy c
      join object o on o.id = c.object_id
      join bucket b on b.id = o.bucket_id
      join location l on l.id = c.location_id
      left join object_version v on v.object_id = c.object_id and v.generation = c.generation
      where c.location_id = $1 and c.state in ('complete', 'grace', 'retained', 'suspect')
        and ($2::uuid is null or (c.object_id, c.id) > ($2, $3::uuid))
      order by c.object_id, c.id
      limit $4`,
    values: [page.locationId, page.after?.objectId ?? null, page.after?.copyId ?? null, page.limit],
  })
  return rows.map(({ etag, versionId, ...copy }) => ({ ...copy, identity: { etag, versionId } }))
}

/**
 * Gives a copy whose bytes were proven the identity they have now, unless the row changed since; a suspect
 * primary is whole again, and an object that was quarantined for want of one is free. Readers' caches see
 * that the placement changed. Call it while the object is locked.
 */
export async function adoptIdentity(
  connection: Connection,
  copy: Pick<IdentifiedCopy, 'objectId' | 'copyId' | 'identity'>,
  found: StoreIdentity,
): Promise<boolean> {
  const { rowCount } = await connection.query({
    name: 'copy_adopt_identity',
    text: `
      with adopted as (
        update copy
        set etag = $5, version_id = $6, state = case when is_primary then 'complete' else state end
        where object_id = $1 and id = $2 and etag is not distinct from $3 and version_id is not distinct from $4
          and state in ('complete', 'grace', 'retained', 'suspect')
        returning object_id, is_primary
      )
      update object o
      set placement_version = placement_version + 1,
          quarantined_because = case when adopted.is_primary then null else quarantined_because end
      from adopted where o.id = $1 and adopted.object_id = o.id`,
    values: [
      copy.objectId,
      copy.copyId,
      copy.identity.etag,
      copy.identity.versionId,
      found.etag,
      found.versionId,
    ],
  })
  return rowCount === 1
}
