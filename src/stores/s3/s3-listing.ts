import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { listLimitOf } from '../call-rules.ts'
import type { ListedObject, ListOptions, ListPage } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { unquote } from './object-fields.ts'
import type { S3Connection } from './s3-connection.ts'

/** One page of a bucket's keys. */
export async function listS3(
  connection: S3Connection,
  container: string,
  options: ListOptions,
): Promise<ListPage> {
  const operation = connection.operation('list', null)
  const limit = listLimitOf(operation, options)
  const command = new ListObjectsV2Command({
    Bucket: container,
    MaxKeys: limit,
    // XML cannot hold every character a key may have.
    EncodingType: 'url',
    ...(options.prefix ? { Prefix: options.prefix } : {}),
    ...(options.startAfter === undefined ? {} : { StartAfter: options.startAfter }),
    ...(options.cursor === undefined ? {} : { ContinuationToken: options.cursor }),
  })
  const { signal } = options
  const output = await connection.send<ListObjectsV2CommandOutput>(operation, command, { as: 'read', signal })
  // A proxy's page with status 200 must not pass for an empty bucket.
  if (output.IsTruncated === undefined)
    throw storeFailure(operation, 'unexpected', 'the answer is not a listing')
  const isEncoded = output.EncodingType === 'url'
  const objects = (output.Contents ?? []).map((entry): ListedObject => {
    if (entry.Key === undefined)
      throw storeFailure(operation, 'unexpected', 'the listing has an entry without a key')
    return {
      key: isEncoded ? decodeKey(operation, entry.Key) : entry.Key,
      size: entry.Size ?? 0,
      etag: unquote(entry.ETag),
      lastModified: entry.LastModified?.getTime() ?? 0,
      storageClass: entry.StorageClass ?? null,
    }
  })
  return { objects, cursor: output.IsTruncated ? cursorOf(operation, output) : null }
}

function cursorOf(operation: StoreOperation, output: ListObjectsV2CommandOutput): string {
  if (output.NextContinuationToken !== undefined) return output.NextContinuationToken
  throw storeFailure(operation, 'unexpected', 'the listing goes on, but the server did not say where')
}

/** A key as a listing encodes it: S3 encodes a space as `+` and a plus as `%2B`. */
export function decodeKey(operation: StoreOperation, encoded: string): string {
  if (!/[%+]/.test(encoded)) return encoded
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch (cause) {
    throw storeFailure(operation, 'unexpected', `the listing has a key that is not URL-encoded: ${encoded}`, {
      cause,
    })
  }
}
