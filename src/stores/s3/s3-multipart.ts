import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import { checkConditions, checkExtras, checkFacts, checkSize } from '../call-rules.ts'
import type { MultipartStore, StoreError, UploadInProgress, UploadPage } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { sendBody } from '../sent-body.ts'
import { storeFailure, throwIfAborted } from '../store-operation.ts'
import { asFailedCondition, conditionHeaders } from './conditions.ts'
import {
  digestHeadersOf,
  digestsOfDocument,
  encodedMetadata,
  factHeadersOf,
  identityOf,
  unquote,
} from './object-fields.ts'
import { payloadSha256Of, signedHashOf } from './payload-hash.ts'
import type { S3Connection } from './s3-connection.ts'
import { decodeKey } from './s3-listing.ts'
import { AnsweredError, documentOf, type S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'
import { translateS3Error } from './translate-error.ts'
import { elementOf } from './xml-elements.ts'

/** What the contract allows, and S3's own page. */
const LISTED_UPLOADS_MAX = 1_000

/**
 * S3 multipart uploads. `wantsDigest`: whether the server is asked for one checksum of all parts, where it can
 * tell that.
 */
export function createS3Multipart(
  connection: S3Connection,
  wire: S3Wire,
  { wantsDigest }: { wantsDigest: boolean },
): MultipartStore {
  const { capabilities, settings } = connection
  const isAskedForDigest = wantsDigest && settings.capabilities.multipartDigests === true
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
        headers: {
          ...factHeadersOf(operation, facts),
          ...(isAskedForDigest
            ? { 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'FULL_OBJECT' }
            : {}),
        },
        as: 'write',
        signal,
      })
      const uploadId = elementOf(await documentOf(answer), 'UploadId')
      if (uploadId) return { uploadId }
      throw storeFailure(operation, 'unexpected', 'the server gave the upload no id')
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size, digests = {} }) {
      const operation = connection.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      checkPartNumber(operation, partNumber, limits.partsMax)
      checkSize(operation, size, limits.partSizeMax)
      const { crc64nvme } = isAskedForDigest ? digests : {}
      const answer = await sendBody(operation, body, { size, signal }, (payload, cutSignal) =>
        wire.send(operation, {
          method: 'PUT',
          container,
          query: `partNumber=${partNumber}&uploadId=${encodeForS3(uploadId)}`,
          headers: {
            'content-length': String(size),
            ...(crc64nvme === undefined ? {} : digestHeadersOf({ crc64nvme })),
          },
          body: payload,
          payloadSha256: signedHashOf(connection, payload, crc64nvme === undefined ? {} : { crc64nvme }),
          as: 'upload',
          signal: cutSignal,
        }),
      )
      answer.body.drop()
      const etag = unquote(answer.headers.etag)
      if (etag !== null) return { etag: partTagOf(etag, answer.headers['x-amz-checksum-crc64nvme']) }
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
        if (etag) {
          return {
            identity: identityOf({ ...answer.headers, etag }, capabilities.versions),
            digests: digestsOfDocument(document),
          }
        }
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
        answer => answer.body.drop(),
        (error: StoreError) => {
          if (error.kind !== 'upload-not-found') throw error
        },
      )
    },

    list: (container, key, { signal } = {}) => listUploads(connection, container, key, signal),

    listAll: (container, { cursor, signal } = {}) => listAllUploads(connection, container, cursor, signal),
  }
}

/**
 * What a part is called: its ETag and, where the server told it, its checksum, which a completion must
 * repeat.
 */
export function partTagOf(etag: string, crc64nvme: string | null | undefined): string {
  return crc64nvme ? `${etag} ${crc64nvme}` : etag
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

/** A page of all uploads; a cursor is the last key and upload id, which the server goes on after. */
async function listAllUploads(
  connection: S3Connection,
  container: string,
  cursor: string | undefined,
  signal: AbortSignal | undefined,
): Promise<UploadPage> {
  const operation = connection.operation('multipart.listAll', null)
  const after: readonly [string, string] | null = cursor === undefined ? null : JSON.parse(cursor)
  const command = new ListMultipartUploadsCommand({
    Bucket: container,
    MaxUploads: LISTED_UPLOADS_MAX,
    EncodingType: 'url',
    ...(after === null ? {} : { KeyMarker: after[0], UploadIdMarker: after[1] }),
  })
  const output = await connection.send<ListMultipartUploadsCommandOutput>(operation, command, {
    as: 'read',
    signal,
  })
  const keyOf = (key: string) => (output.EncodingType === 'url' ? decodeKey(operation, key) : key)
  const uploads = (output.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) =>
    Key === undefined || UploadId === undefined || Initiated === undefined
      ? []
      : [{ key: keyOf(Key), uploadId: UploadId, startedAt: Initiated.getTime() }],
  )
  const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = output
  const goesOn = IsTruncated === true && NextKeyMarker !== undefined && NextUploadIdMarker !== undefined
  return { uploads, cursor: goesOn ? JSON.stringify([keyOf(NextKeyMarker), NextUploadIdMarker]) : null }
}

function completionOf(parts: readonly { partNumber: number; etag: string }[]): string {
  const list = parts.map(({ partNumber, etag: tag }) => {
    const [etag = '', checksum] = tag.split(' ')
    const crc64nvme =
      checksum === undefined ? '' : `<ChecksumCRC64NVME>${escapeXml(checksum)}</ChecksumCRC64NVME>`
    return `<Part><PartNumber>${partNumber}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag>${crc64nvme}</Part>`
  })
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
