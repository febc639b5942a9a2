import type { FaultKind } from '../../domain/fault.ts'
import { type Random, randomInteger } from '../traffic/random.ts'

/**
 * How often what goes wrong, each from 0 to 1; the words are those of `domain/fault.ts` as far as stores are
 * meant.
 */
export interface FaultRates {
  /** A request to a store is refused, before anything happened. */
  readonly refused: number
  /** A request never arrives and is never answered. */
  readonly hangs: number
  /** What was asked happens, and the answer gets lost. */
  readonly answerLost: number
  /** The same with the answer of the database. */
  readonly databaseAnswerLost: number
  /** A deletion, or a publication that nothing compares, lands long after its sender gave up. */
  readonly landsLate: number
  /** A bit of a body flips on its way to or from a store. */
  readonly flips: number
  /** A body ends before its time, or its last byte gets lost at the store. */
  readonly truncates: number
  /** A look shows what was there a moment ago. */
  readonly stale: number
  /** A worker dies when it reaches a boundary. */
  readonly diesAtBoundary: number
}

export const NO_FAULTS: FaultRates = {
  refused: 0,
  hangs: 0,
  answerLost: 0,
  databaseAnswerLost: 0,
  landsLate: 0,
  flips: 0,
  truncates: 0,
  stale: 0,
  diesAtBoundary: 0,
}

/** What becomes of one request to a store. */
export type Fate = 'works' | Extract<FaultKind, 'refused' | 'hangs' | 'answer-lost'> | 'lands-late'

/** Everything that chance decides in a simulated world, besides the order of turns. */
export class Chaos {
  readonly #random: Random
  rates: FaultRates

  constructor(random: Random, rates: FaultRates) {
    this.#random = random
    this.rates = rates
  }

  /** From then on nothing goes wrong. */
  calm(): void {
    this.rates = NO_FAULTS
  }

  next(): number {
    return this.#random.next()
  }

  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number {
    return from + randomInteger(this.#random, to - from + 1)
  }

  pick<T>(options: readonly T[]): T {
    return options[randomInteger(this.#random, options.length)]!
  }

  isLucky(): boolean {
    return this.happens(0.5)
  }

  happens(rate: number): boolean {
    return this.#random.next() < rate
  }

  /** `isAnnounced`: whether others wait for it, however late it lands. */
  fateOf(isAnnounced: boolean): Fate {
    const { refused, hangs, answerLost, landsLate } = this.rates
    let dice = this.#random.next()
    if (isAnnounced && this.happens(landsLate)) return 'lands-late'
    for (const [fate, rate] of [
      ['refused', refused],
      ['hangs', hangs],
      ['answer-lost', answerLost],
    ] as const) {
      if (dice < rate) return fate
      dice -= rate
    }
    return 'works'
  }

  losesAnswerOfDatabase(): boolean {
    return this.happens(this.rates.databaseAnswerLost)
  }
}
