import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Bytes } from '../../domain/bytes.ts'
import { clientKeyId } from '../../domain/client-keys.ts'

/** Plain bytes that are encrypted and authenticated together: what a read of one byte costs. */
export const CHUNK_BYTES = 64 * 1024
const TAG_BYTES = 16
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
const SALT_BYTES = 32
const KEY_BYTES = 32
const ALGORITHM = 'aes-256-gcm'
const PURPOSE = 'data-in-motion client encryption 1'

/** A master key of client-side encryption. */
export interface ClientKey {
  /** As {@link clientKeyId} names it. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** A master key of 32 bytes. Throws a RangeError for another length. */
export function clientKey(bytes: Uint8Array): ClientKey {
  if (bytes.byteLength !== KEY_BYTES)
    throw new RangeError(`a key of client-side encryption has ${KEY_BYTES} bytes, not ${bytes.byteLength}`)
  return { id: clientKeyId(bytes), bytes }
}

/** Bytes that a sealed content of this size has: each chunk has a tag, and an empty content one empty chunk. */
export function sealedSize(size: Bytes): Bytes {
  return size + chunkCount(size) * TAG_BYTES
}

/** The size of the content in so many sealed bytes; null when no content has so many. */
export function openedSize(sealed: Bytes): Bytes | null {
  const chunks = Math.max(1, Math.ceil(sealed / SEALED_CHUNK_BYTES))
  const size = sealed - chunks * TAG_BYTES
  return size >= 0 && sealedSize(size) === sealed ? size : null
}

/** The largest content whose sealed bytes are at most so many. */
export function openedSizeMax(sealedMax: Bytes): Bytes {
  return Math.floor(sealedMax / SEALED_CHUNK_BYTES) * CHUNK_BYTES
}

/** The sealed bytes in which a range of the content lies, both ends inclusive. */
export function sealedRange(range: { start: Bytes; end: Bytes }): { start: Bytes; end: Bytes } {
  return {
    start: Math.floor(range.start / CHUNK_BYTES) * SEALED_CHUNK_BYTES,
    end: (Math.floor(range.end / CHUNK_BYTES) + 1) * SEALED_CHUNK_BYTES - 1,
  }
}

function chunkCount(size: Bytes): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES))
}

/** Sealed bytes that are not what was sealed, or were sealed with another key. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
}

/**
 * Seals and opens one content with a key of its own, derived from the master key and the content's salt.
 * Chunks of 64 KiB are sealed with AES-256-GCM; the nonce of a chunk is its number, and whether it is the
 * last one, so that chunks can be neither exchanged nor left out at the end. A key seals only one content, so
 * no nonce comes twice.
 *
 * Source: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
 * Misuse-Resistance" (STREAM), CRYPTO 2015; RFC 5869 for the derivation.
 */
export class ChunkCipher {
  readonly #key: Buffer

  constructor(master: ClientKey, salt: Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', master.bytes, salt, PURPOSE, KEY_BYTES))
  }

  static newSalt(): Buffer {
    return randomBytes(SALT_BYTES)
  }

  /** The sealed content, chunk by chunk, whatever pieces the plain one comes in. */
  async *seal(plain: AsyncIterable<Uint8Array>, size: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
    const last = chunkCount(size) - 1
    let number = 0
    for await (const chunk of inPieces(plain, CHUNK_BYTES)) {
      yield this.#sealChunk(chunk, number, number === last)
      number++
    }
    if (number === 0) yield this.#sealChunk(new Uint8Array(), 0, true)
  }

  /**
   * The content in sealed chunks from `first` on, of a content of `size` bytes. Throws {@link SealBroken}
   * before it gives anything out of a chunk that is not right.
   */
  async *open(
    sealed: AsyncIterable<Uint8Array>,
    { first, size }: { first: number; size: Bytes },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const last = chunkCount(size) - 1
    let number = first
    for await (const chunk of inPieces(sealed, SEALED_CHUNK_BYTES)) {
      const plain = this.#openChunk(chunk, number, number === last)
      number++
      if (plain.byteLength > 0) yield plain
    }
  }

  #sealChunk(chunk: Uint8Array, number: number, isLast: boolean): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.#key, nonceOf(number, isLast))
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }

  #openChunk(sealed: Uint8Array, number: number, isLast: boolean): Buffer {
    if (sealed.byteLength < TAG_BYTES) throw new SealBroken(`chunk ${number} is cut off`)
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonceOf(number, isLast))
    decipher.setAuthTag(sealed.subarray(sealed.byteLength - TAG_BYTES))
    try {
      const plain = decipher.update(sealed.subarray(0, sealed.byteLength - TAG_BYTES))
      return Buffer.concat([plain, decipher.final()])
    } catch (error) {
      throw new SealBroken(`chunk ${number} is not what was sealed`, { cause: error })
    }
  }
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(number), 3)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** The same bytes in pieces of exactly this size, but for the last one. */
async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  size: Bytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    let rest = chunk
    while (length + rest.byteLength >= size) {
      const missing = size - length
      yield held.length === 0
        ? rest.subarray(0, missing)
        : Buffer.concat([...held, rest.subarray(0, missing)])
      held = []
      length = 0
      rest = rest.subarray(missing)
    }
    if (rest.byteLength > 0) {
      held.push(rest)
      length += rest.byteLength
    }
  }
  if (length > 0) yield Buffer.concat(held)
}
