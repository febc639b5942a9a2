import type { BlobDownloadResponseParsed } from '@azure/storage-blob'
import { type Clock, wallClock } from '../../domain/clock.ts'
import { checkConditions, checkRange, checkSize } from '../call-rules.ts'
import type { GetOptions, ObjectStore, StoreError } from '../object-store.ts'
import { sendBody } from '../sent-body.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { brokenBody, storedBody } from '../stored-body.ts'
import { AzureConnection } from './azure-connection.ts'
import { listAzure } from './azure-listing.ts'
import { createAzureMultipart } from './azure-multipart.ts'
import { onlyIfConditions, writeConditions } from './conditions.ts'
import type { AzureBlobCredentials, AzureBlobSettings } from './config.ts'
import { type CopyingStore, changeAzureTier, copyWithinAzure } from './copy-within.ts'
import { digestsOf, identityOf, storedObjectOf } from './object-fields.ts'
import { restoreBlob } from './restore-blob.ts'
import { translateAzureError } from './translate-error.ts'

/** Opens an Azure storage account's blobs as a store. Nothing is sent before the first call. */
export function createAzureBlobStore(options: {
  name: string
  settings: AzureBlobSettings
  credentials: AzureBlobCredentials
  /** Tells which try to send a part is the latest. Default: the wall clock. */
  clock?: Clock
}): ObjectStore {
  const connection = new AzureConnection(options)
  const { capabilities } = connection
  const clock = options.clock ?? wallClock

  const store: ObjectStore = {
    name: options.name,
    capabilities,
    multipart: createAzureMultipart(connection, clock),

    async ensureContainer(container, { signal } = {}) {
      const operation = connection.operation('ensureContainer', null)
      const look = { as: 'read', signal } as const
      const isThere = await connection.call(operation, look, abortSignal =>
        connection.container(look, container).exists({ abortSignal }),
      )
      if (isThere) return
      const make = { as: 'write', signal } as const
      await connection.call(operation, make, async abortSignal => {
        await connection.container(make, container).createIfNotExists({ abortSignal })
      })
    },

    async head(container, key, { signal, onlyIf, withTags = false } = {}) {
      const operation = connection.operation('head', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      const how = { as: 'read', signal } as const
      const answer = await connection
        .call(operation, how, abortSignal =>
          connection
            .blob(how, container, key)
            .getProperties({ abortSignal, conditions: onlyIfConditions(onlyIf) }),
        )
        .catch(async (error: StoreError) => {
          throw await refined(connection, operation, container, error, signal)
        })
      const found = storedObjectOf(
        answer,
        sizeOf(operation, answer.contentLength),
        answer.contentMD5,
        capabilities.versions,
      )
      if (!withTags || !capabilities.tags) return found
      const { tags } = await connection.call(operation, how, abortSignal =>
        connection.blob(how, container, key).getTags({ abortSignal }),
      )
      return { ...found, tags }
    },

    async get(container, key, { signal, onlyIf, range } = {}) {
      const operation = connection.operation('get', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { read: onlyIf })
      if (range !== undefined) checkRange(operation, range)
      const how = { as: 'read', signal } as const
      const [offset, count] =
        range === undefined ? [0, undefined] : [range.start, range.end - range.start + 1]
      const answer = await connection
        .call(operation, how, abortSignal =>
          connection.blob(how, container, key).download(offset, count, {
            abortSignal,
            conditions: onlyIfConditions(onlyIf),
            // A body that breaks off is its reader's to ask for again.
            maxRetryRequests: 0,
          }),
        )
        .catch(async (error: StoreError) => {
          throw await refined(connection, operation, container, error, signal)
        })
      const chunks = answer.readableStreamBody
      if (chunks === undefined) throw storeFailure(operation, 'unexpected', 'the answer has no body')
      try {
        const bodySize = sizeOf(operation, answer.contentLength)
        const size = range === undefined ? bodySize : wholeSizeOf(operation, answer, range)
        const source = {
          chunks: chunks as AsyncIterable<Uint8Array>,
          release: () => destroy(chunks),
          translate: (error: unknown) =>
            brokenBody(operation, translateAzureError(operation, error, { mayHaveHappened: false })),
        }
        const md5 = range === undefined ? answer.contentMD5 : answer.blobContentMD5
        const body = storedBody(operation, source, bodySize, signal)
        return { ...storedObjectOf(answer, size, md5, capabilities.versions), bodySize, body }
      } catch (error) {
        destroy(chunks)
        throw error
      }
    },

    async put(container, key, body, { signal, size, digests = {}, condition, ...facts }) {
      const operation = connection.operation('put', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkSize(operation, size, capabilities.putSizeMax)
      checkConditions(operation, capabilities, { write: condition })
      const { blobHTTPHeaders, ...fields } = connection.factsOf(operation, facts)
      // Azure compares the whole body with this digest before the blob becomes visible.
      const md5 = digests.md5 === undefined ? {} : { blobContentMD5: Buffer.from(digests.md5, 'hex') }
      const answer = await sendBody(operation, body, { size, digests, signal }, (payload, cutSignal) => {
        const how = { as: 'upload', signal: cutSignal } as const
        return connection.call(operation, how, abortSignal =>
          connection.blob(how, container, key).upload(payload, size, {
            ...fields,
            abortSignal,
            blobHTTPHeaders: { ...blobHTTPHeaders, ...md5 },
            conditions: writeConditions(condition),
          }),
        )
      })
      if (answer.etag) {
        return { identity: identityOf(answer, capabilities.versions), digests: digestsOf(answer.contentMD5) }
      }
      const message = 'the service did not say what it wrote'
      throw storeFailure(operation, 'unexpected', message, { retry: 'unknown-outcome' })
    },

    async delete(container, key, { signal, onlyIf } = {}) {
      const operation = connection.operation('delete', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkConditions(operation, capabilities, { delete: onlyIf })
      const how = { as: 'write', signal } as const
      try {
        await connection.call(operation, how, abortSignal =>
          connection.blob(how, container, key).delete({ abortSignal, conditions: onlyIfConditions(onlyIf) }),
        )
      } catch (error) {
        const failure = await refined(connection, operation, container, error as StoreError, signal)
        if (failure.kind !== 'not-found') throw failure
      }
    },

    list: (container, listOptions = {}) => listAzure(connection, container, listOptions),

    async close() {
      connection.close()
    },
  }
  const copying: CopyingStore = { connection, clock, head: store.head, put: store.put }
  return {
    ...store,
    restore: (container, key, restoreOptions) => restoreBlob(copying, container, key, restoreOptions),
    copyWithin: (from, to, copyOptions) => copyWithinAzure(copying, from, to, copyOptions),
    changeStorageClass: (container, key, tier, changeOptions) =>
      changeAzureTier(copying, { container, key }, tier, changeOptions),
  }
}

/** A condition fails also for a blob that is not there; then the answer is that it is not. */
async function refined(
  connection: AzureConnection,
  operation: StoreOperation,
  container: string,
  failure: StoreError,
  signal: AbortSignal | undefined,
): Promise<StoreError> {
  if (failure.kind !== 'precondition-failed' || failure.retry !== 'no') return failure
  const how = { as: 'read', signal } as const
  return connection
    .call(operation, how, abortSignal =>
      connection.blob(how, container, operation.key!).getProperties({ abortSignal }),
    )
    .then(
      () => failure,
      (problem: StoreError) => (problem.kind === 'not-found' ? problem : failure),
    )
}

/** The size of the whole object, from an answer that must be the range that was asked for. */
function wholeSizeOf(
  operation: StoreOperation,
  { contentRange }: BlobDownloadResponseParsed,
  range: NonNullable<GetOptions['range']>,
): number {
  // Azurite 3.37 answers `bytes 0--1/0` for any range of an empty blob.
  const [, start, total] = /^bytes (\d+)-(?:\d+|-1)\/(\d+)$/.exec(contentRange ?? '') ?? []
  if (start === undefined || Number(start) !== range.start) {
    throw storeFailure(operation, 'unexpected', `asked for bytes from ${range.start}, got "${contentRange}"`)
  }
  if (Number(total) <= range.start) {
    const message = `the object has ${total} bytes, none from ${range.start}`
    throw storeFailure(operation, 'range-not-satisfiable', message)
  }
  return Number(total)
}

function sizeOf(operation: StoreOperation, length: number | undefined): number {
  if (length !== undefined && Number.isSafeInteger(length)) return length
  throw storeFailure(operation, 'unexpected', 'the service did not say how long the blob is')
}

function destroy(stream: NodeJS.ReadableStream): void {
  ;(stream as NodeJS.ReadableStream & { destroy(): void }).destroy()
}
