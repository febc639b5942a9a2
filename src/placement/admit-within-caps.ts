import type { Bytes } from '../domain/bytes.ts'

/** Objects, bytes and dollars of one-time cost: what caps limit and what has been used of them. */
export interface MoveBudget {
  readonly objects: number
  readonly bytes: Bytes
  readonly usd: number
}

/** What a move takes out of a budget, and how much it matters: higher goes first. */
export interface MoveClaim {
  readonly bytes: Bytes
  readonly usd: number
  readonly isPromotion: boolean
  readonly savingUsdPerMonth: number
}

/**
 * Splits moves into those the caps of this hour still admit and the rest. Promotions go first, then what
 * saves most. The first move of an hour is admitted whatever its size and cost, or an object larger than the
 * cap could never move.
 */
export function admitWithinCaps<T extends MoveClaim>(
  moves: readonly T[],
  caps: MoveBudget,
  used: MoveBudget,
): { admitted: T[]; deferred: T[] } {
  const admitted: T[] = []
  const deferred: T[] = []
  let { objects, bytes, usd } = used
  for (const move of moves.toSorted(byUrgency)) {
    const isFirst = objects === 0
    const fits = bytes + move.bytes <= caps.bytes && usd + move.usd <= caps.usd
    if (objects + 1 <= caps.objects && (fits || isFirst)) {
      admitted.push(move)
      objects += 1
      bytes += move.bytes
      usd += move.usd
    } else {
      deferred.push(move)
    }
  }
  return { admitted, deferred }
}

function byUrgency(a: MoveClaim, b: MoveClaim): number {
  if (a.isPromotion !== b.isPromotion) return a.isPromotion ? -1 : 1
  return b.savingUsdPerMonth - a.savingUsdPerMonth
}
