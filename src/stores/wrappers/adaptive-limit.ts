/** The bounds of an {@link AdaptiveLimit}. */
export interface LimitRules {
  readonly min: number
  readonly max: number
  /** Where it begins. Range: `min` to `max`. */
  readonly start: number
}

/** From so many requests at once a store is asked with; the largest is what most stores give one client. */
export const LIMIT_DEFAULTS: LimitRules = { min: 2, max: 256, start: 32 }

/** What a request showed about the store's load. */
export type LoadSign = 'fine' | 'overloaded' | 'none'

/** What is left of the limit after a sign of overload. */
const SHRINK = 0.7
/** Requests that were under way together report one overload: it shrinks once within so many milliseconds. */
const SHRINK_PAUSE_MS = 1_000
/** An answer is slow from so many times the usual time on, and never below the floor. */
const SLOW_FACTOR = 4
const SLOW_FLOOR_MS = 200
/**
 * How fast the usual time follows: quickly down, slowly up, so that a lasting overload is not taken for
 * usual.
 */
const FOLLOW_DOWN = 0.2
const FOLLOW_UP = 0.005

interface Waiter {
  enter(): void
}

/**
 * How many requests a store is asked at once: one more for each round of good answers while all of them are
 * in use, a third less when the store says `SlowDown`, does not answer, or takes many times its usual time
 * (AIMD; Chiu and Jain, 1989). Who may not wait is let in at once and takes the place of one who may.
 */
export class AdaptiveLimit {
  readonly #rules: LimitRules
  readonly #nowMs: () => number
  readonly #changed: (limit: number) => void
  readonly #waiting: Waiter[] = []
  #limit: number
  #inFlight = 0
  #shrunkAtMs = Number.NEGATIVE_INFINITY
  #usualMs: number | null = null

  /** `changed` is told whenever the limit is another whole number. */
  constructor(rules: LimitRules, nowMs: () => number, changed: (limit: number) => void = () => undefined) {
    this.#rules = rules
    this.#changed = changed
    this.#nowMs = nowMs
    this.#limit = rules.start
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }
  get inFlight(): number {
    return this.#inFlight
  }
  get waiting(): number {
    return this.#waiting.length
  }

  /** Enters without waiting. */
  enterAtOnce(): void {
    this.#inFlight++
  }

  /** Enters in turn. Rejects with the signal's reason when that aborts before. */
  async enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.#waiting.length === 0 && this.#inFlight < this.limit) {
      this.#inFlight++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          signal?.removeEventListener('abort', onAbort)
          this.#inFlight++
          resolve()
        },
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal!.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  /** To be called once for each who entered; `answerMs` where the time tells of the store and not of a body. */
  leave(sign: LoadSign, answerMs: number | null = null): void {
    const before = this.limit
    const wasUsed = this.#inFlight >= this.limit
    this.#inFlight--
    const isSlow = answerMs !== null && this.#learn(answerMs)
    if (sign === 'overloaded' || (sign === 'fine' && isSlow)) this.#shrink()
    else if (sign === 'fine' && wasUsed) {
      this.#limit = Math.min(this.#rules.max, this.#limit + 1 / this.#limit)
    }
    if (this.limit !== before) this.#changed(this.limit)
    this.#letIn()
  }

  #learn(answerMs: number): boolean {
    const usualMs = this.#usualMs ?? answerMs
    this.#usualMs = usualMs + (answerMs - usualMs) * (answerMs < usualMs ? FOLLOW_DOWN : FOLLOW_UP)
    return answerMs > Math.max(SLOW_FLOOR_MS, usualMs * SLOW_FACTOR)
  }

  #shrink(): void {
    const now = this.#nowMs()
    if (now - this.#shrunkAtMs < SHRINK_PAUSE_MS) return
    this.#shrunkAtMs = now
    this.#limit = Math.max(this.#rules.min, this.#limit * SHRINK)
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.limit) this.#waiting.shift()!.enter()
  }
}
