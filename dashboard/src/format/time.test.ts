import { describe, expect, it } from 'vitest'
import { formatDays, formatDuration, formatExact, formatRelative, instantOf } from './time.ts'

const NOW = Date.UTC(2026, 8, 20, 14, 3, 12)
const HOUR = 3_600_000

describe('times people read', () => {
  it.each([
    [400, '400 ms'],
    [12_000, '12 s'],
    [90_000, '2 min'],
    [1.5 * HOUR, '1.5 h'],
    [23.99 * HOUR, '1 d'],
    [12 * 24 * HOUR, '12 d'],
    [3 * 365.25 * 24 * HOUR, '3 y'],
  ])('shows %d ms as %s', (span, text) => expect(formatDuration(span)).toBe(text))

  it('says moments from now, both ways', () => {
    expect(formatRelative(NOW - 12_000, NOW)).toBe('12 s ago')
    expect(formatRelative(NOW + 3 * 24 * HOUR, NOW)).toBe('in 3 d')
    expect(formatRelative(NOW + 10, NOW)).toBe('just now')
  })

  it('writes the exact moment in UTC', () => expect(formatExact(NOW)).toBe('2026-09-20 14:03:12 UTC'))

  it('says never for a payback that does not come', () => {
    expect([formatDays(null), formatDays(12)]).toEqual(['never', '12 d'])
  })

  it('reads what the API sends and refuses what is no time', () => {
    expect(instantOf('2026-09-20T14:03:12.000Z')).toBe(NOW)
    expect(instantOf(NOW)).toBe(NOW)
    expect([instantOf(null), instantOf(undefined), instantOf('yesterday')]).toEqual([null, null, null])
  })
})
