import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs, deadlineMs } from './backoff.ts'

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it('rests longer after each failed try, within its bounds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000 }), chance, (attempt, random) => {
      const rest = backoffMs(attempt, random)
      expect(rest).toBeGreaterThanOrEqual(500)
      expect(rest).toBeLessThanOrEqual(600_000)
      expect(backoffMs(attempt + 1, random)).toBeGreaterThanOrEqual(rest)
    }),
  )
})

it('spreads what failed together over half of the rest', () => {
  expect([backoffMs(3, 0), backoffMs(3, 0.999)]).toEqual([2_000, 3_998])
})

it('waits for a request as long as a slow transfer takes', () => {
  expect(deadlineMs(0)).toBe(30_000)
  expect(deadlineMs(256 * 1024 * 10)).toBe(40_000)
})
