import { describe, expect, it } from 'vitest'
import type { ExplanationResource } from '../../api/schemas/explanation.ts'
import { countedHeatText, explanationText } from './explanation.ts'

const inputs = { halfLife: '3d', heatPerDay: 0.001, heatScore: 3 } as ExplanationResource['inputs']

describe('the heat an explanation counted with', () => {
  it('is the higher of two when the policy forgets faster than in 30 days', () => {
    expect(countedHeatText(inputs)).toBe('by the higher of the heats of half-life 3 days and 30 days')
  })

  it('is one when the policy goes by the 30-day heat itself', () => {
    expect(countedHeatText({ ...inputs, halfLife: '30d' })).toBe('by the heat of half-life 30 days')
  })
})

it('an explanation says below its table why each other place was not chosen', () => {
  const place = (locationName: string, chosen: boolean, explanation: string) => ({
    ...{ locationName, chosen, explanation, tier: 'hot', cost: null, paybackDays: null },
  })
  const text = explanationText({
    ...{
      bucket: 'films',
      key: 'one',
      size: 1,
      location: { name: 'here' },
      tier: 'hot',
      summary: 'It stays.',
    },
    alternatives: [
      place('here', true, 'chosen'),
      place('there', false, 'dearer by a dollar a month, and its provider was left out by the policy'),
    ],
    inputs: { ...inputs, readsPerMonthExpected: 1, bytesPerRead: 1, daysInLocation: 1 },
    whatWouldChangeIt: [],
    reviewAt: '2030-01-01T00:00:00Z',
    reviewReason: 'day',
    migrationId: null,
  } as unknown as ExplanationResource)
  const [table, reasons] = text.split('\nWhy not:\n')
  expect(table).not.toContain('dearer')
  expect(reasons).toMatch(
    /^ {2}- there: dearer by a dollar a month, and its provider was left out by the policy\n\n/,
  )
  expect(reasons).not.toContain('- here:')
})
