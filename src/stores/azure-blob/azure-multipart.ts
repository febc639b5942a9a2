import type { Clock } from '../../domain/clock.ts'
import type { StoreIdentity } from '../../domain/object.ts'
import { checkConditions, checkSize } from '../call-rules.ts'
import type { MultipartStore, StoreError } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { sendBody } from '../sent-body.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import type { AzureConnection } from './azure-connection.ts'
import { blockIdOf, createPartTries, stagedPartOf } from './block-ids.ts'
import { onlyIfConditions, writeConditions } from './conditions.ts'
import { identityOf, unquote } from './object-fields.ts'
import { OpenUploads, uploadNotFound } from './open-uploads.ts'

/** The ETag of a part without bytes: Azure has no block for it, and needs none. */
const EMPTY_PART = 'empty'

/** What Azure knows of a key's blocks. */
interface BlocksOfKey {
  /** Ids of the blocks the object consists of, in order. */
  readonly committed: readonly string[]
  readonly uncommitted: readonly string[]
  /** Of the object, null when there is none. */
  readonly etag: string | null
}

/**
 * Uploads in parts as lists of blocks. Every try to send a part is a block of its own under the object's key,
 * named after its upload, part and time; completing commits exactly the blocks of the named parts. Blocks of
 * different uploads cannot mix, but committing any list, or writing the key at once, discards all others.
 */
export function createAzureMultipart(connection: AzureConnection, clock: Clock): MultipartStore {
  const { capabilities } = connection
  const limits = capabilities.multipart!
  const uploads = new OpenUploads(connection)
  const nextTry = createPartTries(clock)

  return {
    async create(container, key, { signal, ...facts }) {
      const operation = connection.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      connection.factsOf(operation, facts)
      return { uploadId: await uploads.open(operation, container, facts, signal) }
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = connection.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkPartNumber(operation, partNumber, limits.partsMax)
      checkSize(operation, size, limits.partSizeMax)
      await uploads.expectOpen(operation, container, uploadId, signal)
      const etag = size === 0 ? EMPTY_PART : nextTry()
      await sendBody(operation, body, { size, signal }, async (payload, cutSignal) => {
        if (size === 0) return
        const how = { as: 'upload', signal: cutSignal } as const
        const blockId = blockIdOf({ uploadId, partNumber, etag })
        await connection.call(operation, how, abortSignal =>
          connection.blob(how, container, key).stageBlock(blockId, payload, size, { abortSignal }),
        )
      })
      return { etag }
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = connection.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      connection.checkKey(operation)
      checkPartOrder(operation, parts)
      checkConditions(operation, capabilities, { write: condition })
      const [facts, blocks] = await Promise.all([
        uploads.find(operation, container, uploadId, signal),
        blocksOfKey(connection, operation, container, signal),
      ])
      const named = parts
        .filter(({ etag }) => etag !== EMPTY_PART)
        .map(part => blockIdOf({ uploadId, ...part }))
      if (named.length > 0 && isSameList(blocks.committed, named)) {
        // An answer got lost: the object already is what the parts make.
        await forget(uploads, operation, container, uploadId)
        return { identity: await identityBy(connection, operation, container, blocks.etag, signal) }
      }
      if (facts === null) throw uploadNotFound(operation)
      checkLatest(operation, uploadId, parts, blocks.uncommitted)
      const { blobHTTPHeaders, ...fields } = connection.factsOf(operation, facts)
      const how = { as: 'upload', signal } as const
      const answer = await connection.call(operation, how, abortSignal =>
        connection.blob(how, container, key).commitBlockList(named, {
          ...fields,
          abortSignal,
          blobHTTPHeaders,
          conditions: writeConditions(condition),
        }),
      )
      if (!answer.etag) {
        throw storeFailure(operation, 'unexpected', 'the service did not say what the parts became', {
          retry: 'unknown-outcome',
        })
      }
      await forget(uploads, operation, container, uploadId)
      return { identity: identityOf(answer, capabilities.versions) }
    },

    async abort(container, key, uploadId, { signal } = {}) {
      const operation = connection.operation('multipart.abort', key)
      throwIfAborted(operation, signal)
      await uploads.close(operation, container, uploadId, signal)
    },
  }
}

async function blocksOfKey(
  connection: AzureConnection,
  operation: StoreOperation,
  container: string,
  signal: AbortSignal | undefined,
): Promise<BlocksOfKey> {
  const how = { as: 'read', signal } as const
  try {
    const answer = await connection.call(operation, how, abortSignal =>
      connection.blob(how, container, operation.key!).getBlockList('all', { abortSignal }),
    )
    return {
      committed: (answer.committedBlocks ?? []).map(block => block.name),
      uncommitted: (answer.uncommittedBlocks ?? []).map(block => block.name),
      etag: unquote(answer.etag),
    }
  } catch (error) {
    if ((error as StoreError).kind !== 'not-found') throw error
    return { committed: [], uncommitted: [], etag: null }
  }
}

/** Throws kind `invalid-part` unless every named part is there and the last one sent under its number. */
function checkLatest(
  operation: StoreOperation,
  uploadId: string,
  parts: readonly { partNumber: number; etag: string }[],
  uncommitted: readonly string[],
): void {
  const latest = new Map<number, string>()
  for (const blockId of uncommitted) {
    const staged = stagedPartOf(blockId)
    if (staged?.uploadId !== uploadId) continue
    const former = latest.get(staged.partNumber) ?? ''
    if (staged.etag > former) latest.set(staged.partNumber, staged.etag)
  }
  for (const { partNumber, etag } of parts) {
    const found = latest.get(partNumber) ?? EMPTY_PART
    if (found === etag) continue
    const message =
      latest.size === 0
        ? 'no part is there: none was sent, or the key was written meanwhile, at which Azure forgets them'
        : `part ${partNumber} is not there, or was sent again`
    throw storeFailure(operation, 'invalid-part', message)
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((blockId, index) => blockId === other[index])
}

/** The identity of the object with this ETag. Kind `precondition-failed` when it is another by now. */
async function identityBy(
  connection: AzureConnection,
  operation: StoreOperation,
  container: string,
  etag: string | null,
  signal: AbortSignal | undefined,
): Promise<StoreIdentity> {
  const { versions } = connection.capabilities
  if (!versions) return { etag, versionId: null }
  const how = { as: 'read', signal } as const
  const conditions = onlyIfConditions({ etag, versionId: null })
  const answer = await connection.call(operation, how, abortSignal =>
    connection.blob(how, container, operation.key!).getProperties({ abortSignal, conditions }),
  )
  return identityOf(answer, versions)
}

/** The object is there whatever becomes of the note; a note without blocks can complete nothing. */
async function forget(
  uploads: OpenUploads,
  operation: StoreOperation,
  container: string,
  uploadId: string,
): Promise<void> {
  await uploads.close(operation, container, uploadId, undefined).catch((problem: unknown) => problem)
}
