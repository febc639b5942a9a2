import type { Bytes } from '../../domain/bytes.ts'
import type { ObjectDigests, PutBody } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { passingThrough } from './passing-body.ts'

/** The body with one bit flipped, in the byte at this offset. */
export function flipped(body: AsyncIterable<Uint8Array>, offset: Bytes, bit: number) {
  let passed = 0
  return passingThrough(body, chunk => {
    const index = offset - passed
    passed += chunk.byteLength
    if (index < 0 || index >= chunk.byteLength) return chunk
    const copy = Buffer.from(chunk)
    copy[index] = copy[index]! ^ (1 << bit)
    return copy
  })
}

/** The body up to this length. What comes after it is read and dropped. */
export async function* shortened(body: AsyncIterable<Uint8Array>, length: Bytes) {
  let left = length
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left)
    left -= Math.min(left, chunk.byteLength)
  }
}

/** The body up to this length; there the connection breaks. */
export async function* cutOff(operation: StoreOperation, body: AsyncIterable<Uint8Array>, length: Bytes) {
  let left = length
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left)
    left -= chunk.byteLength
    if (left <= 0) break
  }
  throw storeFailure(operation, 'truncated', 'the connection was cut (a fault on purpose)', { retry: 'yes' })
}

/** A body as a stream. */
export function streamOf(body: PutBody): AsyncIterable<Uint8Array> {
  return body instanceof Uint8Array ? only(body) : body
}

async function* only(bytes: Uint8Array) {
  yield bytes
}

/** Digests that differ from the given ones in their first digit. */
export function wrongDigests(digests: ObjectDigests): ObjectDigests {
  return Object.fromEntries(
    Object.entries(digests).map(([name, hex]: [string, string]) => [
      name,
      `${(Number.parseInt(hex[0]!, 16) ^ 1).toString(16)}${hex.slice(1)}`,
    ]),
  )
}
