import type { Instant } from '../domain/clock.ts'
import { DAY, HOUR } from '../domain/duration.ts'

/**
 * The landmark of forward decay: the moment from which every stored logarithm counts. It is the same in
 * every deployment and never changes, because stored logarithms of two landmarks cannot be compared.
 *
 * Between 1990 and 2100 a stored logarithm stays within ±125,000, where float64 resolves 1.5e-11: an error
 * of one part in 10^10 of a heat. Nothing is ever exponentiated but a difference of two logarithms.
 */
export const HEAT_LANDMARK: Instant = Date.UTC(2020, 0, 1)

/**
 * A half-life at which heat is kept. The decay rate of a stored column never changes: another half-life is
 * another column, rebuilt from history.
 */
export interface HeatColumn {
  readonly halfLifeHours: number
  /** α = ln 2 / half-life, per millisecond. */
  readonly decayPerMs: number
}

function heatColumn(halfLifeHours: number): HeatColumn {
  return { halfLifeHours, decayPerMs: Math.LN2 / (halfLifeHours * HOUR) }
}

export const HEAT_6H: HeatColumn = heatColumn(6)
export const HEAT_3D: HeatColumn = heatColumn(3 * 24)
export const HEAT_30D: HeatColumn = heatColumn(30 * 24)

/**
 * The logarithm that stands for "no access has ever added heat". Finite, so that SQL can add to it, and far
 * below the logarithm of any access since 1990.
 */
export const LN_HEAT_NONE = -1e9

/** Beyond this difference the smaller of two terms is below the resolution of float64. */
const LN_DIFFERENCE_MAX = 700

/**
 * ln(e^a + e^b) without overflow: how two logarithms of heat are merged. Commutative; associative up to
 * rounding. Range: finite for finite arguments.
 */
export function addLnHeat(a: number, b: number): number {
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.min(Math.abs(a - b), LN_DIFFERENCE_MAX)))
}

/**
 * The term that one access adds: α·(at − landmark) + ln weight. {@link LN_HEAT_NONE} for weight 0. Linear in
 * `at`, so a late access adds a smaller term and nothing stored has to be touched.
 */
export function lnHeatOfAccess(column: HeatColumn, at: Instant, weight: number): number {
  return weight > 0 ? column.decayPerMs * (at - HEAT_LANDMARK) + Math.log(weight) : LN_HEAT_NONE
}

/** The natural logarithm of the heat at a moment: what a threshold's logarithm is compared with. */
export function lnHeatAt(column: HeatColumn, lnHeat: number, at: Instant): number {
  return lnHeat - column.decayPerMs * (at - HEAT_LANDMARK)
}

/** The heat at a moment: the decayed, weighted count of accesses. Range: finite, at least 0. */
export function heatAt(column: HeatColumn, lnHeat: number, at: Instant): number {
  return Math.exp(Math.min(lnHeatAt(column, lnHeat, at), LN_DIFFERENCE_MAX))
}

/**
 * How often the object is read now, in reads per day: α times the heat, so that a steady rate converges to
 * itself. One read alone shows as α, and half of it after one half-life.
 */
export function readsPerDayAt(column: HeatColumn, lnHeat: number, at: Instant): number {
  return heatAt(column, lnHeat, at) * column.decayPerMs * DAY
}

/** ln θ of the heat at which {@link readsPerDayAt} shows this rate. Throws a RangeError unless rate > 0. */
export function lnHeatOfRate(column: HeatColumn, readsPerDay: number): number {
  if (!(readsPerDay > 0) || readsPerDay === Number.POSITIVE_INFINITY)
    throw new RangeError(`a rate in reads per day must be positive and finite, not ${readsPerDay}`)
  return Math.log(readsPerDay / (column.decayPerMs * DAY))
}

/**
 * The moment at which, without another access, the heat falls to e^lnThreshold: t* = (z − ln θ) / α. It is
 * in the past when the heat is already below. Rounded up to whole milliseconds, so that at the returned
 * moment the heat is not above the threshold by more than rounding.
 */
export function coolsTo(column: HeatColumn, lnHeat: number, lnThreshold: number): Instant {
  return HEAT_LANDMARK + Math.ceil((lnHeat - lnThreshold) / column.decayPerMs)
}
