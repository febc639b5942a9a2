import type { Instant } from '../../domain/clock.ts'
import { type Random, randomInteger } from '../traffic/random.ts'
import type { Process } from './process.ts'

/** Something that waits for its turn. */
interface Turn {
  readonly at: Instant
  /** Whose step it is; null for what happens outside of processes, as a request that lands. */
  readonly owner: Process | null
  readonly proceed: () => void
}

/** How a run ended: `over` as it was to, `hung` with nothing left that could happen, `endless` at its bound. */
export type RunEnd = 'over' | 'hung' | 'endless'

/** Where model time begins, in milliseconds since 1970: far enough for leases and dates of the past. */
const EPOCH: Instant = Date.UTC(2026, 0, 1)

/**
 * The one clock and the one order of a simulated world. Whatever takes time waits for its turn; of those
 * whose time has come the seed chooses one, everything that follows from it without waiting happens, and then
 * the next is chosen. When nobody's time has come, time jumps. Nothing else may wait: no timer, no file, no
 * network.
 */
export class Scheduler {
  readonly #random: Random
  #now = EPOCH
  #turns: Turn[] = []
  #deadlines: Turn[] = []
  #taken = 0

  constructor(random: Random) {
    this.#random = random
  }

  now(): Instant {
    return this.#now
  }

  /** How many turns were taken. */
  get taken(): number {
    return this.#taken
  }

  /**
   * Resolves when so many milliseconds have passed and it is this one's turn; never for a process that died.
   */
  turn(ms: number, owner: Process | null): Promise<void> {
    return new Promise(resolve => void this.add(ms, owner, resolve))
  }

  /** Calls back at a turn. Resolves to what calls it off. */
  add(ms: number, owner: Process | null, proceed: () => void): () => void {
    const turn = { at: this.#now + Math.max(0, ms), owner, proceed }
    this.#turns.push(turn)
    return () => {
      const index = this.#turns.indexOf(turn)
      if (index >= 0) this.#turns.splice(index, 1)
    }
  }

  /** Calls back when so many milliseconds have passed: all whose time has come at once, without a turn each. */
  addDeadline(ms: number, owner: Process | null, proceed: () => void): void {
    this.#deadlines.push({ at: this.#now + ms, owner, proceed })
  }

  /** Takes turn after turn until `isOver`, or nothing can happen any more, or `turnsMax` were taken. */
  async run(options: {
    readonly isOver: () => boolean
    /** Awaited after each turn, while nothing else happens. */
    readonly afterTurn: () => Promise<void>
    readonly turnsMax: number
  }): Promise<RunEnd> {
    await settled()
    while (!options.isOver()) {
      if (this.#taken >= options.turnsMax) return 'endless'
      const next = this.#choose()
      if (next === null) return 'hung'
      this.#taken++
      next.proceed()
      await settled()
      await options.afterTurn()
    }
    return 'over'
  }

  #choose(): Turn | null {
    this.#turns = this.#turns.filter(turn => turn.owner?.isDead !== true)
    this.#deadlines = this.#deadlines.filter(turn => turn.owner?.isDead !== true)
    const soonest = Math.min(...this.#turns.map(timeOf), ...this.#deadlines.map(timeOf))
    if (soonest === Number.POSITIVE_INFINITY) return null
    this.#now = Math.max(this.#now, soonest)
    const passed = this.#deadlines.filter(turn => timeOf(turn) <= this.#now)
    if (passed.length > 0) {
      this.#deadlines = this.#deadlines.filter(turn => timeOf(turn) > this.#now)
      const proceed = () => {
        for (const turn of passed) turn.proceed()
      }
      return { at: this.#now, owner: null, proceed }
    }
    const due = this.#turns.filter(turn => timeOf(turn) <= this.#now)
    const chosen = due[randomInteger(this.#random, due.length)]!
    this.#turns.splice(this.#turns.indexOf(chosen), 1)
    return chosen
  }
}

function timeOf({ at, owner }: Turn): Instant {
  return Math.max(at, owner?.sleepsUntil ?? at)
}

/** Resolves when everything has happened that follows from the last turn without waiting. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
