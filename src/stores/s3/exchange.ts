import type { Dispatcher } from 'undici'

/** How many bytes of an answer wait for their reader before the connection does. */
const WAITING_BYTES_MAX = 256 * 1024

/** An answer of a server: its body is read to its end, dropped or destroyed. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AnswerBody
}

/**
 * Sends one request over a dispatcher and resolves when the answer's head is there. Rejects with what the
 * connection failed with, or with the signal's reason. Small objects make so many answers that a stream of
 * Node's for each of them would take longer than the rest of the request.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Exchange({ resolve, reject, signal }))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.#controller?.abort(this.#signal!.reason as Error)
  #controller: Dispatcher.DispatchController | null = null
  #body: AnswerBody | null = null

  constructor(options: {
    resolve: (answer: Answer) => void
    reject: (error: unknown) => void
    signal: AbortSignal | undefined
  }) {
    this.#resolve = options.resolve
    this.#reject = options.reject
    this.#signal = options.signal
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#signal?.aborted) this.#onAbort()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return
    this.#body = new AnswerBody(controller)
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
  readonly #chunks: Uint8Array[] = []
  #waitingBytes = 0
  #isOver = false
  #isDropped = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller
  }

  push(chunk: Uint8Array): void {
    if (this.#isDropped) return
    this.#chunks.push(chunk)
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
    this.#chunks.length = 0
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
    while (true) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
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

  #awaken(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
