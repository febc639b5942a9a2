import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { ContentHeaders } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import { IS_SETTLED } from '../catalog/store-moves.ts'
import type { Queryable } from '../postgres.ts'

/** A multipart upload of a client, kept as an upload of the same parts at the write location's store. */
export interface MultipartUpload {
  /** What the client calls it; also the id of the intent that its bytes carry. */
  readonly id: Uuid
  readonly bucketId: Uuid
  readonly key: string
  readonly objectId: ObjectId
  readonly locationId: Uuid
  readonly nativeKey: string
  readonly nativeUploadId: string
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly checksumAlgorithm: string | null
  readonly checksumType: string | null
  readonly principal: Principal
}

/** An upload found again, with the container its parts lie in. */
export interface FoundMultipartUpload extends MultipartUpload {
  readonly storeId: Uuid
  readonly container: string
  readonly initiatedAt: Date
  /** Set once completed, so that a repeated Complete answers the same. */
  readonly completed: CompletedUpload | null
}

/** What a completed upload became. */
export interface CompletedUpload {
  readonly etag: string
  readonly crc64nvme: string | null
}

/** One part as the client sent it. */
export interface MultipartPart {
  readonly number: number
  readonly size: number
  /** MD5 of the part, lower-case hexadecimal. */
  readonly etag: string
  /** What the store calls the part. */
  readonly nativeEtag: string
  /** Declared and verified digests by algorithm (`crc32`, `sha256` …), base64. */
  readonly checksums: Readonly<Record<string, string>>
  /** Lower-case hexadecimal. */
  readonly crc64nvme: string
  readonly uploadedAt: Date
}

const UPLOAD = `
  select u.id, u.bucket_id as "bucketId", u.key, u.object_id as "objectId", u.location_id as "locationId",
         u.native_key as "nativeKey", u.native_upload_id as "nativeUploadId", u.headers, u.metadata, u.tags,
         u.checksum_algorithm as "checksumAlgorithm", u.checksum_type as "checksumType", u.completed,
         u.initiated_at as "initiatedAt", u.principal, l.store_id as "storeId", l.container
  from multipart_upload u
  join location l on l.id = u.location_id`

/**
 * Stores a new upload. Resolves to false, and stores nothing, when the location does not exist any more, or its store
 * moved a moment ago.
 */
export async function insertMultipartUpload(database: Queryable, upload: MultipartUpload): Promise<boolean> {
  const { rowCount } = await database.query(
    `insert into multipart_upload (id, bucket_id, key, object_id, location_id, native_key, native_upload_id,
                                   headers, metadata, tags, checksum_algorithm, checksum_type, principal)
     select $1, $2, $3, $4, l.id, $6, $7, $8, $9, $10, $11, $12, $13
     from location l join store s on s.id = l.store_id
     where l.id = $5 and ${IS_SETTLED}
     for key share of l, s`,
    [
      upload.id,
      upload.bucketId,
      upload.key,
      upload.objectId,
      upload.locationId,
      upload.nativeKey,
      upload.nativeUploadId,
      JSON.stringify(upload.headers),
      JSON.stringify(upload.metadata),
      JSON.stringify(upload.tags),
      upload.checksumAlgorithm,
      upload.checksumType,
      upload.principal,
    ],
  )
  return rowCount === 1
}

/** The upload with this id, completed or not; null when there is none. */
export async function findMultipartUpload(
  database: Queryable,
  id: string,
): Promise<FoundMultipartUpload | null> {
  const { rows } = await database.query<FoundMultipartUpload>({
    name: 'multipart_upload_find',
    text: `${UPLOAD} where u.id = $1`,
    values: [id],
  })
  return rows[0] ?? null
}

/** Uploads that are not completed, by key and id, after the given marker. */
export async function listMultipartUploads(
  database: Queryable,
  range: {
    bucketId: Uuid
    prefix: string
    keyMarker: string
    uploadIdMarker: string
    limit: number
  },
): Promise<FoundMultipartUpload[]> {
  const { rows } = await database.query<FoundMultipartUpload>(
    `${UPLOAD}
     where u.bucket_id = $1 and u.completed_at is null and starts_with(u.key, $2)
       and ($4 <> '' and (u.key, u.id) > ($3, $4) or $4 = '' and u.key > $3)
     order by u.key, u.id
     limit $5`,
    [range.bucketId, range.prefix, range.keyMarker, range.uploadIdMarker, range.limit],
  )
  return rows
}

/** Stores a part, or replaces the part of that number. */
export async function saveMultipartPart(
  database: Queryable,
  uploadId: string,
  part: Omit<MultipartPart, 'uploadedAt'>,
): Promise<Date> {
  const { rows } = await database.query<{ uploaded_at: Date }>({
    name: 'multipart_part_save',
    text: `
      insert into multipart_part (upload_id, number, size, etag, native_etag, checksums, crc64nvme)
      values ($1, $2, $3, $4, $5, $6, decode($7, 'hex'))
      on conflict (upload_id, number) do update
        set size = excluded.size, etag = excluded.etag, native_etag = excluded.native_etag,
            checksums = excluded.checksums, crc64nvme = excluded.crc64nvme, uploaded_at = now()
      returning uploaded_at`,
    values: [
      uploadId,
      part.number,
      part.size,
      part.etag,
      part.nativeEtag,
      JSON.stringify(part.checksums),
      part.crc64nvme,
    ],
  })
  return rows[0]!.uploaded_at
}

/** Parts of an upload with numbers above `after`, ascending. */
export async function listMultipartParts(
  database: Queryable,
  uploadId: string,
  after: number,
  limit: number,
): Promise<MultipartPart[]> {
  const { rows } = await database.query<MultipartPart>(
    `select number, size, etag, native_etag as "nativeEtag", checksums,
            encode(crc64nvme, 'hex') as crc64nvme, uploaded_at as "uploadedAt"
     from multipart_part
     where upload_id = $1 and number > $2
     order by number
     limit $3`,
    [uploadId, after, limit],
  )
  return rows
}

/** Marks an upload completed and forgets its parts. An id that is no upload's is passed over. */
export async function completeMultipartUpload(
  connection: Queryable,
  id: string,
  completed: CompletedUpload,
): Promise<void> {
  await connection.query(
    `with done as (
       update multipart_upload set completed = $2, completed_at = now() where id = $1 returning id
     )
     delete from multipart_part p using done where p.upload_id = done.id`,
    [id, JSON.stringify(completed)],
  )
}

/** Forgets an upload that is not completed. Resolves to false when there was none. */
export async function deleteMultipartUpload(connection: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await connection.query(
    'delete from multipart_upload where id = $1 and completed_at is null',
    [id],
  )
  return rowCount === 1
}

/** Forgets uploads that were completed longer ago than clients repeat a Complete. */
export async function forgetCompletedUploads(database: Queryable, olderThanMs: number): Promise<number> {
  const { rowCount } = await database.query(
    `delete from multipart_upload
     where completed_at < now() - $1::double precision * interval '1 millisecond'`,
    [olderThanMs],
  )
  return rowCount ?? 0
}

/** Uploads whose bucket is gone; at most `limit`. */
export async function listOrphanUploads(database: Queryable, limit: number): Promise<FoundMultipartUpload[]> {
  const { rows } = await database.query<FoundMultipartUpload>(
    `${UPLOAD}
     where u.completed_at is null and not exists (select 1 from bucket b where b.id = u.bucket_id)
     order by u.id
     limit $1`,
    [limit],
  )
  return rows
}
