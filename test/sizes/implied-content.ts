import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Bytes, KIB } from '../../src/domain/bytes.ts'

const BLOCK_BYTES = 4 * KIB
/** The number of a block, at its beginning. */
const STAMP_BYTES = 8
/** How a body is handed out. */
const CHUNK_BYTES = 256 * KIB

/**
 * Bytes of any length that a name implies: nothing has to be kept to tell whether any of them, anywhere, are
 * right. Pseudo-random blocks that begin with their number, so that no part of the content is like another.
 */
export interface ImpliedContent {
  /** Overwrites the buffer with the bytes from this offset on. */
  fill(into: Buffer, start: Bytes): void
  /** The bytes of a span, in chunks. `areLent`: each is there only until the next one is asked for. */
  read(span: { start: Bytes; length: Bytes; areLent: boolean }): AsyncGenerator<Buffer, void, undefined>
}

export function impliedContent(name: string): ImpliedContent {
  const block = createHash('shake256', { outputLength: BLOCK_BYTES }).update(name).digest()
  const stamp = Buffer.alloc(STAMP_BYTES)

  function fill(into: Buffer, start: Bytes): void {
    const end = start + into.length
    for (let at = start; at < end; ) {
      const number = Math.floor(at / BLOCK_BYTES)
      const within = at - number * BLOCK_BYTES
      const length = Math.min(BLOCK_BYTES - within, end - at)
      block.copy(into, at - start, within, within + length)
      if (within < STAMP_BYTES) {
        stamp.writeBigUInt64LE(BigInt(number))
        stamp.copy(into, at - start, within, Math.min(STAMP_BYTES, within + length))
      }
      at += length
    }
  }

  return {
    fill,
    async *read({ start, length, areLent }) {
      const memory = areLent ? Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, length)) : null
      for (let offset = 0; offset < length; offset += CHUNK_BYTES) {
        const size = Math.min(CHUNK_BYTES, length - offset)
        const chunk = memory?.subarray(0, size) ?? Buffer.allocUnsafeSlow(size)
        fill(chunk, start + offset)
        // As bytes from a disk or a network would: timers and connections get their turn.
        await nextTurn()
        yield chunk
      }
    },
  }
}
