import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import {
  type FoundMultipartUpload,
  findMultipartUpload,
  saveMultipartPart,
} from '../../database/writes/multipart-uploads.ts'
import { GIB, MIB } from '../../domain/bytes.ts'
import type { DigestAlgorithm } from '../body/digests.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import type { GatewayServices } from '../services.ts'
import { multipartOf } from './staged-upload.ts'
import type { IncomingContent } from './write-content.ts'
import type { OpenWriteTarget } from './write-target.ts'

/** S3's smallest part, but for the last one. */
export const PART_BYTES_MIN = 5 * MIB
/** S3's largest part. */
export const PART_BYTES_MAX = 5 * GIB
/** The digests every part leaves in the catalog. */
export const PART_DIGESTS: readonly DigestAlgorithm[] = ['md5', 'crc64nvme']

/** A client's upload with the place its parts lie in. */
export interface OpenUpload {
  readonly upload: FoundMultipartUpload
  readonly target: OpenWriteTarget
}

/** Finds the upload a request names. Throws `NoSuchUpload` unless bucket and key are the upload's. */
export async function openUpload(context: RequestContext, bucket: BucketWithTarget): Promise<OpenUpload> {
  const { services, key } = context
  const upload = await findMultipartUpload(
    services.options.database,
    context.target.query.get('uploadId') ?? '',
  )
  if (upload === null || upload.bucketId !== bucket.id || upload.key !== key) {
    throw new GatewayError('NoSuchUpload')
  }
  const { objectId, storeId, locationId, container, nativeKey } = upload
  const store = await services.options.openStore(storeId)
  const storageClass = bucket.writeTarget.storageClass
  const target = { bucket, key, objectId, store, storeId, locationId, container, storageClass, nativeKey }
  return { upload, target }
}

/** As {@link openUpload}, and it can still take parts. */
export async function openUnfinishedUpload(
  context: RequestContext,
  bucket: BucketWithTarget,
): Promise<OpenUpload> {
  const open = await openUpload(context, bucket)
  if (open.upload.completed !== null) throw new GatewayError('NoSuchUpload')
  return open
}

/** A part as it was stored. */
export interface StoredPart {
  readonly etag: string
  readonly crc64nvme: string
  readonly uploadedAt: Date
}

/**
 * Stores a part as the same part of the store's upload. The row that makes it count is written only when the
 * bytes were what was declared; a part that fails leaves at most bytes that no Complete will name.
 */
export async function storePart(
  services: GatewayServices,
  { upload, target }: OpenUpload,
  part: {
    readonly number: number
    readonly content: IncomingContent
    checksums(): Readonly<Record<string, string>>
  },
): Promise<StoredPart> {
  const { content, number } = part
  const multipart = multipartOf(target.store)
  const { container, nativeKey } = target
  const giveBack =
    content.size <= services.options.limits.inMemoryBytesMax
      ? services.stagingMemory.tryTake(content.size)
      : null
  try {
    // In memory a part can be sent again when the store stumbles; streamed it has one chance.
    const body = giveBack === null ? content : await inMemory(content)
    const { etag: nativeEtag } = await multipart.putPart(
      container,
      nativeKey,
      upload.nativeUploadId,
      number,
      body,
      { size: content.size },
    )
    const digests = content.digests()
    const etag = digests.get('md5')!.toString('hex')
    const crc64nvme = digests.get('crc64nvme')!.toString('hex')
    const uploadedAt = await saveMultipartPart(services.options.database, upload.id, {
      number,
      size: content.size,
      etag,
      nativeEtag,
      checksums: part.checksums(),
      crc64nvme,
    })
    return { etag, crc64nvme, uploadedAt }
  } catch (error) {
    throw content.failure ?? (isForeignKeyViolation(error) ? new GatewayError('NoSuchUpload') : error)
  } finally {
    giveBack?.()
  }
}

async function inMemory(content: IncomingContent): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const bytes of content) chunks.push(bytes)
  return Buffer.concat(chunks)
}

/** The upload was completed or aborted while its part was under way. */
function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503'
}
