import type { OnReadOpts, Socket } from 'node:net'
import { type Bytes, KIB } from '../domain/bytes.ts'

/** What one read of a socket takes at most: as much as Node's own reads do. */
const READ_BYTES = 64 * KIB
/** Up to here a read is copied out: what came is an answer without a body, or the end of one. */
const COPIED_BYTES_MAX = 4 * KIB
/** Buffers that wait to be used again. */
const IDLE_MAX = 128

/**
 * Memory that sockets read into, used again when a reader says that it is done with it. Memory of its own for each
 * read would be garbage outside of the JavaScript heap: every 64 MB of bodies would make the collector run.
 *
 * Bytes that nobody gives back belong to whoever holds them, and are collected like any others.
 */
export class ReadMemory {
  readonly #idle: Uint8Array[] = []
  /** Where the read ended that lies in this memory, for memory that was handed out. */
  readonly #ends = new WeakMap<ArrayBufferLike, { readonly buffer: Uint8Array; readonly end: Bytes }>()

  /** For `net.connect` and `tls.connect`; Node calls it with the socket as `this`. */
  readonly onread: OnReadOpts

  constructor() {
    const take = () => this.#idle.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
    const handOut = (buffer: Uint8Array, length: Bytes) => this.#handOut(buffer, length)
    this.onread = {
      buffer: take,
      callback(this: Socket, length: number, buffer: Uint8Array): boolean {
        return this.push(handOut(buffer, length))
      },
    }
  }

  /**
   * Says that nobody looks at these bytes any more, nor at any that came before them in the same read. To be called
   * at most once for bytes that were handed on; only the last bytes of a read give its memory back.
   */
  giveBack(bytes: Uint8Array): void {
    const memory = this.#ends.get(bytes.buffer)
    if (memory === undefined || bytes.byteOffset + bytes.byteLength !== memory.end) return
    this.#ends.delete(bytes.buffer)
    this.#keep(memory.buffer)
  }

  /** Says that these bytes are somebody's for ever: the memory of their read is not used again. */
  leave(bytes: Uint8Array): void {
    this.#ends.delete(bytes.buffer)
  }

  #handOut(buffer: Uint8Array, length: Bytes): Uint8Array {
    if (length <= COPIED_BYTES_MAX) {
      const copied = Buffer.from(buffer.subarray(0, length))
      this.#keep(buffer)
      return copied
    }
    this.#ends.set(buffer.buffer, { buffer, end: buffer.byteOffset + length })
    return buffer.subarray(0, length)
  }

  #keep(buffer: Uint8Array): void {
    if (this.#idle.length < IDLE_MAX) this.#idle.push(buffer)
  }
}
