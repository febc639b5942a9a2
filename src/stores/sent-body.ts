import { Readable } from 'node:stream'
import { checkedBody } from './checked-body.ts'
import type { ObjectDigests, PutBody } from './object-store.ts'
import { abortFailure, type StoreOperation, throwIfAborted } from './store-operation.ts'

/**
 * Sends a checked body. Bytes in memory are checked first, unless their digests are known to be theirs; a
 * stream is checked on the way, and when it turns out wrong the request is cut off before its last chunk, so
 * the server never has a whole body to keep.
 */
export async function sendBody<Output>(
  operation: StoreOperation,
  body: PutBody,
  expected: {
    size: number
    digests?: ObjectDigests
    areDigestsFresh?: boolean
    signal?: AbortSignal | undefined
  },
  send: (payload: Uint8Array | Readable, signal: AbortSignal) => Promise<Output>,
): Promise<Output> {
  if (body instanceof Uint8Array && expected.areDigestsFresh && body.byteLength === expected.size) {
    throwIfAborted(operation, expected.signal)
    return send(body, expected.signal ?? new AbortController().signal)
  }
  const cut = new AbortController()
  let failure: unknown = null
  const chunks = checkedBody(operation, body, expected)

  if (body instanceof Uint8Array || expected.size === 0) {
    for await (const chunk of chunks) if (chunk.byteLength > expected.size) break
    return send(body instanceof Uint8Array ? body : new Uint8Array(), expected.signal ?? cut.signal)
  }

  async function* watched() {
    try {
      yield* chunks
    } catch (error) {
      failure = error
      cut.abort()
      throw error
    }
  }
  const onAbort = () => cut.abort()
  expected.signal?.addEventListener('abort', onAbort, { once: true })
  const payload = Readable.from(watched(), { objectMode: false })
  // The request reports the failure; without a listener the stream would report it to nobody and crash.
  payload.on('error', () => payload.destroy())
  try {
    return await send(payload, cut.signal)
  } catch (error) {
    // A refusal may come before the body's end: then the request ends here, not when somebody notices.
    cut.abort()
    // A body that was not sent to its end became nothing; after its end, nobody knows.
    if (failure !== null) throw failure
    if (expected.signal?.aborted) throw abortFailure(operation, expected.signal, 'unknown-outcome')
    throw error
  } finally {
    expected.signal?.removeEventListener('abort', onAbort)
    payload.destroy()
  }
}
