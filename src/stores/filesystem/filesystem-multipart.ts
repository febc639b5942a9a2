import { randomUUID } from 'node:crypto'
import { type FileHandle, link, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../domain/clock.ts'
import { startDigests } from '../body-digests.ts'
import { checkExtras, checkFacts, checkKey, checkSize } from '../call-rules.ts'
import { checkedBody } from '../checked-body.ts'
import type { MultipartStore, ObjectDigests, PutFacts } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { FILESYSTEM_CAPABILITIES } from './capabilities.ts'
import type { ContainerFolder } from './container-folder.ts'
import { etagOf, isEtagOf } from './file-identity.ts'
import type { FilesystemState } from './filesystem-state.ts'
import { discardStaged, type StagedFile, stageFile } from './staged-file.ts'
import { isMissing } from './translate-error.ts'

const LIMITS = FILESYSTEM_CAPABILITIES.multipart!

/** Reads of parts that are put together. */
const COPY_BYTES_MAX = 1024 * 1024

/** What an upload remembers of its creation. */
const uploadShape = z.object({
  key: z.string(),
  facts: z.object({
    headers: z.record(z.string(), z.string()).optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    storageClass: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
})

/** Uploads in parts: a hidden folder per upload, a file per part, put together at the end. */
export function createFilesystemMultipart(state: FilesystemState, clock: Clock): MultipartStore {
  return {
    async create(container, key, { signal, ...facts }) {
      const operation = state.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      checkKey(operation, FILESYSTEM_CAPABILITIES.keyBytesMax)
      checkFacts(operation, facts, FILESYSTEM_CAPABILITIES.metadataBytesMax)
      checkExtras(operation, FILESYSTEM_CAPABILITIES, facts)
      return state.run(operation, container, async folder => {
        await state.prepare(operation, folder)
        const uploadId = randomUUID()
        await mkdir(join(folder.uploads, uploadId))
        const upload = JSON.stringify({ key, facts, createdAt: clock.now() })
        await writeFile(join(folder.uploads, uploadId, 'upload.json'), `${upload}\n`)
        return { uploadId }
      })
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = state.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      checkPartNumber(operation, partNumber, LIMITS.partsMax)
      checkSize(operation, size, LIMITS.partSizeMax)
      return state.run(operation, container, async folder => {
        await readUpload(operation, folder, uploadId)
        const chunks = checkedBody(operation, body, { size, signal })
        const staged = await stageFile(operation, folder.staging, chunks, state.isDurable)
        await rename(staged.path, partPathOf(folder, uploadId, partNumber)).catch(async (error: unknown) => {
          await discardStaged(staged.path)
          throw isMissing(error) ? uploadMissing(operation, uploadId) : error
        })
        return { etag: etagOf(staged.stats) }
      })
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = state.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      return state.run(operation, container, folder =>
        state.locks.run(`${folder.uploads}/${uploadId}`, async () => {
          const { facts } = await readUpload(operation, folder, uploadId)
          checkPartOrder(operation, parts)
          for (const part of parts) await checkPart(operation, folder, uploadId, part)
          const paths = parts.map(({ partNumber }) => partPathOf(folder, uploadId, partNumber))
          const how = { isDurable: state.isDurable, signal }
          const { staged, digests } = await assemble(operation, folder, paths, how)
          const identity = await state.publish(operation, folder, staged, { facts, digests }, condition)
          await rm(uploadFolderOf(folder, uploadId), { recursive: true, force: true })
          return { identity, digests }
        }),
      )
    },

    async abort(container, key, uploadId, { signal } = {}) {
      const operation = state.operation('multipart.abort', key)
      throwIfAborted(operation, signal)
      await state.run(operation, container, folder =>
        state.locks.run(`${folder.uploads}/${uploadId}`, async () => {
          const upload = await findUpload(folder, uploadId)
          if (upload?.key === key)
            await rm(uploadFolderOf(folder, uploadId), { recursive: true, force: true })
        }),
      )
    },
  }
}

function uploadFolderOf(folder: ContainerFolder, uploadId: string): string {
  return join(folder.uploads, uploadId)
}

function partPathOf(folder: ContainerFolder, uploadId: string, partNumber: number): string {
  return join(folder.uploads, uploadId, `part-${String(partNumber).padStart(5, '0')}`)
}

/** What was said when the upload was created, or null. Only names we gave are looked up. */
async function findUpload(
  folder: ContainerFolder,
  uploadId: string,
): Promise<{ key: string; facts: PutFacts } | null> {
  if (!/^[0-9a-f-]{36}$/.test(uploadId)) return null
  const text = await readFile(join(folder.uploads, uploadId, 'upload.json'), 'utf8').catch(
    (error: unknown) => {
      if (isMissing(error)) return null
      throw error
    },
  )
  // Undefined values mean absent ones here; the shape cannot say so by itself.
  return text === null ? null : (uploadShape.parse(JSON.parse(text)) as { key: string; facts: PutFacts })
}

async function readUpload(operation: StoreOperation, folder: ContainerFolder, uploadId: string) {
  const upload = await findUpload(folder, uploadId)
  if (upload?.key === operation.key) return upload!
  throw uploadMissing(operation, uploadId)
}

function uploadMissing(operation: StoreOperation, uploadId: string): Error {
  return storeFailure(operation, 'upload-not-found', `there is no upload "${uploadId}" for this key`)
}

async function checkPart(
  operation: StoreOperation,
  folder: ContainerFolder,
  uploadId: string,
  part: { partNumber: number; etag: string },
): Promise<void> {
  const stats = await lstat(partPathOf(folder, uploadId, part.partNumber), { bigint: true }).catch(
    (error: unknown) => {
      if (isMissing(error)) return null
      throw error
    },
  )
  if (stats !== null && isEtagOf(stats, part.etag)) return
  throw storeFailure(operation, 'invalid-part', `there is no part ${part.partNumber} with etag ${part.etag}`)
}

/** Makes one staged file of parts that stay where they are, so that a failing condition loses nothing. */
async function assemble(
  operation: StoreOperation,
  folder: ContainerFolder,
  paths: readonly string[],
  options: { isDurable: boolean; signal: AbortSignal | undefined },
): Promise<{ staged: StagedFile; digests: ObjectDigests }> {
  const only = paths[0]!
  if (paths.length > 1) {
    const running = startDigests(['crc64nvme'])
    const contents = contentsOf(operation, paths, options.signal, chunk => running.update(chunk))
    const staged = await stageFile(operation, folder.staging, contents, options.isDurable)
    return { staged, digests: running.finish() }
  }
  const path = join(folder.staging, `${randomUUID()}.tmp`)
  await link(only, path)
  return { staged: { path, stats: await lstat(path, { bigint: true }) }, digests: {} }
}

async function* contentsOf(
  operation: StoreOperation,
  paths: readonly string[],
  signal: AbortSignal | undefined,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafe(COPY_BYTES_MAX)
  for (const path of paths) {
    const file: FileHandle = await open(path, 'r')
    try {
      while (true) {
        throwIfAborted(operation, signal)
        const { bytesRead } = await file.read(buffer, 0, buffer.length)
        if (bytesRead === 0) break
        // Written before the next read, so that one buffer serves all parts.
        const chunk = buffer.subarray(0, bytesRead)
        onChunk(chunk)
        yield chunk
      }
    } finally {
      await file.close()
    }
  }
}
