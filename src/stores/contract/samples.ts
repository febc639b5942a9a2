import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { startDigests } from '../body-digests.ts'
import {
  type ObjectStore,
  type StoredObjectWithBody,
  StoreError,
  type StoreErrorKind,
} from '../object-store.ts'

/** Bytes that differ at every offset a test may look at, the same for the same seed. */
export function sampleBytes(length: number, seed = 'sample'): Buffer {
  const block = createHash('sha512').update(seed).digest()
  const bytes = Buffer.alloc(length, block)
  for (let offset = 0; offset + 4 <= length; offset += 64) bytes.writeUInt32BE(offset, offset)
  return bytes
}

/** A body that comes in chunks of this length. */
export async function* chunked(bytes: Uint8Array, chunkLength = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += chunkLength) {
    yield bytes.subarray(offset, offset + chunkLength)
  }
}

/** Reads a body to its end. */
export async function readAll(body: StoredObjectWithBody['body']): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Reads an object's bytes. */
export async function readObject(store: ObjectStore, container: string, key: string): Promise<Buffer> {
  return readAll((await store.get(container, key)).body)
}

/** Writes bytes in one call. */
export async function putBytes(store: ObjectStore, container: string, key: string, bytes: Uint8Array) {
  return store.put(container, key, bytes, { size: bytes.byteLength })
}

/** All keys of a container, page by page. At most 100 pages. */
export async function listKeys(
  store: ObjectStore,
  container: string,
  options: { prefix?: string; startAfter?: string; limit?: number } = {},
): Promise<string[]> {
  const keys: string[] = []
  let page = await store.list(container, options)
  for (let pages = 1; pages <= 100; pages++) {
    keys.push(...page.objects.map(object => object.key))
    if (page.cursor === null) return keys
    page = await store.list(container, { ...options, cursor: page.cursor })
  }
  throw new Error('The listing does not end.')
}

/** Expects a promise to reject with a {@link StoreError} of one of these kinds, and returns the error. */
export async function expectFailure(
  work: Promise<unknown>,
  ...kinds: readonly StoreErrorKind[]
): Promise<StoreError> {
  const outcome = await work.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in outcome)
    throw new Error(`Expected a failure of kind ${kinds.join(' or ')}, but it succeeded.`)
  const { error } = outcome
  expect(error).toBeInstanceOf(StoreError)
  expect(kinds, (error as StoreError).message).toContain((error as StoreError).kind)
  return error as StoreError
}

/** All digests of some bytes. */
export async function digestsOf(bytes: Uint8Array) {
  const digests = startDigests(['sha256', 'md5', 'crc64nvme', 'crc32c'])
  digests.update(bytes)
  return digests.finish() as { sha256: string; md5: string; crc64nvme: string; crc32c: string }
}
