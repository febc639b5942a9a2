import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, SECOND } from '../domain/duration.ts'
import type { Outage } from '../domain/migration.ts'
import { outageAfter, outageRestMs } from './outage.ts'

describe('an outage', () => {
  it.each(['unreachable', 'throttled', 'timeout', 'clock-skewed'])('is what %s tells of', kind => {
    expect(outageAfter(undefined, kind, 7)).toEqual({ since: 7, rests: 1 })
    expect(outageAfter({ since: 7, rests: 4 }, kind, HOUR)).toEqual({ since: 7, rests: 5 })
  })

  it.each(['digest-mismatch', 'access-denied', 'unexpected', 'object-changed'])(
    'is not what %s tells of',
    kind => expect(outageAfter(undefined, kind, 7)).toBeNull(),
  )

  it('is what a refusal tells of where the store refuses all it is asked, for an hour', () => {
    expect(outageAfter(undefined, 'access-denied', 7, true)).toEqual({ since: 7, rests: 1 })
    expect(outageAfter({ since: 0, rests: 4 }, 'access-denied', HOUR, true)).toEqual({ since: 0, rests: 5 })
    expect(outageAfter({ since: 0, rests: 4 }, 'access-denied', HOUR + 1, true)).toBeNull()
    expect(outageAfter(undefined, 'digest-mismatch', 7, true)).toBeNull()
  })

  it('is none any more after a day', () => {
    expect(outageAfter({ since: 0, rests: 9 }, 'timeout', 24 * HOUR)).not.toBeNull()
    expect(outageAfter({ since: 0, rests: 9 }, 'timeout', 24 * HOUR + 1)).toBeNull()
  })

  it('is a full store for as long as it is full', () => {
    expect(outageAfter({ since: 0, rests: 9 }, 'store-full', 240 * HOUR)).toEqual({ since: 0, rests: 10 })
  })

  it('lets a migration rest for longer and longer, and never for longer than its bound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (rests, random) => {
          const outage: Outage = { since: 0, rests }
          const restMs = outageRestMs(outage, random, 'timeout')
          expect(restMs).toBeGreaterThanOrEqual(SECOND / 2)
          expect(restMs).toBeLessThanOrEqual(30 * SECOND)
          expect(outageRestMs({ since: 0, rests: rests + 1 }, random, 'timeout')).toBeGreaterThanOrEqual(
            restMs,
          )
          // Twice as long, but for what rounding each of the two to whole milliseconds adds.
          expect(Math.abs(outageRestMs(outage, random, 'throttled') - 2 * restMs)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})
