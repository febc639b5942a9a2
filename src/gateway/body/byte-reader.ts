import { GatewayError } from '../error-table.ts'

/** Reads lines and counted bytes from a stream of chunks, holding at most one chunk. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /**
   * The next line without its CR LF, or null at the end of the stream. A line over `bytesMax` is
   * refused.
   */
  async line(bytesMax: number): Promise<string | null> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a)
      if (end !== -1 && end <= bytesMax) {
        const line = this.#buffer.toString('latin1', 0, end)
        this.#buffer = this.#buffer.subarray(end + 1)
        return line.endsWith('\r') ? line.slice(0, -1) : line
      }
      if (this.#buffer.length > bytesMax) {
        throw new GatewayError('InvalidRequest', 'A chunk header or trailer of the body is too long.')
      }
      const rest = this.#buffer
      if (!(await this.#pull())) {
        if (rest.length > 0) throw new GatewayError('IncompleteBody')
        return null
      }
      if (rest.length > 0) this.#buffer = Buffer.concat([rest, this.#buffer])
    }
  }

  /** Up to `count` bytes; fewer than asked for come when a chunk ends. Null at the end of the stream. */
  async take(count: number): Promise<Buffer | null> {
    if (this.#buffer.length === 0 && !(await this.#pull())) return null
    const taken = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(taken.length)
    return taken
  }

  /** Stops reading; the source is told. */
  async cancel(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #pull(): Promise<boolean> {
    while (!this.#ended) {
      const { done, value } = await this.#chunks.next()
      if (done === true) this.#ended = true
      else if (value.length > 0) {
        this.#buffer = Buffer.from(value.buffer, value.byteOffset, value.length)
        return true
      }
    }
    return false
  }
}
