import { Transform, type TransformCallback } from 'node:stream'
import type { NetworkFault } from './network-fault.ts'

/** Late bytes that are held; the sender waits when it is more. */
const HELD_BYTES_MAX = 4 * 1024 * 1024

/** What a stream of a connection does to that connection. */
export interface ConnectionEnds {
  /** Ends both sides at once. */
  cut(): void
}

/** One direction of a connection with a fault on it, or null where the fault is none of a stream. */
export function faultyStream(
  fault: NetworkFault,
  random: () => number,
  ends: ConnectionEnds,
): Transform | null {
  switch (fault.kind) {
    case 'latency':
      return new LateStream(() => Math.max(0, fault.ms + (random() * 2 - 1) * fault.jitterMs))
    case 'bandwidth':
      return narrow(fault.bytesPerSecond)
    case 'cut':
      return cutAfter(fault.bytes, ends)
    case 'slow-close':
      return new Transform({
        transform: (chunk, _, done) => done(null, chunk),
        flush: done => void setTimeout(done, fault.ms),
      })
    case 'timeout':
      return new Transform({ transform: (_chunk, _, done) => done() })
    case 'reset':
      return null
  }
}

/** Passes every chunk on when its time has come, in order; chunks travel side by side as on a long wire. */
class LateStream extends Transform {
  readonly #lateMs: () => number
  readonly #queue: Buffer[] = []
  #held = 0
  #lastDueMs = 0
  #goOn: (() => void) | null = null
  #end: (() => void) | null = null

  constructor(lateMs: () => number) {
    super()
    this.#lateMs = lateMs
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#held += chunk.byteLength
    const now = performance.now()
    // Jitter never changes the order.
    this.#lastDueMs = Math.max(this.#lastDueMs, now + this.#lateMs())
    // Timers of different lengths may fire out of order; the chunks leave in theirs.
    this.#queue.push(chunk)
    setTimeout(() => this.#passFirst(), this.#lastDueMs - now)
    if (this.#held < HELD_BYTES_MAX) done()
    else this.#goOn = () => done()
  }

  override _flush(done: TransformCallback): void {
    if (this.#held === 0) done()
    else this.#end = () => done()
  }

  #passFirst(): void {
    const chunk = this.#queue.shift()
    if (chunk === undefined || this.destroyed) return
    this.push(chunk)
    this.#held -= chunk.byteLength
    this.#goOn?.()
    this.#goOn = null
    if (this.#held === 0) this.#end?.()
  }
}

function narrow(bytesPerSecond: number): Transform {
  return new Transform({
    transform: (chunk: Buffer, _, done) =>
      void setTimeout(() => done(null, chunk), (chunk.byteLength / bytesPerSecond) * 1_000),
  })
}

function cutAfter(bytes: number, ends: ConnectionEnds): Transform {
  let left = bytes
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const passed = chunk.subarray(0, left)
      left -= passed.byteLength
      done(null, passed)
      // What was passed on leaves first.
      if (left === 0) setImmediate(() => ends.cut())
    },
  })
}
