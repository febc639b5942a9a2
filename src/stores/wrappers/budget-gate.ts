/** What a request costs. */
export interface RequestCost {
  readonly requests: number
  readonly bytes: number
}

/** Tokens that may be spent from a moment on. */
export interface DrawnTokens extends RequestCost {
  /** From then on, in wall milliseconds from now. */
  readonly afterMs: number
}

/**
 * Draws tokens for at least so much; more when it draws ahead. `urgent`: they were spent already, by somebody
 * who did not wait. Without a limit it gives what was asked for at once.
 */
export type DrawTokens = (need: RequestCost, urgent: boolean) => Promise<DrawnTokens>

const REST_AFTER_FAILURE_MS = 1_000
/** Spending without waiting is told in sums of this long. */
const SETTLE_MS = 1_000
const NOTHING: RequestCost = { requests: 0, bytes: 0 }

interface Waiter {
  readonly cost: RequestCost
  /** Goes before those that are not. */
  readonly isFirst: boolean
  enter(): void
}

/** What a gate is made with. */
interface GateOptions {
  readonly draw: DrawTokens
  readonly sleep: (ms: number) => Promise<void>
  /** Told when tokens cannot be drawn; it is tried again for as long as somebody waits. */
  readonly failed: (error: unknown) => void
}

/**
 * Where the background requests of one process to one store wait for tokens, first come, first served. Brief
 * requests, which carry no content, have a queue of their own: somebody may hold an object's lock while they
 * wait, and a minute's worth of bytes may be before them. Of those, the ones whose time runs while they wait go
 * first: somebody does hold a lock, or has announced a deletion that must be answered within seconds.
 */
export class BudgetGate {
  readonly #options: GateOptions
  readonly #brief: TokenQueue
  readonly #bulk: TokenQueue
  #spentAtOnce = NOTHING
  #isSettling = false

  constructor(options: GateOptions) {
    this.#options = options
    this.#brief = new TokenQueue(options)
    this.#bulk = new TokenQueue(options)
  }

  get waiting(): number {
    return this.#brief.waiting + this.#bulk.waiting
  }

  /**
   * Waits until so much may be spent, and spends it. Rejects with the signal's reason when that aborts
   * before. `brief`: the request neither carries content nor asks for any; `first` goes before other brief ones.
   */
  async take(
    cost: RequestCost,
    signal: AbortSignal | undefined,
    kind: 'bulk' | 'brief' | 'first' = 'bulk',
  ): Promise<void> {
    return (kind === 'bulk' ? this.#bulk : this.#brief).take(cost, signal, kind === 'first')
  }

  /** Lets those who wait for tokens draw them anew, because the budget is another one now. */
  reconsider(): void {
    this.#brief.reconsider()
    this.#bulk.reconsider()
  }

  /** Spends without waiting; those who wait, here and in other processes, wait for longer. */
  spendAtOnce(cost: RequestCost): void {
    this.#spentAtOnce = sum(this.#spentAtOnce, cost)
    if (!this.#isSettling) void this.#settle()
  }

  async #settle(): Promise<void> {
    this.#isSettling = true
    await this.#options.sleep(SETTLE_MS)
    this.#isSettling = false
    const spent = this.#spentAtOnce
    this.#spentAtOnce = NOTHING
    try {
      await this.#options.draw(spent, true)
    } catch (error) {
      this.#options.failed(error)
    }
  }
}

/** Those who wait for tokens, in order. What was drawn ahead lies here until it is spent. */
class TokenQueue {
  readonly #options: GateOptions
  readonly #waiting: Waiter[] = []
  #balance = NOTHING
  #isServing = false
  #reconsidered = Promise.withResolvers<'changed'>()

  constructor(options: GateOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.length
  }

  reconsider(): void {
    this.#reconsidered.resolve('changed')
    this.#reconsidered = Promise.withResolvers()
  }

  async take(cost: RequestCost, signal: AbortSignal | undefined, isFirst: boolean): Promise<void> {
    signal?.throwIfAborted()
    if (this.#waiting.length === 0 && this.#covers(cost)) return this.#spend(cost)
    const entered = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        cost,
        isFirst,
        enter: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal!.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const others = isFirst ? this.#waiting.findIndex(other => !other.isFirst) : -1
      this.#waiting.splice(others === -1 ? this.#waiting.length : others, 0, waiter)
    })
    if (!this.#isServing) void this.#serve()
    return entered
  }

  async #serve(): Promise<void> {
    this.#isServing = true
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        if (this.#covers(first.cost)) {
          this.#spend(first.cost)
          this.#waiting.shift()
          first.enter()
        } else {
          await this.#drawFor(first.cost)
        }
      }
    } finally {
      this.#isServing = false
    }
  }

  async #drawFor(cost: RequestCost): Promise<void> {
    const { draw, failed, sleep } = this.#options
    try {
      const need = {
        requests: Math.max(0, cost.requests - this.#balance.requests),
        bytes: Math.max(0, cost.bytes - this.#balance.bytes),
      }
      const drawn = await draw(need, false)
      const slept =
        drawn.afterMs > 0 ? await Promise.race([sleep(drawn.afterMs), this.#reconsidered.promise]) : undefined
      if (slept !== 'changed') this.#balance = sum(this.#balance, drawn)
    } catch (error) {
      failed(error)
      await sleep(REST_AFTER_FAILURE_MS)
    }
  }

  #covers(cost: RequestCost): boolean {
    return this.#balance.requests >= cost.requests && this.#balance.bytes >= cost.bytes
  }

  #spend(cost: RequestCost): void {
    this.#balance = sum(this.#balance, { requests: -cost.requests, bytes: -cost.bytes })
  }
}

function sum(left: RequestCost, right: RequestCost): RequestCost {
  return { requests: left.requests + right.requests, bytes: left.bytes + right.bytes }
}
