import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, SECOND } from '../../domain/duration.ts'
import {
  diurnalFactor,
  type PlannedRequest,
  planTraffic,
  STEADY_TRAFFIC,
  type TrafficShape,
} from './plan-traffic.ts'
import { zipfPopularity } from './popularity.ts'
import { seededRandom } from './random.ts'

const midnight = Date.parse('2030-05-01T00:00:00Z')
const wall = { startModel: midnight, scale: 1 }

function until(endMs: number, shape: Partial<TrafficShape>, clock = wall): PlannedRequest[] {
  const requests: PlannedRequest[] = []
  for (const request of planTraffic({ ...STEADY_TRAFFIC, objects: 100, ...shape }, clock)) {
    if (request.atMs > endMs) break
    requests.push(request)
  }
  return requests
}

describe('planned traffic', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(until(5 * SECOND, { seed: 'a' })).toEqual(until(5 * SECOND, { seed: 'a' }))
    expect(until(5 * SECOND, { seed: 'a' })).not.toEqual(until(5 * SECOND, { seed: 'b' }))
  })

  test('comes in order of time and stays within the objects, whatever the shape', () => {
    const shapes = fc.record({
      objects: fc.integer({ min: 1, max: 50 }),
      requestsPerSecond: fc.integer({ min: 1, max: 200 }),
      writeShare: fc.double({ min: 0, max: 1, noNaN: true }),
      skew: fc.double({ min: 0, max: 2, noNaN: true }),
      diurnalSwing: fc.double({ min: 0, max: 1, noNaN: true }),
      burstsPerDay: fc.integer({ min: 0, max: 50 }),
      driftPerDay: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.string(),
    })
    fc.assert(
      fc.property(shapes, shape => {
        const requests = until(SECOND, shape, { startModel: midnight, scale: 86_400 })
        let last = 0
        for (const { atMs, object } of requests) {
          expect(atMs).toBeGreaterThanOrEqual(last)
          expect(object).toBeLessThan(shape.objects)
          last = atMs
        }
      }),
      { numRuns: 50 },
    )
  })

  test('keeps its mean rate', () => {
    const requests = until(200 * SECOND, { requestsPerSecond: 50 })
    // 10,000 expected, standard deviation 100.
    expect(requests.length).toBeGreaterThan(9_500)
    expect(requests.length).toBeLessThan(10_500)
  })

  test('writes the share it is told to', () => {
    const requests = until(100 * SECOND, { writeShare: 0.2 })
    const writes = requests.filter(request => request.kind === 'write').length
    expect(writes / requests.length).toBeCloseTo(0.2, 1)
  })

  test('is strongest at the peak hour of the model day', () => {
    const day = { startModel: midnight, scale: DAY / (100 * SECOND) }
    const requests = until(100 * SECOND, { diurnalSwing: 1, peakHour: 12 }, day)
    const near = (hour: number) =>
      requests.filter(({ atMs }) => Math.abs((atMs * day.scale) / HOUR - hour) < 2).length
    expect(near(12)).toBeGreaterThan(5 * near(2))
    expect(diurnalFactor(midnight + 12 * HOUR, { diurnalSwing: 0.5, peakHour: 12 })).toBe(1.5)
  })

  test('asks one object again and again in a burst', () => {
    const day = { startModel: midnight, scale: DAY / (10 * SECOND) }
    const shape = { objects: 1_000, skew: 0, burstsPerDay: 3, readsPerBurst: 500, burstSeconds: 2 }
    const counts = new Map<number, number>()
    for (const { object } of until(10 * SECOND, shape, day)) counts.set(object, (counts.get(object) ?? 0) + 1)
    expect(Math.max(...counts.values())).toBeGreaterThan(200)
  })

  test('refuses a shape without objects or without a rate', () => {
    expect(() => until(1, { objects: 0 })).toThrow(RangeError)
    expect(() => until(1, { requestsPerSecond: 0 })).toThrow(RangeError)
  })
})

describe('popularity', () => {
  test("follows Zipf's law", () => {
    const random = seededRandom('zipf')
    const popularity = zipfPopularity(1_000, 1, random)
    const counts = new Uint32Array(1_000)
    for (let draw = 0; draw < 100_000; draw++) counts[popularity.draw(random)]!++
    const sorted = [...counts].sort((left, right) => right - left)
    // The harmonic number of 1,000 is 7.49: rank 1 gets 13.4 %, rank 10 a tenth of it.
    expect(sorted[0]! / 100_000).toBeCloseTo(0.134, 2)
    expect(sorted[9]! / 100_000).toBeCloseTo(0.0134, 2)
  })

  test('drifts: what was hot cools down and something else warms up', () => {
    const random = seededRandom('drift')
    const popularity = zipfPopularity(100, 1.2, random)
    const hottest = () => {
      const counts = new Uint32Array(100)
      for (let draw = 0; draw < 5_000; draw++) counts[popularity.draw(random)]!++
      return counts.indexOf(Math.max(...counts))
    }
    const before = hottest()
    popularity.drift(random, 100)
    popularity.drift(random, 100)
    expect(hottest()).not.toBe(before)
  })
})

test('chance is uniform', () => {
  const random = seededRandom('uniform')
  const buckets = new Uint32Array(10)
  for (let draw = 0; draw < 100_000; draw++) buckets[Math.floor(random.next() * 10)]!++
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})
