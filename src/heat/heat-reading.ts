import type { Instant } from '../domain/clock.ts'
import type { HeatReading, StoredHeat } from '../domain/placement-facts.ts'
import { accessWindowsAt, NO_ACCESSES } from './access-windows.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, readsPerDayAt } from './forward-decay.ts'
import { heatScore } from './heat-score.ts'
import { NO_HEAT } from './object-heat.ts'
import { decodeRings } from './ring-encoding.ts'

/** How hot an object is at a moment, from what is stored about it: the terms placement reasons in. */
export function heatReadingAt(
  stored: { readonly heat: StoredHeat | null; readonly windowRings: Uint8Array | null },
  at: Instant,
): HeatReading {
  const heat = stored.heat ?? NO_HEAT
  const windows =
    stored.windowRings === null ? NO_ACCESSES : accessWindowsAt(decodeRings(stored.windowRings), at)
  return {
    readsPerDay: {
      '6h': readsPerDayAt(HEAT_6H, heat.lnHeat6h, at),
      '3d': readsPerDayAt(HEAT_3D, heat.lnHeat3d, at),
      '30d': readsPerDayAt(HEAT_30D, heat.lnHeat30d, at),
    },
    heatScore: heatScore(heat, windows, at),
  }
}
