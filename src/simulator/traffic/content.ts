import { createCipheriv, createHash } from 'node:crypto'
import type { Bytes } from '../../domain/bytes.ts'

/** The largest piece content is made in. */
const CHUNK_BYTES_MAX = 256 * 1024
const ZEROS = Buffer.alloc(CHUNK_BYTES_MAX)

/**
 * The content of a made-up object: bytes that anyone can compute again from its label and size, and that
 * do not compress. AES-128 in counter mode under a key from SHA-256(label); not for secrets.
 */
export function* contentOf(label: string, size: Bytes): Generator<Uint8Array, void> {
  const secret = createHash('sha256').update(label).digest()
  const stream = createCipheriv('aes-128-ctr', secret.subarray(0, 16), secret.subarray(16))
  for (let left = size; left > 0; left -= CHUNK_BYTES_MAX) {
    yield stream.update(left < CHUNK_BYTES_MAX ? ZEROS.subarray(0, left) : ZEROS)
  }
}

/** SHA-256 of {@link contentOf}, lower-case hexadecimal. */
export function contentSha256(label: string, size: Bytes): string {
  const hash = createHash('sha256')
  for (const chunk of contentOf(label, size)) hash.update(chunk)
  return hash.digest('hex')
}
