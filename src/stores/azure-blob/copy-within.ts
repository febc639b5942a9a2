import { BlobSASPermissions, type BlockBlobClient } from '@azure/storage-blob'
import { type Bytes, MIB } from '../../domain/bytes.ts'
import type { Clock } from '../../domain/clock.ts'
import { HOUR } from '../../domain/duration.ts'
import { checkConditions, checkStorageClass } from '../call-rules.ts'
import type {
  ChangeStorageClassOptions,
  CopySource,
  CopyTarget,
  CopyWithinOptions,
  ObjectStore,
  PutResult,
  StoredObject,
} from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import type { AzureConnection } from './azure-connection.ts'
import { blockIdOf, createPartTries, newUploadId } from './block-ids.ts'
import { writeConditions } from './conditions.ts'
import { digestsOf, identityOf } from './object-fields.ts'

/** One block copied from a source. Azure takes 4,000 MiB; smaller ones are answered sooner. */
const BLOCK_BYTES = 256 * MIB
const BLOCKS_AT_ONCE = 4
/** How long Azure itself may read the source by the address we sign for it. */
const SOURCE_READABLE_MS = 6 * HOUR

/** What copies need of the store they are part of. */
export interface CopyingStore {
  readonly connection: AzureConnection
  readonly clock: Clock
  readonly head: ObjectStore['head']
  readonly put: ObjectStore['put']
}

/**
 * Copies an object inside the account as blocks that Azure reads from the source by itself. Other than its own
 * copies this takes new headers, is visible all at once, and tells the MD5 of what one block got.
 */
export async function copyWithinAzure(
  store: CopyingStore,
  from: CopySource,
  to: CopyTarget,
  copyOptions: CopyWithinOptions,
): Promise<PutResult> {
  const { connection, head, put } = store
  const { signal, size, condition, ...facts } = copyOptions
  const operation = connection.operation('copyWithin', to.key)
  throwIfAborted(operation, signal)
  connection.checkKey(connection.operation('copyWithin', from.key))
  connection.checkKey(operation)
  checkConditions(operation, connection.capabilities, { write: condition })
  const { blobHTTPHeaders, ...fields } = connection.factsOf(operation, facts)
  const call = signal === undefined ? {} : { signal }
  const checkSource = async () => {
    const found = await head(from.container, from.key, { onlyIf: from.identity, ...call })
    if (found.size === size) return
    throw storeFailure(operation, 'truncated', `the object has ${found.size} bytes, not ${size}`)
  }
  if (size === 0) {
    await checkSource()
    return put(to.container, to.key, new Uint8Array(), copyOptions)
  }
  const { blockIds, md5 } = await copyBlocks(store, operation, from, to, { size, signal }).catch(
    async (error: unknown) => {
      // Azure does not say whether it is the source that is missing.
      await checkSource()
      throw error
    },
  )
  // An ETag is never given twice: when it is the same now, all blocks are of these bytes.
  await checkSource()
  const how = { as: 'upload', signal } as const
  const answer = await connection.call(operation, how, abortSignal =>
    connection.blob(how, to.container, to.key).commitBlockList(blockIds, {
      ...fields,
      abortSignal,
      blobHTTPHeaders: { ...blobHTTPHeaders, ...(md5 === undefined ? {} : { blobContentMD5: md5 }) },
      conditions: writeConditions(condition),
    }),
  )
  if (answer.etag) {
    return { identity: identityOf(answer, connection.capabilities.versions), digests: digestsOf(md5) }
  }
  throw storeFailure(operation, 'unexpected', 'the service did not say what the blocks became', {
    retry: 'unknown-outcome',
  })
}

async function copyBlocks(
  { connection, clock }: CopyingStore,
  operation: StoreOperation,
  from: CopySource,
  to: CopyTarget,
  { size, signal }: { size: Bytes; signal: AbortSignal | undefined },
): Promise<{ blockIds: string[]; md5: Uint8Array | undefined }> {
  const how = { as: 'upload', signal } as const
  const source = await readableAddress(connection.blob(how, from.container, from.key), clock)
  const target = connection.blob(how, to.container, to.key)
  const uploadId = newUploadId()
  const nextTry = createPartTries(clock)
  const count = Math.ceil(size / BLOCK_BYTES)
  const blockIds = Array.from({ length: count }, (_, index) =>
    blockIdOf({ uploadId, partNumber: index + 1, etag: nextTry() }),
  )
  let md5: Uint8Array | undefined
  const copyBlock = async (index: number) => {
    const offset = index * BLOCK_BYTES
    const length = Math.min(BLOCK_BYTES, size - offset)
    const answer = await connection.call(operation, how, abortSignal =>
      target.stageBlockFromURL(blockIds[index]!, source, offset, length, {
        abortSignal,
      }),
    )
    if (count === 1) md5 = answer.contentMD5
  }
  for (let first = 0; first < count; first += BLOCKS_AT_ONCE) {
    const last = Math.min(first + BLOCKS_AT_ONCE, count)
    await Promise.all(Array.from({ length: last - first }, (_, index) => copyBlock(first + index)))
  }
  return { blockIds, md5 }
}

/** An address by which Azure may read a blob: signed by the account's key, or with the SAS we have. */
async function readableAddress(blob: BlockBlobClient, clock: Clock): Promise<string> {
  if (new URL(blob.url).searchParams.has('sig')) return blob.url
  return blob.generateSasUrl({
    permissions: BlobSASPermissions.parse('r'),
    expiresOn: new Date(clock.now() + SOURCE_READABLE_MS),
  })
}

/**
 * Puts an object into another access tier. That changes no bytes and no ETag, and Azure compares nothing: if
 * somebody overwrites the object in the same moment, it is their bytes that get the tier.
 */
export async function changeAzureTier(
  { connection, head }: CopyingStore,
  place: CopyTarget,
  tier: string,
  { signal, onlyIf }: ChangeStorageClassOptions,
): Promise<StoredObject> {
  const operation = connection.operation('changeStorageClass', place.key)
  throwIfAborted(operation, signal)
  checkStorageClass(operation, connection.capabilities, tier)
  const call = signal === undefined ? {} : { signal }
  const found = await head(place.container, place.key, { onlyIf, ...call })
  if (found.storageClass === tier) return found
  if (found.archive !== null) {
    const message = 'it is in the archive tier, and takes hours to come back: restore it first'
    throw storeFailure(operation, 'archived', message)
  }
  const how = { as: 'write', signal } as const
  await connection.call(operation, how, abortSignal =>
    connection.blob(how, place.container, place.key).setAccessTier(tier, { abortSignal }),
  )
  return head(place.container, place.key, { onlyIf, ...call })
}
