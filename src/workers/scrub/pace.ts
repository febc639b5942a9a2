import type { Clock } from '../../domain/clock.ts'
import type { Timers } from '../timers.ts'

/** The longest wait for one piece of a body, in wall milliseconds. */
const WAIT_MS_MAX = 60_000

/** Lets so many bytes through in a second, over the whole of whatever is read at once. */
export class Pace {
  readonly #bytesPerSecond: number
  readonly #clock: Clock
  readonly #timers: Timers
  #freeAt = 0

  constructor(options: { readonly bytesPerSecond: number; readonly clock: Clock; readonly timers: Timers }) {
    this.#bytesPerSecond = options.bytesPerSecond
    this.#clock = options.clock
    this.#timers = options.timers
  }

  /** A body at this pace. */
  async *through(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of body) {
      yield chunk
      const now = this.#clock.now()
      this.#freeAt = Math.max(this.#freeAt, now) + (chunk.byteLength / this.#bytesPerSecond) * 1_000
      const waitMs = Math.min(this.#freeAt - now, WAIT_MS_MAX)
      if (waitMs >= 1) await this.#timers.sleep(waitMs, signal)
      signal.throwIfAborted()
    }
  }
}
