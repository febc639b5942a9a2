import { describe, expect, it } from 'vitest'
import { alphaPerMs } from '../domain/half-life.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D } from './forward-decay.ts'
import { heatReadingAt } from './heat-reading.ts'
import { addRead, NO_HEAT } from './object-heat.ts'

const NOW = Date.UTC(2026, 8, 20)

describe('the heat reading', () => {
  it('decays with the half-lives that placement counts with', () => {
    expect(alphaPerMs('6h')).toBeCloseTo(HEAT_6H.decayPerMs, 20)
    expect(alphaPerMs('3d')).toBeCloseTo(HEAT_3D.decayPerMs, 20)
    expect(alphaPerMs('30d')).toBeCloseTo(HEAT_30D.decayPerMs, 20)
  })

  it('is zero for an object nobody has read', () => {
    const reading = heatReadingAt({ heat: null, windowRings: null }, NOW)
    expect(reading).toEqual({ readsPerDay: { '6h': 0, '3d': 0, '30d': 0 }, heatScore: 0 })
  })

  it('shows one read as the decay rate of each half-life', () => {
    const heat = {
      ...addRead(NO_HEAT, NOW, 1),
      reads: 1,
      bytesRead: 1,
      firstAccessAt: NOW,
      lastAccessAt: NOW,
    }
    const { readsPerDay } = heatReadingAt({ heat, windowRings: null }, NOW)
    expect(readsPerDay['3d']).toBeCloseTo(Math.LN2 / 3, 6)
    expect(readsPerDay['30d']).toBeCloseTo(Math.LN2 / 30, 6)
  })
})
