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
  /** How long nothing at all is answered before a store counts as away though no request has failed yet. */
  readonly silentMs: number
  /** Fewer requests that wait for an answer than this prove no silence. */
  readonly silentRequestsMin: number
}

/**
 * A store that leaves half of at least ten requests unanswered is left alone for a second, then for longer; so
 * is one that lets at least three wait for five seconds and answers nobody else meanwhile.
 */
export const BREAKER_DEFAULTS: BreakerRules = {
  windowMs: 10_000,
  requestsMin: 10,
  failureShare: 0.5,
  openMsMin: 1_000,
  openMsMax: 15_000,
  silentMs: 5_000,
  silentRequestsMin: 3,
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
  /** When the present probe was let through; null while none is under way. */
  #probedAtMs: number | null = null
  /** When brief requests were sent that wait for an answer, the oldest first. */
  readonly #waiting = new Map<object, number>()
  #answeredAtMs = Number.NEGATIVE_INFINITY

  /** `told` hears whenever it opens or closes, and after each probe that failed that it stays open. */
  constructor(rules: BreakerRules, nowMs: () => number, told: (isOpen: boolean) => void = () => undefined) {
    this.#rules = rules
    this.#told = told
    this.#nowMs = nowMs
    this.#openMs = rules.openMsMin
  }

  get isOpen(): boolean {
    if (this.#openUntilMs === null && this.#isSilent()) this.#open()
    return this.#openUntilMs !== null
  }

  /**
   * How to tell how the request ended, or null when it must not be made. `isBrief`: a store that is well answers
   * it soon, because it carries few bytes and asks for no long work.
   */
  enter(options: { readonly isBrief: boolean }): ((end: RequestEnd) => void) | null {
    if (!this.isOpen) return this.#watch(options.isBrief)
    if (this.#nowMs() < this.#openUntilMs! || this.#isProbing()) return null
    const probedAtMs = this.#nowMs()
    this.#probedAtMs = probedAtMs
    return end => this.#judgeProbe(end, probedAtMs)
  }

  #watch(isBrief: boolean): (end: RequestEnd) => void {
    const request = {}
    if (isBrief) this.#waiting.set(request, this.#nowMs())
    return end => {
      this.#waiting.delete(request)
      if (end === 'answered') this.#answeredAtMs = this.#nowMs()
      this.#count(end)
    }
  }

  /** No request has failed yet, but the oldest has waited for long, and nobody was answered since it was sent. */
  #isSilent(): boolean {
    if (this.#waiting.size < this.#rules.silentRequestsMin) return false
    const [oldestMs] = this.#waiting.values()
    return this.#nowMs() - oldestMs! >= this.#rules.silentMs && this.#answeredAtMs < oldestMs!
  }

  /** A probe that hangs is not waited for until its deadline: the store may be back long before. */
  #isProbing(): boolean {
    return this.#probedAtMs !== null && this.#nowMs() - this.#probedAtMs < this.#rules.silentMs
  }

  #open(): void {
    this.#openUntilMs = this.#nowMs() + this.#openMs
    this.#waiting.clear()
    this.#told(true)
  }

  #judgeProbe(end: RequestEnd, probedAtMs: number): void {
    if (this.#probedAtMs === probedAtMs) this.#probedAtMs = null
    if (this.#openUntilMs === null) return
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
    if (end === 'unknown' || this.#openUntilMs !== null) return
    const piece = Math.floor((this.#nowMs() * PIECES) / this.#rules.windowMs)
    this.#pieces = this.#pieces.filter(one => one.piece > piece - PIECES)
    let present = this.#pieces.at(-1)
    if (present?.piece !== piece) {
      present = { piece, answered: 0, unanswered: 0 }
      this.#pieces.push(present)
    }
    present[end]++
    if (end === 'unanswered' && this.#isBad()) this.#open()
  }

  #isBad(): boolean {
    const answered = this.#pieces.reduce((sum, piece) => sum + piece.answered, 0)
    const unanswered = this.#pieces.reduce((sum, piece) => sum + piece.unanswered, 0)
    const requests = answered + unanswered
    return requests >= this.#rules.requestsMin && unanswered / requests >= this.#rules.failureShare
  }
}
