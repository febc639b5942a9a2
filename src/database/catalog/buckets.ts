import type { Bucket, BucketMode } from '../../domain/bucket.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** A bucket together with the place where the gateway puts what clients write into it. */
export interface BucketWithTarget extends Bucket {
  readonly writeTarget: WriteTarget
  /** Its policy requires encryption. */
  readonly encryptionRequired: boolean
}

/** The container that takes new bytes of a bucket. */
export interface WriteTarget {
  readonly locationId: Uuid
  readonly storeId: Uuid
  readonly container: string
  readonly storageClass: string | null
  /**
   * True for the bucket that came to this container first: its objects lie under their own keys. The others
   * put a prefix in front, so that equal keys of two buckets never meet.
   */
  readonly ownsContainer: boolean
}

interface BucketRow {
  id: Uuid
  name: string
  mode: BucketMode
  write_location_id: Uuid
  policy_id: Uuid | null
  created_at: Date
}

interface BucketTargetRow extends BucketRow {
  store_id: Uuid
  container: string
  storage_class: string | null
  owns_container: boolean
  encryption_required: boolean
}

const COLUMNS = 'b.id, b.name, b.mode, b.write_location_id, b.policy_id, b.created_at'

/** The bucket with this name and where its writes go, or null. */
export async function findBucketWithTarget(
  database: Queryable,
  name: string,
): Promise<BucketWithTarget | null> {
  const { rows } = await database.query<BucketTargetRow>({
    name: 'bucket_find_with_target',
    text: `
      select ${COLUMNS}, l.store_id, l.container, l.storage_class,
             exists (
               select 1 from container_owner o
               where o.store_id = l.store_id and o.container = l.container and o.bucket_id = b.id
             ) as owns_container,
             coalesce(p.spec ->> 'encryption' = 'required', false) as encryption_required
      from bucket b
      join location l on l.id = b.write_location_id
      left join policy p on p.id = b.policy_id
      where b.name = $1`,
    values: [name],
  })
  const row = rows[0]
  if (row === undefined) return null
  return {
    ...bucketOf(row),
    writeTarget: {
      locationId: row.write_location_id,
      storeId: row.store_id,
      container: row.container,
      storageClass: row.storage_class,
      ownsContainer: row.owns_container,
    },
    encryptionRequired: row.encryption_required,
  }
}

/** The bucket with this name, or null. */
export async function findBucketByName(database: Queryable, name: string): Promise<Bucket | null> {
  const { rows } = await database.query<BucketRow>(`select ${COLUMNS} from bucket b where b.name = $1`, [
    name,
  ])
  return rows[0] === undefined ? null : bucketOf(rows[0])
}

/** The bucket with this id, or null. */
export async function findBucket(database: Queryable, id: Uuid): Promise<Bucket | null> {
  const { rows } = await database.query<BucketRow>(`select ${COLUMNS} from bucket b where b.id = $1`, [id])
  return rows[0] === undefined ? null : bucketOf(rows[0])
}

/** Every bucket in the order of names; at most 10,000. */
export async function listBuckets(database: Queryable): Promise<Bucket[]> {
  const { rows } = await database.query<BucketRow>(
    `select ${COLUMNS} from bucket b order by b.name collate "C" limit 10000`,
  )
  return rows.map(bucketOf)
}

/** What a new bucket is made of. */
export interface NewBucket {
  readonly id: Uuid
  readonly name: string
  readonly mode: BucketMode
  readonly writeLocationId: Uuid
  readonly policyId: Uuid | null
  readonly principal: Principal
}

/** Stores a new bucket. Resolves to null when the name is taken. */
export async function insertBucket(database: Queryable, bucket: NewBucket): Promise<Bucket | null> {
  const { rows } = await database.query<BucketRow>(
    `insert into bucket as b (id, name, mode, write_location_id, policy_id, principal)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (name) do nothing
     returning ${COLUMNS}`,
    [bucket.id, bucket.name, bucket.mode, bucket.writeLocationId, bucket.policyId, bucket.principal],
  )
  return rows[0] === undefined ? null : bucketOf(rows[0])
}

interface PlacedBucketRow {
  storeId: Uuid
  container: string
  isRetiring: boolean
  created: boolean
}

/**
 * Stores a new bucket whose writes go to the location of that name, and tells the container it got. A bucket
 * of that name, a missing location, or one that is being emptied and takes no new buckets, is told, too.
 */
export async function insertBucketAt(
  database: Queryable,
  bucket: Omit<NewBucket, 'writeLocationId' | 'policyId'> & { readonly locationName: string },
): Promise<{ storeId: Uuid; container: string } | 'name-taken' | 'no-such-location' | 'retiring-location'> {
  const { rows } = await database.query<PlacedBucketRow>(
    `with place as (
       select id, store_id, container, retiring_at is not null as is_retiring
       from location where name = $4 for key share
     ),
     created as (
       insert into bucket (id, name, mode, write_location_id, principal)
       select $1, $2, $3, place.id, $5 from place where not is_retiring
       on conflict (name) do nothing
       returning id
     )
     select place.store_id as "storeId", place.container, is_retiring as "isRetiring",
            exists (select 1 from created) as created
     from place`,
    [bucket.id, bucket.name, bucket.mode, bucket.locationName, bucket.principal],
  )
  const row = rows[0]
  if (row === undefined) return 'no-such-location'
  if (row.isRetiring) return 'retiring-location'
  return row.created ? { storeId: row.storeId, container: row.container } : 'name-taken'
}

/**
 * Locks the bucket's row against its deletion until the transaction ends. Resolves to its present mode, or
 * null when it was deleted.
 */
export async function holdBucket(connection: Queryable, id: Uuid): Promise<BucketMode | null> {
  const { rows } = await connection.query<{ mode: BucketMode }>({
    name: 'bucket_hold',
    text: 'select mode from bucket where id = $1 for key share',
    values: [id],
  })
  return rows[0]?.mode ?? null
}

/** The present mode of an object's bucket, which is held as by {@link holdBucket}; null when it is gone. */
export async function holdBucketOf(connection: Queryable, objectId: ObjectId): Promise<BucketMode | null> {
  const { rows } = await connection.query<{ mode: BucketMode }>({
    name: 'bucket_hold_of_object',
    text: `select b.mode from bucket b join object o on o.bucket_id = b.id
           where o.id = $1 for key share of b`,
    values: [objectId],
  })
  return rows[0]?.mode ?? null
}

/** Locks the bucket's row for its deletion: publications into it wait, and find it gone. */
export async function lockBucketForDeletion(connection: Queryable, id: Uuid): Promise<boolean> {
  const { rowCount } = await connection.query('select 1 from bucket where id = $1 for update', [id])
  return rowCount === 1
}

/** Whether any object can be read in the bucket. */
export async function bucketHasObjects(database: Queryable, id: Uuid): Promise<boolean> {
  const { rows } = await database.query<{ found: boolean }>(
    'select exists (select 1 from object where bucket_id = $1 and is_present) as found',
    [id],
  )
  return rows[0]?.found ?? false
}

/** Forgets the bucket and its imports. Fails when a running import still holds it. */
export async function deleteBucket(connection: Queryable, id: Uuid): Promise<void> {
  await connection.query(`delete from import_job where bucket_id = $1 and state <> 'running'`, [id])
  await connection.query('delete from bucket where id = $1', [id])
}

function bucketOf(row: BucketRow): Bucket {
  return {
    id: row.id,
    name: row.name,
    mode: row.mode,
    writeLocationId: row.write_location_id,
    policyId: row.policy_id,
    createdAt: row.created_at.getTime(),
  }
}
