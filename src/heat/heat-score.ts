import type { Instant } from '../domain/clock.ts'
import type { AccessWindows } from './access-windows.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, readsPerDayAt } from './forward-decay.ts'
import type { ObjectHeat } from './object-heat.ts'

/**
 * How much each estimate of the rate counts in the score; they add up to 1, so that a steady rate shows as
 * itself. Recency is in the short half-life, frequency in the longer two, the windows are plain counts.
 */
const RATE_SHARES = { heat6h: 0.2, heat3d: 0.35, heat30d: 0.3, access24h: 0.13, access1h: 0.02 }

/** A score of 50 is one read per day. */
const MIDDLE_READS_PER_DAY = 1

/**
 * The combined rate in reads per day that the score is made of: the mean of five estimates of the same
 * rate, weighted by {@link RATE_SHARES}.
 */
export function combinedReadsPerDay(heat: ObjectHeat, windows: AccessWindows, at: Instant): number {
  return (
    RATE_SHARES.heat6h * readsPerDayAt(HEAT_6H, heat.lnHeat6h, at) +
    RATE_SHARES.heat3d * readsPerDayAt(HEAT_3D, heat.lnHeat3d, at) +
    RATE_SHARES.heat30d * readsPerDayAt(HEAT_30D, heat.lnHeat30d, at) +
    RATE_SHARES.access24h * windows.access24h +
    RATE_SHARES.access1h * windows.access1h * 24
  )
}

/**
 * The one number by which people rank objects: 100·√R / (1 + √R), where R is {@link combinedReadsPerDay}.
 *
 * Range: 0 (never read) to below 100. It rises with every counted read, falls in silence, and is the same
 * for objects read at the same steady rate. 1 read a day is 50, 100 a day 91, 1 in 100 days 9.
 * See docs/concepts/heat.md.
 */
export function heatScore(heat: ObjectHeat, windows: AccessWindows, at: Instant): number {
  const root = Math.sqrt(combinedReadsPerDay(heat, windows, at) / MIDDLE_READS_PER_DAY)
  return (100 * root) / (1 + root)
}
