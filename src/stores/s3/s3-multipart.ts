import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3'
import { checkConditions, checkFacts, checkSize } from '../call-rules.ts'
import type { MultipartStore, StoreError } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { storeFailure, throwIfAborted } from '../store-operation.ts'
import { asFailedCondition, conditionFields } from './conditions.ts'
import { encodedMetadata, factFieldsOf, identityOf, unquote } from './object-fields.ts'
import type { S3Connection } from './s3-connection.ts'
import { sendBody } from './sent-body.ts'

/** S3 multipart uploads. */
export function createS3Multipart(connection: S3Connection): MultipartStore {
  const { capabilities } = connection
  const limits = capabilities.multipart!

  return {
    async create(container, key, { signal, ...facts }) {
      const operation = connection.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkFacts(operation, facts, Number.POSITIVE_INFINITY)
      checkFacts(operation, { metadata: encodedMetadata(facts) }, capabilities.metadataBytesMax)
      const { fields, exactHeaders } = factFieldsOf(operation, facts)
      const command = new CreateMultipartUploadCommand({ Bucket: container, Key: key, ...fields })
      const output = await connection.send<CreateMultipartUploadCommandOutput>(operation, command, {
        as: 'write',
        signal,
        exactHeaders,
      })
      if (output.UploadId) return { uploadId: output.UploadId }
      throw storeFailure(operation, 'unexpected', 'the server gave the upload no id')
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = connection.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      checkPartNumber(operation, partNumber, limits.partsMax)
      checkSize(operation, size, limits.partSizeMax)
      const input = {
        Bucket: container,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        ContentLength: size,
      }
      const output = await sendBody(operation, body, { size, signal }, (payload, cutSignal) =>
        connection.send<UploadPartCommandOutput>(
          operation,
          new UploadPartCommand({ ...input, Body: payload }),
          {
            as: 'upload',
            signal: cutSignal,
          },
        ),
      )
      const etag = unquote(output.ETag)
      if (etag !== null) return { etag }
      throw storeFailure(operation, 'unexpected', 'the server gave the part no ETag')
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = connection.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      checkPartOrder(operation, parts)
      checkConditions(operation, capabilities, { write: condition })
      const command = new CompleteMultipartUploadCommand({
        Bucket: container,
        Key: key,
        UploadId: uploadId,
        MultipartUpload: {
          Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: `"${etag}"` })),
        },
        ...conditionFields(condition),
      })
      try {
        // Servers put parts together for minutes before they answer.
        const output = await connection.send<CompleteMultipartUploadCommandOutput>(operation, command, {
          as: 'upload',
          signal,
        })
        if (output.ETag) return { identity: identityOf(output, capabilities.versions) }
        throw storeFailure(operation, 'unexpected', 'the server did not say what the parts became', {
          retry: 'unknown-outcome',
        })
      } catch (error) {
        throw asFailedCondition(operation, error, condition)
      }
    },

    async abort(container, key, uploadId, { signal } = {}) {
      const operation = connection.operation('multipart.abort', key)
      const command = new AbortMultipartUploadCommand({ Bucket: container, Key: key, UploadId: uploadId })
      await connection.send(operation, command, { as: 'write', signal }).catch((error: StoreError) => {
        if (error.kind !== 'upload-not-found') throw error
      })
    },
  }
}
