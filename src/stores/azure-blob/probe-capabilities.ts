import { randomUUID } from 'node:crypto'
import { type ObjectStore, StoreError } from '../object-store.ts'
import { createAzureBlobStore } from './azure-blob-store.ts'
import { AzureConnection } from './azure-connection.ts'
import type { AzureBlobCredentials, AzureBlobSettings } from './config.ts'

/** The settings a probe finds out. */
export type ProbedSettings = Pick<AzureBlobSettings, 'tags' | 'versions' | 'immutability' | 'listOrder'>

/** Where probes write. The keys are gone afterwards. */
const PROBE_PREFIX = 'dim-probe-'
const BYTES = Buffer.from('a probe of what this account does')
/** In the order of their UTF-8 bytes; in that of UTF-16 the second comes first. */
const ORDERED_ENDS = ['\uff21', '😀'] as const

/**
 * Finds out, by trying, what accounts differ in: whether blobs have tags and old versions, whether a
 * container keeps retentions of them, and in which order it lists. Writes and deletes a few small blobs in
 * the container, which must be there. The answer is stored in the store's settings.
 *
 * Throws `StoreError` when the account cannot be reached or refuses an ordinary write.
 */
export async function probeAzureCapabilities(options: {
  name: string
  settings: AzureBlobSettings
  credentials: AzureBlobCredentials
  container: string
}): Promise<ProbedSettings> {
  const { container } = options
  const store = createAzureBlobStore({
    ...options,
    settings: { ...options.settings, tags: true, versions: true },
  })
  const connection = new AzureConnection(options)
  const prefix = `${PROBE_PREFIX}${randomUUID()}`
  const keys = ORDERED_ENDS.map(end => prefix + end)
  try {
    let versions = false
    for (const key of keys) {
      const { identity } = await store.put(container, key, BYTES, { size: BYTES.length })
      versions = identity.versionId !== null
    }
    return {
      versions,
      tags: await probeTags(store, container, keys[0]!),
      immutability: await readImmutability(connection, container),
      listOrder: await probeOrder(connection, container, prefix),
    }
  } finally {
    for (const key of keys) await store.delete(container, key).catch((error: unknown) => error)
    connection.close()
    await store.close()
  }
}

/** A missing right to tag counts as no tags: either way there are none for us. */
async function probeTags(store: ObjectStore, container: string, key: string): Promise<boolean> {
  try {
    await store.put(container, key, BYTES, { size: BYTES.length, tags: { 'dim probe': 'a+b' } })
    return (await store.head(container, key, { withTags: true })).tags?.['dim probe'] === 'a+b'
  } catch (error) {
    if (error instanceof StoreError && error.retry === 'no') return false
    throw error
  }
}

/** Whether the container keeps retentions per version. An account that does not say has none. */
async function readImmutability(connection: AzureConnection, container: string): Promise<boolean> {
  const operation = connection.operation('probe', null)
  const how = { as: 'read' } as const
  return connection
    .call(operation, how, abortSignal => connection.container(how, container).getProperties({ abortSignal }))
    .then(
      found => found.isImmutableStorageWithVersioningEnabled === true,
      (error: StoreError) => {
        if (error.retry === 'no') return false
        throw error
      },
    )
}

async function probeOrder(
  connection: AzureConnection,
  container: string,
  prefix: string,
): Promise<AzureBlobSettings['listOrder']> {
  const operation = connection.operation('probe', null)
  const how = { as: 'read' } as const
  const names = await connection.call(operation, how, async abortSignal => {
    const found: string[] = []
    const pages = connection.container(how, container).listBlobsFlat({ prefix, abortSignal })
    for await (const blob of pages) found.push(blob.name)
    return found
  })
  return names[0] === prefix + ORDERED_ENDS[0] ? 'utf-8' : 'utf-16'
}
