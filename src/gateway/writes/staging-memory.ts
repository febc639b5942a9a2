import { GatewayError } from '../error-table.ts'

/** Memory for bodies that are staged before they are published: a bound over all requests together. */
export class StagingMemory {
  readonly #bytesMax: number
  #bytesTaken = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes memory, and returns the function that gives it back. Throws `SlowDown` when there is none left. */
  take(bytes: number): () => void {
    const giveBack = this.tryTake(bytes)
    if (giveBack === null) throw new GatewayError('SlowDown', 'Too many bytes are being written at once.')
    return giveBack
  }

  /** As {@link take}, but null when there is none left. */
  tryTake(bytes: number): (() => void) | null {
    if (this.#bytesTaken + bytes > this.#bytesMax) return null
    this.#bytesTaken += bytes
    let taken = true
    return () => {
      if (taken) this.#bytesTaken -= bytes
      taken = false
    }
  }
}
