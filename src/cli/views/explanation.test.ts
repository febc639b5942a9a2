import { describe, expect, it } from 'vitest'
import type { ExplanationResource } from '../../api/schemas/explanation.ts'
import { countedHeatText } from './explanation.ts'

const inputs = { halfLife: '3d', heatPerDay: 0.001, heatScore: 3 } as ExplanationResource['inputs']

describe('the heat an explanation counted with', () => {
  it('is the higher of two when the policy forgets faster than in 30 days', () => {
    expect(countedHeatText(inputs)).toBe('by the higher of the heats of half-life 3 days and 30 days')
  })

  it('is one when the policy goes by the 30-day heat itself', () => {
    expect(countedHeatText({ ...inputs, halfLife: '30d' })).toBe('by the heat of half-life 30 days')
  })
})
