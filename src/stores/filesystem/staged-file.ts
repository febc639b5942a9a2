import { randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { nextWriteStamp } from './file-identity.ts'
import { isMissing, translateFilesystemError } from './translate-error.ts'

/** What rounding may do to a time; file systems that keep microseconds are below, all others far above. */
const STAMP_SECONDS_TOLERANCE = 0.000_002

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
    const stats = await stamp(operation, file, isDurable)
    await file.close()
    return { path, stats }
  } catch (error) {
    await file?.close().catch((problem: unknown) => problem)
    await discardStaged(path)
    throw translateFilesystemError(operation, error)
  }
}

/** Gives a staged file another time, for when the former file of its key has the same by chance. */
export async function stampAgain(
  operation: StoreOperation,
  { path }: StagedFile,
  isDurable: boolean,
): Promise<StagedFile> {
  const file = await open(path, 'r+')
  try {
    return { path, stats: await stamp(operation, file, isDurable) }
  } finally {
    await file.close()
  }
}

/** Throws kind `unsupported` on a file system whose times cannot tell writes apart. */
async function stamp(operation: StoreOperation, file: FileHandle, isDurable: boolean): Promise<BigIntStats> {
  const seconds = nextWriteStamp(Date.now())
  await file.utimes(seconds, seconds)
  if (isDurable) await file.sync()
  const stats = await file.stat({ bigint: true })
  const keptSeconds = Number(stats.mtimeNs) / 1e9
  if (Math.abs(keptSeconds - seconds) < STAMP_SECONDS_TOLERANCE) return stats
  throw storeFailure(
    operation,
    'unsupported',
    'the file system does not keep times to the microsecond, so writes could not be told apart',
  )
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
