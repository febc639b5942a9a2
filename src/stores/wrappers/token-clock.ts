import type { BudgetRates } from '../../domain/store-budget.ts'
import type { DrawTokens } from './budget-gate.ts'

/**
 * A clock of spent time, one hand for requests and one for bytes: a rate of 10 per second means that each token
 * moves its hand by a tenth of a second. A hand that is ahead of now makes those who draw wait for it (the
 * generic cell rate algorithm of ATM). Shared by all who draw from one budget.
 */
export interface TokenClock {
  /**
   * Moves the hands, from now on if they were behind, and resolves to how far the later one was ahead before,
   * in milliseconds. `urgent`: moves no hand further ahead than {@link URGENT_AHEAD_MS}.
   */
  advance(by: { requestsMs: number; bytesMs: number }, urgent: boolean): Promise<number>
}

/** How far spending without waiting may push back those who wait. */
export const URGENT_AHEAD_MS = 5_000
/**
 * Tokens are drawn for so long ahead, so that the clock moves a few times a second however many workers there
 * are.
 */
const DRAWN_MS = 250

/** Draws from a clock at the rates that hold now. Where nothing limits, the clock is not asked. */
export function drawFrom(clock: TokenClock, rates: () => BudgetRates): DrawTokens {
  return async (need, urgent) => {
    const { requestsPerSecond, bytesPerSecond } = rates()
    const requests = drawn(need.requests, requestsPerSecond, urgent)
    const bytes = drawn(need.bytes, bytesPerSecond, urgent)
    const by = {
      requestsMs: requestsPerSecond === null ? 0 : (requests / requestsPerSecond) * 1_000,
      bytesMs: bytesPerSecond === null ? 0 : (bytes / bytesPerSecond) * 1_000,
    }
    const afterMs = by.requestsMs + by.bytesMs === 0 ? 0 : await clock.advance(by, urgent)
    return { requests, bytes, afterMs }
  }
}

function drawn(need: number, perSecond: number | null, urgent: boolean): number {
  if (need === 0 || perSecond === null || urgent) return need
  return Math.max(need, (perSecond * DRAWN_MS) / 1_000)
}

/** A clock of one process. */
export function localTokenClock(nowMs: () => number): TokenClock {
  const hands = { requestsMs: 0, bytesMs: 0 }
  return {
    async advance(by, urgent) {
      const now = nowMs()
      let aheadMs = 0
      for (const hand of ['requestsMs', 'bytesMs'] as const) {
        if (by[hand] === 0) continue
        const before = Math.max(now, hands[hand])
        aheadMs = Math.max(aheadMs, before - now)
        const bound = urgent ? Math.max(before, now + URGENT_AHEAD_MS) : Number.POSITIVE_INFINITY
        hands[hand] = Math.min(before + by[hand], bound)
      }
      return aheadMs
    },
  }
}
