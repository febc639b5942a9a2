import type { BucketMode } from '../../domain/bucket.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { CopyState, StoreIdentity } from '../../domain/object.ts'
import type { Queryable } from '../postgres.ts'

/** A copy of an object's present content, with everything its bytes must agree with. */
export interface CopyToVerify {
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly bucket: string
  readonly bucketMode: BucketMode
  readonly key: string
  readonly generation: number
  readonly copyId: Uuid
  readonly state: CopyState
  readonly isPrimary: boolean
  readonly location: string
  readonly storeId: Uuid
  readonly container: string
  readonly nativeKey: string
  readonly identity: StoreIdentity
  readonly size: number
  /** As clients see it; the MD5 of the content where it looks like one and the content came in one piece. */
  readonly etag: string
  readonly sha256: string | null
}

/** An object whose present content has no readable copy. */
export interface LostObject {
  readonly objectId: ObjectId
  readonly bucket: string
  readonly key: string
  readonly copyId: null
}

/** Where a page of copies ended. */
export type CopyPosition = { readonly objectId: ObjectId; readonly copyId: Uuid | null }

interface CopyRow extends Omit<CopyToVerify, 'identity' | 'copyId'> {
  readonly copyId: Uuid | null
  readonly nativeEtag: string | null
  readonly versionId: string | null
}

const SELECT = `
  select o.id as "objectId", o.bucket_id as "bucketId", b.name as bucket, b.mode as "bucketMode", o.key, o.generation,
         c.id as "copyId", c.state, c.is_primary as "isPrimary", l.name as location,
         l.store_id as "storeId", l.container, coalesce(c.native_key, o.key) as "nativeKey",
         c.etag as "nativeEtag", c.version_id as "versionId", v.size, v.etag,
         encode(v.sha256, 'hex') as sha256
  from object o
  join bucket b on b.id = o.bucket_id
  join object_version v on v.object_id = o.id and v.generation = o.generation
  left join copy c on c.object_id = o.id and c.generation = o.generation
    and c.state in ('complete', 'grace', 'retained', 'suspect')`

/**
 * A page of the copies of present content, in the order of object ids. An object without any such copy
 * comes as one row with `copyId` null: its bytes are lost.
 */
export async function listCopiesToVerify(
  database: Queryable,
  page: { bucketId: Uuid | null; after: CopyPosition | null; limit: number; primaryOnly: boolean },
): Promise<(CopyToVerify | LostObject)[]> {
  const { rows } = await database.query<CopyRow>({
    name: 'copy_verification_page',
    text: `${SELECT} and (c.is_primary or not $5)
      left join location l on l.id = c.location_id
      where o.is_present and ($1::uuid is null or o.bucket_id = $1)
        and ($2::uuid is null or o.id > $2 or (o.id = $2 and c.id > $3))
      order by o.id, c.id
      limit $4`,
    values: [
      page.bucketId,
      page.after?.objectId ?? null,
      page.after?.copyId ?? null,
      page.limit,
      page.primaryOnly,
    ],
  })
  return rows.map(copyOf)
}

/** The copies of one object's present content, as in {@link listCopiesToVerify}; none once it is deleted. */
export async function listCopiesOfObject(
  database: Queryable,
  objectId: ObjectId,
): Promise<(CopyToVerify | LostObject)[]> {
  const { rows } = await database.query<CopyRow>(
    `${SELECT} left join location l on l.id = c.location_id where o.is_present and o.id = $1`,
    [objectId],
  )
  return rows.map(copyOf)
}

function copyOf({ nativeEtag, versionId, ...row }: CopyRow): CopyToVerify | LostObject {
  return row.copyId === null
    ? { objectId: row.objectId, bucket: row.bucket, key: row.key, copyId: null }
    : { ...row, copyId: row.copyId, identity: { etag: nativeEtag, versionId } }
}
