import type { Bytes } from '../domain/bytes.ts'
import type { StoredObjectWithBody } from './object-store.ts'
import { StoreError } from './object-store.ts'
import { abortFailure, type StoreOperation, storeFailure } from './store-operation.ts'

/** Where the bytes of a body come from. */
export interface BodySource {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Frees what the source holds. Called exactly once, also after the last chunk. */
  release(error?: Error): void
  /** What an error of the source means. */
  translate(error: unknown): StoreError
}

/**
 * A body as `get` returns it: counts what comes, fails with kind `truncated` when that is not the promised
 * length, stops when the signal aborts, and frees its source at the end, on failure and on `destroy`.
 */
export function storedBody(
  operation: StoreOperation,
  source: BodySource,
  promisedSize: Bytes,
  signal: AbortSignal | undefined,
): StoredObjectWithBody['body'] {
  let failure: Error | null = null
  let isReleased = false

  function release(error?: Error): void {
    if (isReleased) return
    isReleased = true
    signal?.removeEventListener('abort', onAbort)
    source.release(error)
  }

  function destroy(error?: Error): void {
    failure ??= error ?? storeFailure(operation, 'aborted', 'the body was destroyed')
    release(failure)
  }

  function onAbort(): void {
    destroy(abortFailure(operation, signal!))
  }

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      let length = 0
      if (failure !== null) throw failure
      for await (const chunk of source.chunks) {
        if (failure !== null) throw failure
        length += chunk.byteLength
        if (length > promisedSize)
          throw wrongLength(operation, `more than ${promisedSize} promised bytes came`)
        yield chunk
      }
      if (failure !== null) throw failure
      if (length < promisedSize) {
        throw wrongLength(operation, `${length} of ${promisedSize} promised bytes came`)
      }
    } catch (error) {
      throw failure ?? (error instanceof StoreError ? error : source.translate(error))
    } finally {
      release()
    }
  }

  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const chunks = read()
  return { [Symbol.asyncIterator]: () => chunks, destroy }
}

/** The failure of a connection that breaks after the answer began: the bytes that came are not all. */
export function brokenBody(operation: StoreOperation, failure: StoreError): StoreError {
  if (failure.kind === 'timeout') return failure
  return storeFailure(operation, 'truncated', `the body broke off: ${failure.message}`, {
    retry: 'yes',
    cause: failure.cause,
  })
}

function wrongLength(operation: StoreOperation, message: string): StoreError {
  return storeFailure(operation, 'truncated', message, { retry: 'yes' })
}
