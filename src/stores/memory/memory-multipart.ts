import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'
import { checkExtras, checkFacts, checkKey, checkSize, KEY_BYTES_MAX } from '../call-rules.ts'
import type { MultipartStore, PutFacts } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { MEMORY_CAPABILITIES } from './capabilities.ts'
import type { MemoryState } from './memory-state.ts'

interface Upload {
  readonly container: string
  readonly key: string
  readonly facts: PutFacts
  readonly startedAt: Instant
  readonly parts: Map<number, { etag: string; content: Uint8Array }>
}

/** What the contract allows. */
const LISTED_UPLOADS_MAX = 1_000

const LIMITS = MEMORY_CAPABILITIES.multipart!

/** Uploads in parts that are kept in memory until they are complete. */
export function createMemoryMultipart(state: MemoryState): MultipartStore {
  const uploads = new Map<string, Upload>()
  let uploadsMade = 0
  let partsMade = 0

  function uploadOf(operation: StoreOperation, container: string, uploadId: string): Upload {
    const upload = uploads.get(uploadId)
    if (upload && upload.container === container && upload.key === operation.key) return upload
    throw storeFailure(operation, 'upload-not-found', `there is no upload "${uploadId}" for this key`)
  }

  function forget(uploadId: string, upload: Upload): void {
    uploads.delete(uploadId)
    for (const part of upload.parts.values()) state.giveRoomBack(part.content.byteLength)
  }

  return {
    async create(container, key, { signal, ...facts }) {
      const operation = state.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      checkKey(operation, KEY_BYTES_MAX)
      checkFacts(operation, facts, MEMORY_CAPABILITIES.metadataBytesMax)
      checkExtras(operation, MEMORY_CAPABILITIES, facts)
      state.containerOf(operation, container)
      const uploadId = `memory-upload-${++uploadsMade}`
      uploads.set(uploadId, { container, key, facts, startedAt: state.now(), parts: new Map() })
      return { uploadId }
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = state.operation('multipart.putPart', key)
      uploadOf(operation, container, uploadId)
      checkPartNumber(operation, partNumber, LIMITS.partsMax)
      checkSize(operation, size, LIMITS.partSizeMax)
      const content = await state.collect(operation, body, { size, signal })
      const upload = uploads.get(uploadId)
      if (!upload) {
        state.giveRoomBack(size)
        throw storeFailure(operation, 'upload-not-found', `the upload "${uploadId}" ended meanwhile`)
      }
      const etag = `memory-part-${++partsMade}`
      state.giveRoomBack(upload.parts.get(partNumber)?.content.byteLength ?? 0)
      upload.parts.set(partNumber, { etag, content })
      return { etag }
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = state.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      const upload = uploadOf(operation, container, uploadId)
      checkPartOrder(operation, parts)
      const contents = parts.map(({ partNumber, etag }) => {
        const part = upload.parts.get(partNumber)
        if (part?.etag === etag) return part.content
        throw storeFailure(operation, 'invalid-part', `there is no part ${partNumber} with etag ${etag}`)
      })
      const size: Bytes = contents.reduce((sum, content) => sum + content.byteLength, 0)
      state.takeRoom(operation, size)
      const entry = { size, content: Buffer.concat(contents), facts: upload.facts, digests: {} }
      const identity = state.publish(operation, container, key, entry, condition)
      forget(uploadId, upload)
      return { identity }
    },

    async abort(container, key, uploadId, { signal } = {}) {
      throwIfAborted(state.operation('multipart.abort', key), signal)
      const upload = uploads.get(uploadId)
      if (upload && upload.container === container && upload.key === key) forget(uploadId, upload)
    },

    async list(container, key, { signal } = {}) {
      const operation = state.operation('multipart.list', key)
      throwIfAborted(operation, signal)
      state.containerOf(operation, container)
      return [...uploads]
        .filter(([, upload]) => upload.container === container && upload.key === key)
        .slice(0, LISTED_UPLOADS_MAX)
        .map(([uploadId, { startedAt }]) => ({ uploadId, startedAt }))
    },

    async listAll(container, { signal } = {}) {
      const operation = state.operation('multipart.listAll', null)
      throwIfAborted(operation, signal)
      state.containerOf(operation, container)
      const found = [...uploads].filter(([, upload]) => upload.container === container)
      return {
        uploads: found.map(([uploadId, { key, startedAt }]) => ({ key, uploadId, startedAt })),
        cursor: null,
      }
    },
  }
}
