import type { FileHandle } from 'node:fs/promises'
import type { ByteSpan } from '../call-rules.ts'
import type { StoredObjectWithBody } from '../object-store.ts'
import type { StoreOperation } from '../store-operation.ts'
import { storedBody } from '../stored-body.ts'
import { translateFilesystemError } from './translate-error.ts'

/** The largest piece a file is read in. */
const READ_BYTES_MAX = 256 * 1024

/** Bodies up to this size are read before they are handed out, so that their file is closed at once. */
const EAGER_BYTES_MAX = 64 * 1024

/**
 * The bytes of a span of an open file. Closes the file in the end, whatever happens. Lent chunks are all read into
 * the same memory.
 */
export async function fileBody(
  operation: StoreOperation,
  file: FileHandle,
  span: ByteSpan,
  { signal, areChunksLent }: { signal: AbortSignal | undefined; areChunksLent: boolean },
): Promise<StoredObjectWithBody['body']> {
  const translate = (error: unknown) => translateFilesystemError(operation, error)
  if (span.length > EAGER_BYTES_MAX) {
    const chunks = piecesOf(file, span, areChunksLent)
    const source = { chunks, release: () => closeQuietly(file), translate }
    return storedBody(operation, source, span.length, signal)
  }
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of piecesOf(file, span, false)) pieces.push(piece)
  } catch (error) {
    throw translate(error)
  } finally {
    closeQuietly(file)
  }
  return storedBody(
    operation,
    { chunks: replay(pieces), release: () => undefined, translate },
    span.length,
    signal,
  )
}

/** Reads until the end of the span or of the file, whichever comes first. */
async function* piecesOf(
  file: FileHandle,
  span: ByteSpan,
  areLent: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Memory of its own for each read is garbage that makes the collector run after every 64 MiB.
  const lent = areLent ? Buffer.allocUnsafeSlow(Math.min(READ_BYTES_MAX, span.length)) : null
  for (let offset = 0; offset < span.length; ) {
    const wanted = Math.min(READ_BYTES_MAX, span.length - offset)
    const memory = lent ?? Buffer.allocUnsafe(wanted)
    const { bytesRead } = await file.read(memory, 0, wanted, span.start + offset)
    if (bytesRead === 0) return
    yield memory.subarray(0, bytesRead)
    offset += bytesRead
  }
}

async function* replay(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces
}

/** Node waits for a read in flight before it closes; a failing close of a read file loses nothing. */
function closeQuietly(file: FileHandle): void {
  file.close().catch((error: unknown) => error)
}
