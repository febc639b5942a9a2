import type { Bytes } from '../domain/bytes.ts'
import { DIGEST_NAMES, type DigestAccumulator, startDigests } from './body-digests.ts'
import type { ObjectDigests, PutBody, StoreError } from './object-store.ts'
import { abortFailure, type StoreOperation, storeFailure, throwIfAborted } from './store-operation.ts'

/** What a body must turn out to be. */
export interface BodyExpectation {
  readonly size: Bytes
  readonly digests?: ObjectDigests | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The chunks of a body, checked on the way: the last chunk is held back until length and digests are
 * known to be right, so whoever writes the chunks never completes a wrong body.
 *
 * Throws {@link StoreError} of kind `truncated`, `digest-mismatch` or `aborted`. An error of the body itself
 * becomes the cause of a `truncated`. Empty chunks are left out.
 */
export async function* checkedBody(
  operation: StoreOperation,
  body: PutBody,
  expected: BodyExpectation,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(operation, expected.signal)
  const given = expected.digests ?? {}
  const digests = startDigests(DIGEST_NAMES.filter(name => given[name] !== undefined))
  let length = 0
  let held: Uint8Array | null = null
  for await (const chunk of chunksOf(operation, body, expected.signal)) {
    length += chunk.byteLength
    if (length > expected.size)
      throw wrongLength(operation, `more than the promised ${expected.size} bytes came`)
    digests.update(chunk)
    if (held !== null) yield held
    held = chunk
  }
  if (length < expected.size)
    throw wrongLength(operation, `${length} of ${expected.size} promised bytes came`)
  checkDigests(operation, given, digests)
  throwIfAborted(operation, expected.signal)
  if (held !== null) yield held
}

function checkDigests(operation: StoreOperation, given: ObjectDigests, digests: DigestAccumulator): void {
  const found = digests.finish()
  for (const name of DIGEST_NAMES) {
    if (given[name] !== found[name]) {
      throw storeFailure(
        operation,
        'digest-mismatch',
        `the bytes have ${name} ${found[name]}, not ${given[name]}`,
      )
    }
  }
}

async function* chunksOf(
  operation: StoreOperation,
  body: PutBody,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) {
    if (body.byteLength > 0) yield body
    return
  }
  const iterator = body[Symbol.asyncIterator]()
  let isFinished = false
  try {
    while (true) {
      const step = await nextChunk(operation, iterator, signal)
      if (step.done) {
        isFinished = true
        return
      }
      if (step.value.byteLength > 0) yield step.value
    }
  } finally {
    // Not awaited: a body that hangs is the very reason why callers give up.
    if (!isFinished) Promise.resolve(iterator.return?.()).catch(() => 'the body failed while being given up')
  }
}

/** Asks for the next chunk and stops waiting for it when the caller gives up. */
function nextChunk(
  operation: StoreOperation,
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortFailure(operation, signal!))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    iterator
      .next()
      .then(resolve, cause => reject(brokenBody(operation, cause, signal)))
      .finally(() => signal?.removeEventListener('abort', onAbort))
  })
}

function brokenBody(operation: StoreOperation, cause: unknown, signal: AbortSignal | undefined): StoreError {
  if (signal?.aborted) return abortFailure(operation, signal)
  const reason = cause instanceof Error ? cause.message : String(cause)
  return storeFailure(operation, 'truncated', `the body broke off: ${reason}`, { retry: 'yes', cause })
}

function wrongLength(operation: StoreOperation, message: string): StoreError {
  return storeFailure(operation, 'truncated', message)
}
