import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY, HOUR } from '../domain/duration.ts'
import { accessWindowsAt, addReads, emptyRings, minuteOf, NO_ACCESSES } from './access-windows.ts'
import { combinedReadsPerDay, heatScore } from './heat-score.ts'
import { addRead, NO_HEAT, type ObjectHeat } from './object-heat.ts'

const START = Date.UTC(2026, 0, 1)

function objectReadAt(instants: readonly number[]) {
  const rings = emptyRings()
  let heat: ObjectHeat = NO_HEAT
  for (const at of instants) {
    heat = addRead(heat, at, 1)
    addReads(rings, minuteOf(at), 1)
  }
  return { scoreAt: (now: number) => heatScore(heat, accessWindowsAt(rings, now), now) }
}

const history = fc.array(fc.integer({ min: 0, max: 60 * DAY }), { minLength: 1, maxLength: 100 })

test('is 0 for an object nobody read', () => {
  expect(heatScore(NO_HEAT, NO_ACCESSES, START)).toBe(0)
})

test('rises with every read and stays below 100', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 0, max: 60 * DAY }), (offsets, next) => {
      const now = START + 60 * DAY
      const instants = offsets.map(offset => START + offset)
      const after = objectReadAt([...instants, START + next]).scoreAt(now)
      expect(after).toBeGreaterThan(objectReadAt(instants).scoreAt(now))
      expect(after).toBeLessThan(100)
    }),
  )
})

test('falls in silence', () => {
  fc.assert(
    fc.property(
      history,
      fc.integer({ min: 0, max: 90 * DAY }),
      fc.integer({ min: 60_000, max: 90 * DAY }),
      (offsets, first, gap) => {
        const object = objectReadAt(offsets.map(offset => START + offset))
        const now = START + 60 * DAY + first
        expect(object.scoreAt(now + gap)).toBeLessThan(object.scoreAt(now))
      },
    ),
  )
})

test('is the same for objects read at the same steady rate, and tells the rate', () => {
  const readHourly = (offset: number) =>
    objectReadAt(Array.from({ length: 24 * 200 }, (_, hour) => START + hour * HOUR + offset))
  const [a, b] = [readHourly(0), readHourly(17 * 60_000)]
  const now = START + 200 * DAY
  expect(Math.abs(a.scoreAt(now) - b.scoreAt(now))).toBeLessThan(0.5)
  // 24 reads a day: 100·√24 / (1 + √24)
  expect(Math.abs(a.scoreAt(now) - 83.05)).toBeLessThan(0.5)
})

test('gives the worked example of the documentation', () => {
  const now = START + 40 * DAY
  // Ten reads within the last hour, of an object that was silent before.
  let heat: ObjectHeat = NO_HEAT
  for (let read = 0; read < 10; read++) heat = addRead(heat, now, 1)
  const windows = { access1h: 10, access24h: 10 }
  expect(combinedReadsPerDay(heat, windows, now)).toBeCloseTo(12.52, 2)
  expect(heatScore(heat, windows, now)).toBeCloseTo(77.97, 2)
  expect(heatScore(heat, NO_ACCESSES, now + 2 * DAY)).toBeCloseTo(43.59, 2)
  expect(heatScore(heat, NO_ACCESSES, now + 30 * DAY)).toBeCloseTo(15.84, 2)
})
