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
 * wait, and a minute's worth of bytes may be before them.
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
   * before. `isBrief`: the request neither carries content nor asks for any.
   */
  async take(cost: RequestCost, signal: AbortSignal | undefined, isBrief = false): Promise<void> {
    return (isBrief ? this.#brief : this.#bulk).take(cost, signal)
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

  constructor(options: GateOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.length
  }

  async take(cost: RequestCost, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.#waiting.length === 0 && this.#covers(cost)) return this.#spend(cost)
    const entered = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        cost,
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
      this.#waiting.push(waiter)
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
      if (drawn.afterMs > 0) await sleep(drawn.afterMs)
      this.#balance = sum(this.#balance, drawn)
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
