import { checkConditions, checkRange, checkSize } from '../call-rules.ts'
import type { ObjectStore, PutOptions, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import type { GcsCredentials, GcsSettings } from './config.ts'
import { changeGcsStorageClass, copyWithinGcs } from './copy-within.ts'
import { GcsConnection, isSame } from './gcs-connection.ts'
import { listGcs } from './gcs-listing.ts'
import { createGcsMultipart, sweepGcsUploads } from './gcs-multipart.ts'
import { digestsOf, identityOf, storedObjectOf } from './object-fields.ts'
import { checkIdentity, openObject } from './open-object.ts'
import { deleteGeneration, writeObject } from './write-object.ts'

/** Opens Google Cloud Storage as a store; containers are buckets. Nothing is sent before the first call. */
export function createGcsStore(options: {
  name: string
  settings: GcsSettings
  credentials: GcsCredentials
}): ObjectStore {
  const connection = new GcsConnection(options)
  const { capabilities, wire } = connection

  const store: ObjectStore = {
    name: options.name,
    capabilities,

    async ensureContainer(container, { signal } = {}) {
      const operation = connection.operation('ensureContainer', null)
      throwIfAborted(operation, signal)
      if (await connection.hasContainer(operation, container, signal)) return
      await createBucket(connection, operation, container, signal)
    },

    async head(container, key, { signal, onlyIf } = {}) {
      const operation = connection.operation('head', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      const resource = await connection.readResource(operation, container, signal)
      checkIdentity(operation, resource, onlyIf)
      return storedObjectOf(resource, capabilities.encryption === 'always')
    },

    async get(container, key, getOptions = {}) {
      const operation = connection.operation('get', key)
      throwIfAborted(operation, getOptions.signal)
      connection.checkKey(operation)
      if (getOptions.range !== undefined) checkRange(operation, getOptions.range)
      return openObject(connection, operation, container, getOptions)
    },

    async put(container, key, body, putOptions) {
      const operation = connection.operation('put', key)
      throwIfAborted(operation, putOptions.signal)
      checkPut(connection, operation, putOptions)
      const resource = await writeObject(connection, operation, container, body, putOptions)
      return { identity: identityOf(resource), digests: digestsOf(resource) }
    },

    async delete(container, key, { signal, onlyIf, isFormer = false } = {}) {
      const operation = connection.operation('delete', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      // A generation that the bucket would keep is deleted by its number, which needs no condition.
      const isByNumber = isFormer || (capabilities.versions && onlyIf?.versionId != null)
      if (!isByNumber) checkConditions(operation, capabilities, { delete: onlyIf })
      try {
        const generation = onlyIf && (await connection.generationOf(operation, container, onlyIf, signal))
        await deleteGeneration(connection, operation, container, { generation, isFormer, signal })
      } catch (error) {
        const failure = (await connection.refine(operation, container, error, signal)) as StoreError
        if (failure.kind === 'not-found' && (onlyIf === undefined || isFormer)) return
        const mayBeGone = failure.kind === 'not-found' || failure.kind === 'precondition-failed'
        if (onlyIf === undefined || !mayBeGone) throw failure
        const found = await connection.findResource(operation, container, signal)
        if (found === null) return
        const message = isSame(found, onlyIf)
          ? 'the server did not find the bytes that are there'
          : 'other bytes are there than the ones that are meant'
        throw storeFailure(operation, 'precondition-failed', message)
      }
    },

    list: (container, listOptions = {}) => listGcs(connection, container, listOptions),

    close: () => wire.close(),
  }
  return {
    ...store,
    ...(capabilities.multipart === null
      ? {}
      : {
          multipart: createGcsMultipart(connection),
          sweepLeftovers: (container, sweep) => sweepGcsUploads(connection, container, sweep),
        }),
    ...(capabilities.serverSideCopy
      ? { copyWithin: (from, to, copyOptions) => copyWithinGcs(connection, from, to, copyOptions) }
      : {}),
    ...(capabilities.storageClasses.length === 0
      ? {}
      : {
          changeStorageClass: (container, key, storageClass, changeOptions) =>
            changeGcsStorageClass(connection, store.head, { container, key }, storageClass, changeOptions),
        }),
  }
}

function checkPut(connection: GcsConnection, operation: StoreOperation, options: PutOptions): void {
  checkSize(operation, options.size, connection.capabilities.putSizeMax)
  connection.checkFacts(operation, options)
  checkConditions(operation, connection.capabilities, { write: options.condition })
}

/** Makes a bucket that is closed to the public. Somebody may make it at the same time. */
async function createBucket(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { settings, projectId, wire } = connection
  if (projectId === null) {
    const message = `there is no bucket "${container}", and none can be made without the setting projectId`
    throw storeFailure(operation, 'container-not-found', message)
  }
  const bucket = {
    name: container,
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: 'enforced',
    },
    ...(settings.bucketLocation === undefined ? {} : { location: settings.bucketLocation }),
  }
  const body = Buffer.from(JSON.stringify(bucket))
  const headers = { 'content-type': 'application/json', 'content-length': String(body.byteLength) }
  const request = {
    method: 'POST',
    path: '/storage/v1/b',
    query: { project: projectId },
    headers,
    body,
  } as const
  try {
    const answer = await wire.send(operation, { ...request, as: 'write', signal })
    answer.body.resume()
  } catch (error) {
    // Names are shared by the whole world: only what we may list is ours.
    if (await connection.hasContainer(operation, container, signal)) return
    throw error
  }
}
