import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HALF_LIVES } from '../../domain/half-life.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, readsPerDayAt } from '../../heat/forward-decay.ts'
import { addRead, NO_HEAT } from '../../heat/object-heat.ts'
import { crossesUpwards } from '../../heat/promotion.ts'
import { promotionThreshold } from './promotion-threshold.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

describe('the promotion threshold', () => {
  it('is none where no heat would change anything', () => {
    expect(promotionThreshold(null, '3d')).toBeNull()
  })

  it('never misses a crossing of the policy’s heat, whatever its half-life', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 30 * 24 }), { minLength: 1, maxLength: 60 })
    const edge = fc.double({ min: 0.01, max: 20, noNaN: true })
    const weight = fc.constantFrom(0.05, 0.5, 1)
    fc.assert(
      fc.property(
        gaps,
        edge,
        weight,
        fc.constantFrom(...HALF_LIVES),
        (hours, readsPerDay, counts, halfLife) => {
          const threshold = promotionThreshold(readsPerDay, halfLife)!
          const column = { '6h': HEAT_6H, '3d': HEAT_3D, '30d': HEAT_30D }[halfLife]
          let heat = NO_HEAT
          let at = START
          for (const gap of hours) {
            at += gap * HOUR
            heat = addRead(heat, at, counts)
            const ln = { '6h': heat.lnHeat6h, '3d': heat.lnHeat3d, '30d': heat.lnHeat30d }[halfLife]
            const isAbove = readsPerDayAt(column, ln, at) > readsPerDay * (1 + 1e-9)
            if (isAbove) expect(crossesUpwards(heat.lnHeat3d, at, threshold)).toBe(true)
          }
        },
      ),
    )
  })
})
