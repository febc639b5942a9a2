import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { PutFacts, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import type { AzureConnection } from './azure-connection.ts'
import { UPLOADS_PREFIX } from './blob-names.ts'
import { isUploadId, newUploadId } from './block-ids.ts'

/** What an upload remembers of its creation. */
const uploadShape = z.object({
  key: z.string(),
  facts: z.object({
    headers: z.record(z.string(), z.string()).optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    storageClass: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    lock: z
      .object({
        retention: z.object({ mode: z.enum(['governance', 'compliance']), until: z.number() }).nullable(),
        legalHold: z.boolean(),
      })
      .optional(),
    encryption: z.object({ kind: z.enum(['store', 'kms']), keyId: z.string().optional() }).optional(),
  }),
})

/** Uploads a process keeps in mind, so that their parts go without a look each. */
const REMEMBERED_MAX = 10_000
/** More than a key, facts and their escapes can have. */
const NOTE_BYTES_MAX = 256 * 1024

/**
 * The uploads in parts that are open, each a small hidden blob beside the objects: Azure knows blocks that
 * are not committed yet, but no uploads they belong to.
 */
export class OpenUploads {
  readonly #connection: AzureConnection
  /** Keys of uploads that were open when last looked at. */
  readonly #keys = new LRUCache<string, string>({ max: REMEMBERED_MAX })

  constructor(connection: AzureConnection) {
    this.#connection = connection
  }

  async open(
    operation: StoreOperation,
    container: string,
    facts: PutFacts,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const uploadId = newUploadId()
    const note = JSON.stringify({ key: operation.key, facts })
    const how = { as: 'write', signal } as const
    await this.#connection.call(operation, how, abortSignal =>
      this.#noteOf(how, container, uploadId).upload(note, Buffer.byteLength(note), {
        abortSignal,
        blobHTTPHeaders: { blobContentType: 'application/json' },
      }),
    )
    this.#keys.set(uploadId, operation.key!)
    return uploadId
  }

  /** Throws kind `upload-not-found` unless this upload of this key was open when last looked at. */
  async expectOpen(
    operation: StoreOperation,
    container: string,
    uploadId: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const key = this.#keys.get(uploadId)
    if (key === operation.key) return
    if (key !== undefined || (await this.find(operation, container, uploadId, signal)) === null) {
      throw uploadNotFound(operation)
    }
  }

  /** What the upload was created with, or null when it is not open. Looks. */
  async find(
    operation: StoreOperation,
    container: string,
    uploadId: string,
    signal: AbortSignal | undefined,
  ): Promise<PutFacts | null> {
    if (!isUploadId(uploadId)) return null
    const how = { as: 'read', signal } as const
    const text = await this.#connection
      .call(operation, how, async abortSignal => {
        const blob = this.#noteOf(how, container, uploadId)
        const { readableStreamBody } = await blob.download(0, undefined, { abortSignal })
        return noteText(readableStreamBody)
      })
      .catch((error: StoreError) => {
        if (error.kind === 'not-found') return null
        throw error
      })
    const note = text === null ? null : parsed(operation, text)
    if (note === null || note.key !== operation.key) {
      this.#keys.delete(uploadId)
      return null
    }
    this.#keys.set(uploadId, note.key)
    return note.facts as PutFacts
  }

  async close(
    operation: StoreOperation,
    container: string,
    uploadId: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#keys.delete(uploadId)
    if (!isUploadId(uploadId)) return
    const how = { as: 'write', signal } as const
    await this.#connection
      .call(operation, how, abortSignal => this.#noteOf(how, container, uploadId).delete({ abortSignal }))
      .catch((error: StoreError) => {
        if (error.kind !== 'not-found') throw error
      })
  }

  #noteOf(how: { as: 'read' | 'write' }, container: string, uploadId: string) {
    return this.#connection.blob(how, container, UPLOADS_PREFIX + uploadId)
  }
}

/** The error for uploads that are not open. */
export function uploadNotFound(operation: StoreOperation): StoreError {
  return storeFailure(operation, 'upload-not-found', 'there is no such upload of this key')
}

function parsed(operation: StoreOperation, text: string) {
  try {
    return uploadShape.parse(JSON.parse(text))
  } catch (cause) {
    throw storeFailure(operation, 'unexpected', 'what the upload was created with cannot be read', { cause })
  }
}

async function noteText(stream: NodeJS.ReadableStream | undefined): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream ?? []) {
    chunks.push(chunk as Buffer)
    length += chunk.length
    if (length > NOTE_BYTES_MAX) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
