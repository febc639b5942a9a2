import type { Dispatcher } from 'undici'
import { KIB } from '../../domain/bytes.ts'
import type { ReadMemory } from '../read-memory.ts'

/** How many bytes of an answer wait for their reader before the connection does. */
const WAITING_BYTES_MAX = 256 * KIB
/** Chunks that fill less of a read than this are kept in memory of their own size. */
const OWN_MEMORY_BYTES_MAX = 32 * KIB

/** An answer of a server: its body is read to its end, dropped or destroyed. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AnswerBody
}

/** How the body of an answer is read. */
export interface Reading {
  /** The memory that the dispatcher's sockets read into. */
  readonly memory: ReadMemory
  /** A chunk is its reader's only until the next one is asked for. */
  readonly areChunksLent: boolean
}

/**
 * Sends one request over a dispatcher and resolves when the answer's head is there. Rejects with what the
 * connection failed with, or with the signal's reason. Small objects make so many answers that a stream of
 * Node's for each of them would take longer than the rest of the request.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  options: { readonly reading: Reading; readonly signal: AbortSignal | undefined },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Exchange({ resolve, reject, ...options }))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  readonly #reading: Reading
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.#controller?.abort(this.#signal!.reason as Error)
  #controller: Dispatcher.DispatchController | null = null
  #body: AnswerBody | null = null

  constructor(options: {
    resolve: (answer: Answer) => void
    reject: (error: unknown) => void
    reading: Reading
    signal: AbortSignal | undefined
  }) {
    this.#resolve = options.resolve
    this.#reject = options.reject
    this.#reading = options.reading
    this.#signal = options.signal
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#signal?.aborted) this.#onAbort()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return
    this.#body = new AnswerBody(controller, this.#reading)
    this.#resolve({ status, headers: headers as Record<string, string>, body: this.#body })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#body?.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#reject(error)
    this.#body?.fail(error)
  }
}

/** The bytes of an answer, pulled: at most 256 KiB wait for their reader. To be read once. */
export class AnswerBody implements AsyncIterable<Uint8Array> {
  readonly #controller: Dispatcher.DispatchController
  readonly #reading: Reading
  readonly #chunks: Uint8Array[] = []
  /** The chunk that the reader has now, when it has to give it back. */
  #lent: Uint8Array | null = null
  #waitingBytes = 0
  #isOver = false
  #isDropped = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(controller: Dispatcher.DispatchController, reading: Reading) {
    this.#controller = controller
    this.#reading = reading
  }

  push(chunk: Uint8Array): void {
    if (this.#isDropped) {
      this.#reading.memory.giveBack(chunk)
      return
    }
    this.#chunks.push(this.#kept(chunk))
    this.#waitingBytes += chunk.byteLength
    if (this.#waitingBytes >= WAITING_BYTES_MAX) this.#controller.pause()
    this.#awaken()
  }

  end(): void {
    this.#isOver = true
    this.#awaken()
  }

  fail(error: Error): void {
    this.#isOver = true
    this.#failure ??= error
    this.#awaken()
  }

  /** Lets the rest come and go unread, so that the connection serves the next request. */
  drop(): void {
    this.#isDropped = true
    // Its reader may look at it still, and what came after it in the same read would give its memory back.
    if (this.#lent !== null) this.#reading.memory.leave(this.#lent)
    for (const chunk of this.#chunks.splice(0)) this.#reading.memory.giveBack(chunk)
    this.#waitingBytes = 0
    if (this.#controller.paused) this.#controller.resume()
  }

  /** Gives the rest up, with the connection when there is a rest. */
  destroy(): void {
    this.drop()
    if (this.#isOver) return
    this.#failure ??= new Error('the answer was given up')
    this.#controller.abort(this.#failure)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.destroy()
        return { done: true, value: undefined }
      },
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#takeBackLent()
    while (true) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        if (this.#reading.areChunksLent) this.#lent = chunk
        this.#waitingBytes -= chunk.byteLength
        if (this.#controller.paused && this.#waitingBytes < WAITING_BYTES_MAX) this.#controller.resume()
        return { done: false, value: chunk }
      }
      if (this.#failure !== null) throw this.#failure
      if (this.#isOver) return { done: true, value: undefined }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** What a reader may keep must not keep the memory of a whole read with it. */
  #kept(chunk: Uint8Array): Uint8Array {
    const { memory, areChunksLent } = this.#reading
    if (areChunksLent) return chunk
    if (chunk.byteLength >= OWN_MEMORY_BYTES_MAX) {
      memory.leave(chunk)
      return chunk
    }
    const own = Buffer.from(chunk)
    memory.giveBack(chunk)
    return own
  }

  #takeBackLent(): void {
    const lent = this.#lent
    this.#lent = null
    if (lent !== null) this.#reading.memory.giveBack(lent)
  }

  #awaken(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
