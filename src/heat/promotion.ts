import type { Instant } from '../domain/clock.ts'
import { HEAT_3D, lnHeatAt } from './forward-decay.ts'

/**
 * Whether an object has just become hot enough to be looked at again. `promoteLnHeat` is ln θ of a heat with
 * a half-life of three days, set by the planner (`lnHeatOfRate(HEAT_3D, …)`).
 *
 * No clock is asked: between accesses heat only falls, so it can rise above θ only at an access, and at its
 * newest access the object's heat is e^{z − α·lastAccessAt}. The statement of database/accesses/object-heat
 * compares the same numbers. A rise and fall within one batch may pass unseen: by then the object is cold
 * again.
 */
export function crossesUpwards(lnHeat3d: number, lastAccessAt: Instant, promoteLnHeat: number): boolean {
  return lnHeatAt(HEAT_3D, lnHeat3d, lastAccessAt) > promoteLnHeat
}
