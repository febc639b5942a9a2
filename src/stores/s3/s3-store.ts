import type { Readable } from 'node:stream'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  type DeleteObjectCommandOutput,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { checkConditions, checkFacts, checkRange, checkSize } from '../call-rules.ts'
import type { GetOptions, ObjectStore, PutFacts, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { storedBody } from '../stored-body.ts'
import { asFailedCondition, conditionFields, onlyIfFields } from './conditions.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { digestFieldsOf, encodedMetadata, factFieldsOf, identityOf, storedObjectOf } from './object-fields.ts'
import { putAsOnePart } from './one-part-upload.ts'
import { S3Connection } from './s3-connection.ts'
import { listS3 } from './s3-listing.ts'
import { createS3Multipart } from './s3-multipart.ts'
import { sendBody } from './sent-body.ts'
import { translateS3Error } from './translate-error.ts'

/** Opens an S3-compatible endpoint as a store; containers are buckets. Nothing is sent before the first call. */
export function createS3Store(options: {
  name: string
  settings: S3Settings
  credentials: S3Credentials
}): ObjectStore {
  const connection = new S3Connection(options)
  const multipart = createS3Multipart(connection)
  const { capabilities } = connection

  return {
    name: options.name,
    capabilities,
    multipart,

    async ensureContainer(container, { signal } = {}) {
      const operation = connection.operation('ensureContainer', null)
      const found = await connection
        .send(operation, new HeadBucketCommand({ Bucket: container }), { as: 'read', signal })
        .then(
          () => true,
          (error: StoreError) => {
            if (error.kind === 'not-found' || error.kind === 'container-not-found') return false
            throw error
          },
        )
      if (!found) await createBucket(connection, operation, container, options.settings, signal)
    },

    async head(container, key, { signal, onlyIf } = {}) {
      const operation = connection.operation('head', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      const command = new HeadObjectCommand({
        Bucket: container,
        Key: key,
        ChecksumMode: 'ENABLED',
        ...onlyIfFields(onlyIf),
      })
      try {
        const output = await connection.send<HeadObjectCommandOutput>(operation, command, {
          as: 'read',
          signal,
        })
        return storedObjectOf(output, sizeOf(operation, output.ContentLength), capabilities.versions)
      } catch (error) {
        throw await connection.refine(operation, container, error, signal)
      }
    },

    async get(container, key, { signal, onlyIf, range } = {}) {
      const operation = connection.operation('get', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      if (range !== undefined) checkRange(operation, range)
      const command = new GetObjectCommand({
        Bucket: container,
        Key: key,
        ...onlyIfFields(onlyIf),
        ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
      })
      const output = await connection.send<GetObjectCommandOutput>(operation, command, { as: 'read', signal })
      const stream = output.Body as Readable
      try {
        const bodySize = sizeOf(operation, output.ContentLength)
        const size = range === undefined ? bodySize : wholeSizeOf(operation, output, range)
        const source = {
          chunks: stream as AsyncIterable<Uint8Array>,
          release: () => void stream.destroy(),
          translate: (error: unknown) => brokenBody(operation, error),
        }
        const body = storedBody(operation, source, bodySize, signal)
        return { ...storedObjectOf(output, size, capabilities.versions), bodySize, body }
      } catch (error) {
        stream.destroy()
        throw error
      }
    },

    async put(container, key, body, putOptions) {
      const { signal, size, digests = {}, condition, ...facts } = putOptions
      const operation = connection.operation('put', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkSize(operation, size, capabilities.putSizeMax)
      checkFacts(
        operation,
        { metadata: encodedMetadata(checkedMetadata(operation, facts)) },
        capabilities.metadataBytesMax,
      )
      checkConditions(operation, capabilities, { write: condition })
      const isUnguarded = !(body instanceof Uint8Array) && size > 0 && Object.keys(digests).length === 0
      if (isUnguarded && options.settings.incompleteBodies === 'kept') {
        return putAsOnePart(multipart, container, key, body, putOptions)
      }
      const described = factFieldsOf(operation, facts)
      const digested = digestFieldsOf(digests)
      const input = {
        Bucket: container,
        Key: key,
        ContentLength: size,
        ...described.fields,
        ...digested.fields,
        ...conditionFields(condition),
      }
      const exactHeaders = { ...described.exactHeaders, ...digested.exactHeaders }
      const output = await sendBody(operation, body, { size, digests, signal }, (payload, cutSignal) =>
        connection.send<PutObjectCommandOutput>(
          operation,
          new PutObjectCommand({ ...input, Body: payload }),
          {
            as: 'upload',
            signal: cutSignal,
            exactHeaders,
          },
        ),
      ).catch((error: unknown) => {
        throw asFailedCondition(operation, error, condition)
      })
      if (output.ETag) return { identity: identityOf(output, capabilities.versions) }
      const message = 'the server did not say what it wrote'
      throw storeFailure(operation, 'unexpected', message, { retry: 'unknown-outcome' })
    },

    async delete(container, key, { signal, onlyIf } = {}) {
      const operation = connection.operation('delete', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      // A version is deleted by its name, which needs no condition.
      const isByVersion = capabilities.versions && onlyIf?.versionId != null
      if (!isByVersion) checkConditions(operation, capabilities, { delete: onlyIf })
      const command = new DeleteObjectCommand({ Bucket: container, Key: key, ...onlyIfFields(onlyIf) })
      try {
        await connection.send<DeleteObjectCommandOutput>(operation, command, { as: 'write', signal })
      } catch (error) {
        const failure = error as StoreError
        if (failure.kind === 'not-found') return
        const mayBeGone = failure.kind === 'precondition-failed' && failure.retry === 'no'
        if (mayBeGone && (await isGone(connection, operation, container, signal))) return
        throw error
      }
    },

    list: (container, listOptions = {}) => listS3(connection, container, listOptions),

    async close() {
      connection.close()
    },
  }
}

async function createBucket(
  connection: S3Connection,
  operation: StoreOperation,
  container: string,
  settings: S3Settings,
  signal: AbortSignal | undefined,
): Promise<void> {
  // AWS refuses its default region as a constraint; servers elsewhere mostly ignore it.
  const isElsewhere = settings.endpoint === undefined && settings.region !== 'us-east-1'
  const command = new CreateBucketCommand({
    Bucket: container,
    ...(isElsewhere ? { CreateBucketConfiguration: { LocationConstraint: settings.region as never } } : {}),
  })
  await connection.send(operation, command, { as: 'write', signal }).catch((error: StoreError) => {
    const isThere = /BucketAlreadyOwnedByYou/.test(String((error.cause as Error | undefined)?.message))
    if (!isThere) throw error
  })
}

/** Checks names and texts before values are encoded; what is left to check then is their length. */
function checkedMetadata(operation: StoreOperation, facts: PutFacts): PutFacts {
  checkFacts(operation, facts, Number.POSITIVE_INFINITY)
  return facts
}

async function isGone(
  connection: S3Connection,
  operation: StoreOperation,
  container: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const command = new HeadObjectCommand({ Bucket: container, Key: operation.key! })
  return connection.send(operation, command, { as: 'read', signal }).then(
    () => false,
    (error: StoreError) => error.kind === 'not-found',
  )
}

/** The size of the whole object, from an answer that must be the range that was asked for. */
function wholeSizeOf(
  operation: StoreOperation,
  output: GetObjectCommandOutput,
  range: NonNullable<GetOptions['range']>,
): number {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(output.ContentRange ?? '') ?? []
  if (output.ContentRange === undefined && output.ContentLength === 0) {
    throw storeFailure(operation, 'range-not-satisfiable', 'the object is empty')
  }
  if (start === undefined || Number(start) !== range.start) {
    throw storeFailure(
      operation,
      'unexpected',
      `asked for bytes from ${range.start}, got "${output.ContentRange}"`,
    )
  }
  return sizeOf(operation, Number(total))
}

function sizeOf(operation: StoreOperation, length: number | undefined): number {
  if (length !== undefined && Number.isSafeInteger(length)) return length
  throw storeFailure(operation, 'unexpected', 'the server did not say how long the object is')
}

/** A connection that breaks after the answer began: the bytes that came are not all. */
function brokenBody(operation: StoreOperation, error: unknown): StoreError {
  const failure = translateS3Error(operation, error, { mayHaveHappened: false })
  if (failure.kind === 'timeout') return failure
  return storeFailure(operation, 'truncated', `the body broke off: ${failure.message}`, {
    retry: 'yes',
    cause: failure.cause,
  })
}
