import { hash } from 'node:crypto'
import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3'
import type { StoreIdentity } from '../../domain/object.ts'
import { checkConditions, checkExtras, checkFacts, checkRange, checkSize } from '../call-rules.ts'
import type {
  GetOptions,
  ObjectDigests,
  ObjectStore,
  PutBody,
  PutOptions,
  StoreError,
} from '../object-store.ts'
import { sendBody } from '../sent-body.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { brokenBody, storedBody } from '../stored-body.ts'
import { asFailedCondition, conditionHeaders, onlyIfParts } from './conditions.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { type CopyingStore, changeS3StorageClass, copyWithinS3 } from './copy-within.ts'
import { deleteShownVersion, deleteVersion } from './delete-shown-version.ts'
import type { Answer } from './exchange.ts'
import {
  checksumAlgorithmHeader,
  digestHeadersOf,
  digestsOf,
  encodedMetadata,
  factHeadersOf,
  identityOf,
  storedObjectOf,
} from './object-fields.ts'
import { readTags } from './object-tags.ts'
import { putAsOnePart } from './one-part-upload.ts'
import { signedHashOf } from './payload-hash.ts'
import { restoreS3Object } from './restore-object.ts'
import { S3Connection } from './s3-connection.ts'
import { listS3 } from './s3-listing.ts'
import { createS3Multipart } from './s3-multipart.ts'
import { S3Wire } from './s3-wire.ts'
import { translateS3Error } from './translate-error.ts'

/**
 * Opens an S3-compatible endpoint as a store; containers are buckets. Nothing is sent before the first call.
 */
export function createS3Store(options: {
  name: string
  settings: S3Settings
  credentials: S3Credentials
}): ObjectStore {
  const connection = new S3Connection(options)
  const wire = new S3Wire(options)
  const multipart = createS3Multipart(connection, wire, { wantsDigest: true })
  const { capabilities } = connection

  /** Many servers deny what a lock forbids, in the words of a missing right. */
  async function lockOr(failure: StoreError, container: string, key: string, onlyIf?: StoreIdentity) {
    if (failure.kind !== 'access-denied' || !capabilities.objectLock) return failure
    const identity = onlyIf === undefined ? {} : { onlyIf }
    const found = await store.head(container, key, identity).catch(() => null)
    if (found === null || found.lock === null) return failure
    const operation = connection.operation(failure.operation, key)
    return storeFailure(operation, 'locked', 'a retention or legal hold keeps it', { cause: failure.cause })
  }

  const store: ObjectStore = {
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

    async head(container, key, { signal, onlyIf, withTags = false } = {}) {
      const operation = connection.operation('head', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      const only = onlyIfParts(onlyIf)
      const headers = { ...only.headers, 'x-amz-checksum-mode': 'ENABLED' }
      try {
        const answer = await wire.send(operation, {
          ...only,
          method: 'HEAD',
          container,
          headers,
          as: 'read',
          signal,
        })
        answer.body.drop()
        const found = storedObjectOf(answer.headers, sizeOf(operation, answer), capabilities)
        if (!withTags || !capabilities.tags) return found
        const { versionId } = found.identity
        return { ...found, tags: await readTags(wire, operation, container, versionId, signal) }
      } catch (error) {
        throw await connection.refine(operation, container, error, signal)
      }
    },

    async get(container, key, { signal, onlyIf, range, areChunksLent = false } = {}) {
      const operation = connection.operation('get', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      if (range !== undefined) checkRange(operation, range)
      const only = onlyIfParts(onlyIf)
      const headers = {
        ...only.headers,
        ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` }),
        ...(range === undefined && capabilities.reportedDigests.length > 0
          ? { 'x-amz-checksum-mode': 'ENABLED' }
          : {}),
      }
      const answer = await wire.send(operation, {
        ...only,
        method: 'GET',
        container,
        headers,
        as: 'read',
        signal,
        areChunksLent,
      })
      try {
        const bodySize = sizeOf(operation, answer)
        const size = range === undefined ? bodySize : wholeSizeOf(operation, answer, range)
        const source = {
          chunks: answer.body,
          release: () => void answer.body.destroy(),
          translate: (error: unknown) =>
            brokenBody(operation, translateS3Error(operation, error, { mayHaveHappened: false })),
        }
        const body = storedBody(operation, source, bodySize, signal)
        return { ...storedObjectOf(answer.headers, size, capabilities), bodySize, body }
      } catch (error) {
        answer.body.destroy()
        throw error
      }
    },

    async put(container, key, body, putOptions) {
      const { signal, size, condition, areDigestsFresh = false, ...facts } = withoutDigests(putOptions)
      const digests = lockedDigests(body, putOptions)
      const operation = connection.operation('put', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkSize(operation, size, capabilities.putSizeMax)
      checkFacts(operation, facts, Number.POSITIVE_INFINITY)
      checkExtras(operation, capabilities, facts)
      checkFacts(operation, { metadata: encodedMetadata(facts) }, capabilities.metadataBytesMax)
      checkConditions(operation, capabilities, { write: condition })
      const isUnguarded = !(body instanceof Uint8Array) && size > 0 && Object.keys(digests).length === 0
      const isKeptBroken = options.settings.incompleteBodies === 'kept' || facts.lock !== undefined
      if (isUnguarded && isKeptBroken) {
        return putAsOnePart(multipart, container, key, body, putOptions)
      }
      const headers = {
        ...factHeadersOf(operation, facts),
        ...digestHeadersOf(digests),
        ...(facts.lock === undefined ? {} : checksumAlgorithmHeader(digests)),
        ...conditionHeaders(condition),
        'content-length': String(size),
      }
      const expected = { size, digests, areDigestsFresh, signal }
      const answer = await sendBody(operation, body, expected, (payload, cutSignal) =>
        wire.send(operation, {
          method: 'PUT',
          container,
          headers,
          body: payload,
          payloadSha256: signedHashOf(connection, payload, digests),
          as: 'upload',
          signal: cutSignal,
        }),
      ).catch((error: unknown) => {
        throw asFailedCondition(operation, error, condition)
      })
      answer.body.drop()
      if (answer.headers.etag) {
        const identity = identityOf(answer.headers, capabilities.versions)
        return { identity, digests: digestsOf(answer.headers) }
      }
      const message = 'the server did not say what it wrote'
      throw storeFailure(operation, 'unexpected', message, { retry: 'unknown-outcome' })
    },

    async delete(container, key, { signal, onlyIf, isFormer = false } = {}) {
      const operation = connection.operation('delete', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      // A version is deleted by its name, which needs no condition.
      const isByVersion = capabilities.versions && onlyIf?.versionId != null
      if (!isByVersion) checkConditions(operation, capabilities, { delete: onlyIf })
      try {
        if (isByVersion) {
          const place = { wire, capabilities, container, operation: { ...operation, key }, signal }
          return await (isFormer ? deleteVersion : deleteShownVersion)(place, onlyIf)
        }
        const request = { ...onlyIfParts(onlyIf), method: 'DELETE', container, as: 'write', signal } as const
        const answer = await wire.send(operation, request)
        answer.body.drop()
      } catch (error) {
        const failure = error as StoreError
        if (failure.kind === 'not-found') return
        const mayBeGone = failure.kind === 'precondition-failed' && failure.retry === 'no'
        if (mayBeGone && (await isGone(wire, operation, container, signal))) return
        throw await lockOr(failure, container, key, onlyIf)
      }
    },

    list: (container, listOptions = {}) => listS3(connection, container, listOptions),

    async close() {
      connection.close()
      await wire.close()
    },
  }
  // versitygw 1.8.0, asked for the checksum of parts that are copied from ranges, tells a wrong one.
  const copies = createS3Multipart(connection, wire, { wantsDigest: false })
  const copying: CopyingStore = { connection, wire, multipart: copies, head: store.head, put: store.put }
  return {
    ...store,
    ...(capabilities.serverSideCopy
      ? { copyWithin: (from, to, copyOptions) => copyWithinS3(copying, from, to, copyOptions) }
      : {}),
    ...(capabilities.archiveRestore === 'none'
      ? {}
      : {
          restore: (container, key, restoreOptions) =>
            restoreS3Object(copying, container, key, restoreOptions),
        }),
    ...(capabilities.storageClasses.length === 0
      ? {}
      : {
          changeStorageClass: (container, key, storageClass, changeOptions) =>
            changeS3StorageClass(copying, { container, key }, storageClass, changeOptions),
        }),
  }
}

function withoutDigests({ digests: _, ...rest }: PutOptions): Omit<PutOptions, 'digests'> {
  return rest
}

/** The digests that go along. S3 takes no locked object without one. */
function lockedDigests(body: PutBody, { digests = {}, lock }: PutOptions): ObjectDigests {
  const needsOne = lock !== undefined && body instanceof Uint8Array && Object.keys(digests).length === 0
  return needsOne ? { md5: hash('md5', body, 'hex') } : digests
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

async function isGone(
  wire: S3Wire,
  operation: StoreOperation,
  container: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return wire.send(operation, { method: 'HEAD', container, as: 'read', signal }).then(
    answer => {
      answer.body.drop()
      return false
    },
    (error: StoreError) => error.kind === 'not-found',
  )
}

/** The size of the whole object, from an answer that must be the range that was asked for. */
function wholeSizeOf(
  operation: StoreOperation,
  { headers }: Pick<Answer, 'headers'>,
  range: NonNullable<GetOptions['range']>,
): number {
  const contentRange = headers['content-range']
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange ?? '') ?? []
  if (contentRange === undefined && headers['content-length'] === '0') {
    throw storeFailure(operation, 'range-not-satisfiable', 'the object is empty')
  }
  if (start === undefined || Number(start) !== range.start) {
    throw storeFailure(operation, 'unexpected', `asked for bytes from ${range.start}, got "${contentRange}"`)
  }
  return Number(total)
}

function sizeOf(operation: StoreOperation, { headers }: Pick<Answer, 'headers'>): number {
  const length = headers['content-length']
  if (length !== undefined && /^\d{1,15}$/.test(length)) return Number(length)
  throw storeFailure(operation, 'unexpected', 'the server did not say how long the object is')
}
