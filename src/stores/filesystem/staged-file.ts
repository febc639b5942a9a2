import { randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreOperation } from '../store-operation.ts'
import { nextWriteStamp } from './file-identity.ts'
import { isMissing, translateFilesystemError } from './translate-error.ts'

/** A whole file nobody can see yet. */
export interface StagedFile {
  readonly path: string
  readonly stats: BigIntStats
}

/**
 * Writes chunks to a new file in the staging folder, with a time of change no other write has. When
 * anything fails, nothing is left.
 */
export async function stageFile(
  operation: StoreOperation,
  stagingFolder: string,
  chunks: AsyncIterable<Uint8Array>,
  isDurable: boolean,
): Promise<StagedFile> {
  const path = join(stagingFolder, `${randomUUID()}.tmp`)
  let file: FileHandle | null = null
  try {
    file = await open(path, 'wx')
    for await (const chunk of chunks) await writeWhole(file, chunk)
    const stamp = nextWriteStamp(Date.now())
    await file.utimes(stamp, stamp)
    if (isDurable) await file.sync()
    const stats = await file.stat({ bigint: true })
    await file.close()
    return { path, stats }
  } catch (error) {
    await file?.close().catch((problem: unknown) => problem)
    await discardStaged(path)
    throw translateFilesystemError(operation, error)
  }
}

/** Removes a staged file; one that is not there is no error. */
export async function discardStaged(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

/** A disk that fills up takes part of a chunk first; the next write says that it is full. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    offset += (await file.write(chunk, offset)).bytesWritten
  }
}
