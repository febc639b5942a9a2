import type { Instant } from '../domain/clock.ts'
import { addLnHeat, HEAT_3D, HEAT_6H, HEAT_30D, LN_HEAT_NONE, lnHeatOfAccess } from './forward-decay.ts'

/**
 * How hot an object is, at three half-lives: logarithms of forward-decayed, weighted counts of reads (see
 * {@link addLnHeat}). The order of two objects by one of them never changes with time.
 */
export interface ObjectHeat {
  readonly lnHeat6h: number
  readonly lnHeat3d: number
  readonly lnHeat30d: number
}

/** The heat of an object nobody has read. */
export const NO_HEAT: ObjectHeat = {
  lnHeat6h: LN_HEAT_NONE,
  lnHeat3d: LN_HEAT_NONE,
  lnHeat30d: LN_HEAT_NONE,
}

/** The heat after a read of this weight at this moment; reads may be added in any order. */
export function addRead(heat: ObjectHeat, at: Instant, weight: number): ObjectHeat {
  return mergeHeat(heat, {
    lnHeat6h: lnHeatOfAccess(HEAT_6H, at, weight),
    lnHeat3d: lnHeatOfAccess(HEAT_3D, at, weight),
    lnHeat30d: lnHeatOfAccess(HEAT_30D, at, weight),
  })
}

/** The heat of all reads of both. The statement of database/accesses/object-heat does the same in SQL. */
export function mergeHeat(a: ObjectHeat, b: ObjectHeat): ObjectHeat {
  return {
    lnHeat6h: addLnHeat(a.lnHeat6h, b.lnHeat6h),
    lnHeat3d: addLnHeat(a.lnHeat3d, b.lnHeat3d),
    lnHeat30d: addLnHeat(a.lnHeat30d, b.lnHeat30d),
  }
}
