import { DAY } from '../../domain/duration.ts'
import { alphaPerMs, HALF_LIFE_MS, type HalfLife } from '../../domain/half-life.ts'
import { HEAT_3D, lnHeatOfRate } from '../../heat/forward-decay.ts'
import { READER_WEIGHT_MIN } from '../../heat/reader-weights.ts'

/**
 * What ingest compares an object's 3-day heat with, so that no upward crossing of an edge is missed. Ingest
 * compares one column only; for a policy on another half-life this is a necessary condition for the
 * crossing, so that some reviews come early and none too late:
 *
 * - 3 days: the edge itself.
 * - 6 hours: the short sum never exceeds the long one, so a rate of θ needs a 3-day rate of θ · 6 h ÷ 3 d.
 * - 30 days: it can cross only at a read, and a read alone gives the 3-day sum its weight.
 */
export function promotionThreshold(readsPerDay: number | null, halfLife: HalfLife): number | null {
  if (readsPerDay === null) return null
  return lnHeatOfRate(HEAT_3D, necessaryRate(readsPerDay, halfLife))
}

function necessaryRate(readsPerDay: number, halfLife: HalfLife): number {
  switch (halfLife) {
    case '3d':
      return readsPerDay
    case '6h':
      return (readsPerDay * HALF_LIFE_MS['6h']) / HALF_LIFE_MS['3d']
    case '30d':
      return Math.min(readsPerDay, 0.9 * READER_WEIGHT_MIN * alphaPerMs('3d') * DAY)
  }
}
