import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import { checkConditions, checkExtras, checkFacts, checkSize } from '../call-rules.ts'
import type { MultipartStore, StoreError, UploadInProgress } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { sendBody } from '../sent-body.ts'
import { storeFailure, throwIfAborted } from '../store-operation.ts'
import { asFailedCondition, conditionHeaders } from './conditions.ts'
import { encodedMetadata, factHeadersOf, identityOf, unquote } from './object-fields.ts'
import { payloadSha256Of } from './payload-hash.ts'
import type { S3Connection } from './s3-connection.ts'
import { decodeKey } from './s3-listing.ts'
import { AnsweredError, documentOf, elementOf, type S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'
import { translateS3Error } from './translate-error.ts'

/** What the contract allows, and S3's own page. */
const LISTED_UPLOADS_MAX = 1_000

/** S3 multipart uploads. */
export function createS3Multipart(connection: S3Connection, wire: S3Wire): MultipartStore {
  const { capabilities } = connection
  const limits = capabilities.multipart!

  return {
    async create(container, key, { signal, ...facts }) {
      const operation = connection.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkFacts(operation, facts, Number.POSITIVE_INFINITY)
      checkExtras(operation, capabilities, facts)
      checkFacts(operation, { metadata: encodedMetadata(facts) }, capabilities.metadataBytesMax)
      const answer = await wire.send(operation, {
        method: 'POST',
        container,
        query: 'uploads=',
        headers: factHeadersOf(operation, facts),
        as: 'write',
        signal,
      })
      const uploadId = elementOf(await documentOf(answer), 'UploadId')
      if (uploadId) return { uploadId }
      throw storeFailure(operation, 'unexpected', 'the server gave the upload no id')
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = connection.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      checkPartNumber(operation, partNumber, limits.partsMax)
      checkSize(operation, size, limits.partSizeMax)
      const answer = await sendBody(operation, body, { size, signal }, (payload, cutSignal) =>
        wire.send(operation, {
          method: 'PUT',
          container,
          query: `partNumber=${partNumber}&uploadId=${encodeForS3(uploadId)}`,
          headers: { 'content-length': String(size) },
          body: payload,
          payloadSha256: payloadSha256Of(payload),
          as: 'upload',
          signal: cutSignal,
        }),
      )
      answer.body.resume()
      const etag = unquote(answer.headers.etag)
      if (etag !== null) return { etag }
      throw storeFailure(operation, 'unexpected', 'the server gave the part no ETag')
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = connection.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      checkPartOrder(operation, parts)
      checkConditions(operation, capabilities, { write: condition })
      const body = Buffer.from(completionOf(parts))
      try {
        // Servers put parts together for minutes before they answer.
        const answer = await wire.send(operation, {
          method: 'POST',
          container,
          query: `uploadId=${encodeForS3(uploadId)}`,
          headers: { ...conditionHeaders(condition), 'content-length': String(body.byteLength) },
          body,
          payloadSha256: payloadSha256Of(body),
          as: 'upload',
          signal,
        })
        const document = await documentOf(answer)
        if (document.includes('<Error>')) throw new AnsweredError(500, document)
        const etag = elementOf(document, 'ETag')
        if (etag) return { identity: identityOf({ ...answer.headers, etag }, capabilities.versions) }
        throw storeFailure(operation, 'unexpected', 'the server did not say what the parts became', {
          retry: 'unknown-outcome',
        })
      } catch (error) {
        const failure = translateS3Error(operation, error, { mayHaveHappened: true })
        throw asFailedCondition(operation, failure, condition)
      }
    },

    async abort(container, key, uploadId, { signal } = {}) {
      const operation = connection.operation('multipart.abort', key)
      const query = `uploadId=${encodeForS3(uploadId)}`
      await wire.send(operation, { method: 'DELETE', container, query, as: 'write', signal }).then(
        answer => answer.body.resume(),
        (error: StoreError) => {
          if (error.kind !== 'upload-not-found') throw error
        },
      )
    },

    list: (container, key, { signal } = {}) => listUploads(connection, container, key, signal),
  }
}

/** Uploads come in the order of their keys, so that those at the prefix itself are the first. */
async function listUploads(
  connection: S3Connection,
  container: string,
  key: string,
  signal: AbortSignal | undefined,
): Promise<UploadInProgress[]> {
  const operation = connection.operation('multipart.list', key)
  connection.checkKey(operation)
  const command = new ListMultipartUploadsCommand({
    Bucket: container,
    Prefix: key,
    MaxUploads: LISTED_UPLOADS_MAX,
    // XML cannot hold every character a key may have.
    EncodingType: 'url',
  })
  const output = await connection.send<ListMultipartUploadsCommandOutput>(operation, command, {
    as: 'read',
    signal,
  })
  const isEncoded = output.EncodingType === 'url'
  return (output.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) => {
    if (Key === undefined || UploadId === undefined || Initiated === undefined) return []
    const found = isEncoded ? decodeKey(operation, Key) : Key
    return found === key ? [{ uploadId: UploadId, startedAt: Initiated.getTime() }] : []
  })
}

function completionOf(parts: readonly { partNumber: number; etag: string }[]): string {
  const list = parts.map(
    ({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag></Part>`,
  )
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
