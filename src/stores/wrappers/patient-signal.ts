import type { RequestDeadline } from '../../domain/request-deadline.ts'

/** A deadline that begins anew now and stands still while its request waits for its turn. */
export class PatientSignal {
  readonly #deadline: RequestDeadline
  readonly #controller = new AbortController()
  #timeout: AbortSignal
  /** How many wait now. */
  #waiting = 0
  /** Somebody waited since the timer was set. */
  #hasWaited = false
  /** The time ran out while somebody waited. */
  #isOver = false

  constructor(deadline: RequestDeadline) {
    this.#deadline = deadline
    this.#timeout = this.#arm()
    deadline.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (deadline.signal.aborted) this.#onAbort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What is waited for takes nothing of the deadline: it begins anew, at the latest when it ran out. */
  async standStill(waiting: Promise<void>): Promise<void> {
    this.#waiting++
    this.#hasWaited = true
    try {
      await waiting
    } finally {
      this.#waiting--
      if (this.#waiting === 0 && this.#isOver) {
        this.#isOver = false
        this.#timeout = this.#arm()
      }
    }
  }

  /** Lets go of the timer; from then on only what was there before the deadline could end the request. */
  end(): void {
    this.#timeout.removeEventListener('abort', this.#onTime)
    this.#deadline.signal.removeEventListener('abort', this.#onAbort)
  }

  #arm(): AbortSignal {
    this.#hasWaited = false
    const timeout = this.#deadline.timeoutSignal(this.#deadline.ms)
    timeout.addEventListener('abort', this.#onTime, { once: true })
    return timeout
  }

  readonly #onTime = () => {
    if (this.#waiting > 0) this.#isOver = true
    else if (this.#hasWaited) this.#timeout = this.#arm()
    else this.#controller.abort(this.#timeout.reason)
  }

  readonly #onAbort = () => {
    this.#controller.abort(this.#deadline.signal.reason)
  }
}
