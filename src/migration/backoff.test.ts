import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs, deadlineMs } from './backoff.ts'

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it('rests longer after each failed try, within its bounds', () => {
  const kinds = fc.constantFrom('unexpected', 'access-denied', 'busy', 'leftover', 'target-sha256')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000 }), chance, kinds, (attempt, random, kind) => {
      const rest = backoffMs(attempt, random, kind)
      expect(rest).toBeGreaterThanOrEqual(500)
      expect(rest).toBeLessThanOrEqual(1_800_000)
      expect(backoffMs(attempt + 1, random, kind)).toBeGreaterThanOrEqual(rest)
    }),
  )
})

it('spreads what failed together over half of the rest', () => {
  expect([backoffMs(3, 0, 'unexpected'), backoffMs(3, 0.999, 'unexpected')]).toEqual([2_000, 3_998])
})

it('gives people time to change rights, and comes back soon to what others are just doing', () => {
  const all = (kind: string) => [1, 2, 3, 4].map(attempt => backoffMs(attempt, 0.5, kind))
  expect(all('access-denied')).toEqual([22_500, 45_000, 90_000, 180_000])
  expect(all('busy')).toEqual([750, 1_500, 3_000, 6_000])
  expect(backoffMs(100, 0, 'busy')).toBe(15_000)
})

it('waits for a request as long as a slow transfer takes', () => {
  expect(deadlineMs(0)).toBe(30_000)
  expect(deadlineMs(256 * 1024 * 10)).toBe(40_000)
})
