import { randomUUID } from 'node:crypto'
import type { ObjectDigests } from '../object-store.ts'
import type { StoreOperation } from '../store-operation.ts'
import { type GcsConnection, resourceFrom } from './gcs-connection.ts'
import { uploadPath } from './gcs-wire.ts'
import { base64Of, type ObjectResource } from './object-fields.ts'

/** An object to be uploaded. */
export interface Upload {
  readonly container: string
  /** What travels with the bytes, as the JSON API describes it. */
  readonly resource: Readonly<Record<string, unknown>>
  readonly size: number
  /** The generation that must be there: `0` for nothing, undefined for anything. */
  readonly ifGenerationMatch: string | undefined
  /** The key it is to be encrypted with, where that is not Google's own. */
  readonly kmsKeyName: string | undefined
  readonly signal: AbortSignal | undefined
}

/** Uploads bytes in one request, with the CRC-32C that makes the server refuse other ones. */
export async function uploadWhole(
  connection: GcsConnection,
  operation: StoreOperation,
  upload: Upload,
  bytes: Uint8Array,
  digests: Required<Pick<ObjectDigests, 'crc32c'>>,
): Promise<ObjectResource> {
  const resource = { ...upload.resource, crc32c: base64Of(digests.crc32c) }
  const boundary = randomUUID()
  const contentType = upload.resource.contentType ?? 'application/octet-stream'
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(resource)}\r\n` +
        `--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const answer = await connection.wire.ask(operation, {
    method: 'POST',
    path: uploadPath(upload.container),
    query: {
      uploadType: 'multipart',
      ifGenerationMatch: upload.ifGenerationMatch,
      kmsKeyName: upload.kmsKeyName,
    },
    headers: {
      'content-type': `multipart/related; boundary=${boundary}`,
      'content-length': String(body.byteLength),
    },
    body,
    as: 'upload',
    signal: upload.signal,
  })
  return resourceFrom(operation, answer, 'unknown-outcome')
}
