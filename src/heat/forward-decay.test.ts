import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, MINUTE } from '../domain/duration.ts'
import {
  addLnHeat,
  coolsTo,
  HEAT_3D,
  HEAT_6H,
  HEAT_30D,
  HEAT_LANDMARK,
  heatAt,
  LN_HEAT_NONE,
  lnHeatAt,
  lnHeatOfAccess,
  lnHeatOfRate,
  readsPerDayAt,
} from './forward-decay.ts'

const START = Date.UTC(2026, 0, 1)
const columns = [HEAT_6H, HEAT_3D, HEAT_30D]
const instants = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2036, 0, 1) })

describe.each(columns)('heat with a half-life of $halfLifeHours hours', column => {
  const heatOf = (accesses: readonly number[]) =>
    accesses.reduce((sum, at) => addLnHeat(sum, lnHeatOfAccess(column, at, 1)), LN_HEAT_NONE)

  test('halves in one half-life of silence', () => {
    const one = heatOf([START])
    expect(heatAt(column, one, START)).toBeCloseTo(1, 9)
    expect(heatAt(column, one, START + column.halfLifeHours * HOUR)).toBeCloseTo(0.5, 9)
  })

  test('does not depend on the order of accesses', () => {
    fc.assert(
      fc.property(
        fc
          .array(instants, { minLength: 1, maxLength: 200 })
          .chain(all =>
            fc.tuple(
              fc.constant(all),
              fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
            ),
          ),
        ([inOrder, shuffled]) => {
          const last = Math.max(...inOrder)
          expect(heatAt(column, heatOf(shuffled), last)).toBeCloseTo(heatAt(column, heatOf(inOrder), last), 6)
        },
      ),
    )
  })

  test('is the sum that plain exponential decay gives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 * DAY }), { minLength: 1, maxLength: 100 }),
        offsets => {
          const now = START + 30 * DAY
          const expected = offsets.reduce(
            (sum, offset) => sum + 0.5 ** ((30 * DAY - offset) / (column.halfLifeHours * HOUR)),
            0,
          )
          const heat = heatAt(column, heatOf(offsets.map(offset => START + offset)), now)
          expect(Math.abs(heat - expected)).toBeLessThanOrEqual(1e-8 * (1 + expected))
        },
      ),
    )
  })

  test('shows a steady rate as itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 2_000 }), readsPerHalfLife => {
        const gap = (column.halfLifeHours * HOUR) / readsPerHalfLife
        const reads = readsPerHalfLife * 30
        const accesses = Array.from({ length: reads }, (_, index) => START + index * gap)
        const shown = readsPerDayAt(column, heatOf(accesses), START + (reads - 0.5) * gap)
        expect(shown / (DAY / gap)).toBeCloseTo(1, 3)
      }),
      { numRuns: 20 },
    )
  })

  test('stays finite and exact over ten years and a billion accesses', () => {
    // 1,000 moments over ten years, a million accesses at each.
    let lnHeat = LN_HEAT_NONE
    for (let step = 0; step < 1_000; step++)
      lnHeat = addLnHeat(lnHeat, lnHeatOfAccess(column, START + step * 3.65 * DAY, 1_000_000))
    const end = START + 999 * 3.65 * DAY
    const perStep = 0.5 ** ((3.65 * 24) / column.halfLifeHours)
    expect(heatAt(column, lnHeat, end) / (1_000_000 / (1 - perStep))).toBeCloseTo(1, 8)
    expect(Number.isFinite(lnHeat)).toBe(true)
    expect(heatAt(column, lnHeat, START)).toBeLessThan(Number.POSITIVE_INFINITY)
  })

  test('crosses a threshold at the moment foretold', () => {
    fc.assert(
      fc.property(
        instants,
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (at, weight, readsPerDay) => {
          const lnHeat = lnHeatOfAccess(column, at, weight)
          const crossing = coolsTo(column, lnHeat, lnHeatOfRate(column, readsPerDay))
          expect(readsPerDayAt(column, lnHeat, crossing) / readsPerDay).toBeCloseTo(1, 6)
        },
      ),
    )
  })

  test('keeps the order of two objects at every later moment', () => {
    fc.assert(
      fc.property(instants, instants, fc.integer({ min: 0, max: 100 * 365 * DAY }), (a, b, later) => {
        const [first, second] = [heatOf([a]), heatOf([b])]
        const now = Math.max(a, b) + later
        expect(lnHeatAt(column, first, now) >= lnHeatAt(column, second, now)).toBe(first >= second)
      }),
    )
  })
})

test('merging with no heat changes nothing', () => {
  const lnHeat = lnHeatOfAccess(HEAT_6H, START, 3)
  expect(addLnHeat(lnHeat, LN_HEAT_NONE)).toBe(lnHeat)
  expect(addLnHeat(LN_HEAT_NONE, lnHeat)).toBe(lnHeat)
  expect(heatAt(HEAT_6H, LN_HEAT_NONE, HEAT_LANDMARK)).toBe(0)
})

test('an access of 1970 leaves the heat of an object as it was', () => {
  const lnHeat = lnHeatOfAccess(HEAT_30D, START, 1)
  expect(addLnHeat(lnHeat, lnHeatOfAccess(HEAT_30D, 0, 1))).toBe(lnHeat)
})

test('a read of an old log has its heat at its own time', () => {
  const at = Date.UTC(1995, 7, 1)
  expect(heatAt(HEAT_6H, lnHeatOfAccess(HEAT_6H, at, 1), at)).toBeCloseTo(1, 9)
  expect(heatAt(HEAT_6H, lnHeatOfAccess(HEAT_6H, at, 1), at + MINUTE)).toBeLessThan(1)
})

test('refuses a rate that has no logarithm', () => {
  for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => lnHeatOfRate(HEAT_3D, rate)).toThrow(RangeError)
})
