/** When a store counts as away, and how it is looked for. */
export interface BreakerRules {
  /** How far back requests are counted. */
  readonly windowMs: number
  /** Fewer requests than this in the window prove nothing. */
  readonly requestsMin: number
  /** The share of requests without an answer from which on it opens. Range: above 0 up to 1. */
  readonly failureShare: number
  /** How long it stays open at first; it doubles with every probe that fails. */
  readonly openMsMin: number
  readonly openMsMax: number
}

/** A store that leaves half of at least ten requests unanswered is left alone for a second, then for longer. */
export const BREAKER_DEFAULTS: BreakerRules = {
  windowMs: 10_000,
  requestsMin: 10,
  failureShare: 0.5,
  openMsMin: 1_000,
  openMsMax: 15_000,
}

/** How a request that was let through ended: not at all where its caller gave up before that could be seen. */
export type RequestEnd = 'answered' | 'unanswered' | 'unknown'

/** The window is counted in so many pieces; the oldest piece is forgotten as a whole. */
const PIECES = 10

/**
 * Knows whether a store answers. Closed: everything passes and is counted. Open: nothing passes until its time
 * is over. Half open: one request passes as a probe, and everything depends on it.
 */
export class CircuitBreaker {
  readonly #rules: BreakerRules
  readonly #nowMs: () => number
  readonly #told: (isOpen: boolean) => void
  #pieces: { piece: number; answered: number; unanswered: number }[] = []
  #openUntilMs: number | null = null
  #openMs: number
  #isProbing = false

  /** `told` hears whenever it opens or closes, and after each probe that failed that it stays open. */
  constructor(rules: BreakerRules, nowMs: () => number, told: (isOpen: boolean) => void = () => undefined) {
    this.#rules = rules
    this.#told = told
    this.#nowMs = nowMs
    this.#openMs = rules.openMsMin
  }

  get isOpen(): boolean {
    return this.#openUntilMs !== null
  }

  /** How to tell how the request ended, or null when it must not be made. */
  enter(): ((end: RequestEnd) => void) | null {
    if (this.#openUntilMs === null) return end => this.#count(end)
    if (this.#isProbing || this.#nowMs() < this.#openUntilMs) return null
    this.#isProbing = true
    return end => this.#judgeProbe(end)
  }

  #judgeProbe(end: RequestEnd): void {
    this.#isProbing = false
    if (end === 'answered') {
      this.#openUntilMs = null
      this.#openMs = this.#rules.openMsMin
      this.#pieces = []
      this.#told(false)
    }
    if (end === 'unanswered') {
      this.#openMs = Math.min(this.#openMs * 2, this.#rules.openMsMax)
      this.#openUntilMs = this.#nowMs() + this.#openMs
      this.#told(true)
    }
  }

  #count(end: RequestEnd): void {
    if (end === 'unknown' || this.isOpen) return
    const piece = Math.floor((this.#nowMs() * PIECES) / this.#rules.windowMs)
    this.#pieces = this.#pieces.filter(one => one.piece > piece - PIECES)
    let present = this.#pieces.at(-1)
    if (present?.piece !== piece) {
      present = { piece, answered: 0, unanswered: 0 }
      this.#pieces.push(present)
    }
    present[end]++
    if (end !== 'unanswered' || !this.#isBad()) return
    this.#openUntilMs = this.#nowMs() + this.#openMs
    this.#told(true)
  }

  #isBad(): boolean {
    const answered = this.#pieces.reduce((sum, piece) => sum + piece.answered, 0)
    const unanswered = this.#pieces.reduce((sum, piece) => sum + piece.unanswered, 0)
    const requests = answered + unanswered
    return requests >= this.#rules.requestsMin && unanswered / requests >= this.#rules.failureShare
  }
}
