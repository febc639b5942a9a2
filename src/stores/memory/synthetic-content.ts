import { createHash } from 'node:crypto'
import type { Bytes } from '../../domain/bytes.ts'

/** The largest chunk a synthetic body is read in. */
const CHUNK_BYTES_MAX = 64 * 1024

/**
 * The bytes of a seeded object: the SHA-256 of its key, over and over. Anyone who knows the key can tell
 * whether bytes, a length or a range are right, and nothing has to be kept for it.
 */
export async function* syntheticContent(
  key: string,
  span: { start: Bytes; length: Bytes },
): AsyncGenerator<Uint8Array, void, undefined> {
  const block = createHash('sha256').update(key).digest()
  const pattern = Buffer.alloc(Math.min(CHUNK_BYTES_MAX, span.length) + block.length, block)
  for (let offset = 0; offset < span.length; offset += CHUNK_BYTES_MAX) {
    const shift = (span.start + offset) % block.length
    yield pattern.subarray(shift, shift + Math.min(CHUNK_BYTES_MAX, span.length - offset))
  }
}
