import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, MINUTE } from '../domain/duration.ts'
import {
  type AccessRings,
  accessWindowsAt,
  addReads,
  emptyRings,
  minuteOf,
  NO_ACCESSES,
} from './access-windows.ts'
import { decodeRings, encodeRings } from './ring-encoding.ts'

const START = Date.UTC(2026, 0, 1)
const minutes = fc.integer({ min: 0, max: 3 * 24 * 60 }).map(offset => minuteOf(START) + offset)
const reads = fc.array(fc.record({ minute: minutes, count: fc.integer({ min: 1, max: 1_000 }) }), {
  minLength: 1,
  maxLength: 300,
})

function ringsOf(all: readonly { minute: number; count: number }[]): AccessRings {
  const rings = emptyRings()
  for (const { minute, count } of all) addReads(rings, minute, count)
  return rings
}

describe('access windows', () => {
  test('count what a list of all reads would count', () => {
    fc.assert(
      fc.property(reads, fc.integer({ min: 0, max: 2 * DAY }), (all, later) => {
        const now = Math.max(...all.map(read => read.minute)) * MINUTE + later
        const nowMinute = minuteOf(now)
        const sum = (kept: (minute: number) => boolean) =>
          all.reduce((total, read) => total + (kept(read.minute) ? read.count : 0), 0)
        expect(accessWindowsAt(ringsOf(all), now)).toEqual({
          access1h: sum(minute => minute >= nowMinute - 60),
          access24h: sum(minute => Math.floor(minute / 15) >= Math.floor(nowMinute / 15) - 96),
        })
      }),
    )
  })

  test('do not depend on the order of reads', () => {
    fc.assert(
      fc.property(
        reads.chain(all =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          ),
        ),
        ([all, shuffled]) => {
          expect(ringsOf(shuffled)).toEqual(ringsOf(all))
        },
      ),
    )
  })

  test('never forget a read younger than the window', () => {
    const rings = ringsOf([{ minute: minuteOf(START), count: 1 }])
    expect(accessWindowsAt(rings, START + HOUR)).toEqual({ access1h: 1, access24h: 1 })
    expect(accessWindowsAt(rings, START + DAY)).toEqual({ access1h: 0, access24h: 1 })
  })

  test('forget a read at most one bucket after the window', () => {
    const rings = ringsOf([{ minute: minuteOf(START), count: 1 }])
    expect(accessWindowsAt(rings, START + HOUR + MINUTE).access1h).toBe(0)
    expect(accessWindowsAt(rings, START + DAY + 15 * MINUTE)).toEqual(NO_ACCESSES)
  })

  test('a late read lands in its bucket, a read older than the ring is left out', () => {
    const now = START + DAY
    const rings = ringsOf([
      { minute: minuteOf(now), count: 1 },
      { minute: minuteOf(now - 30 * MINUTE), count: 2 },
      { minute: minuteOf(now - 12 * HOUR), count: 4 },
      { minute: minuteOf(now - 2 * DAY), count: 8 },
    ])
    expect(accessWindowsAt(rings, now)).toEqual({ access1h: 3, access24h: 7 })
  })

  test('stop counting at the largest count instead of wrapping', () => {
    const rings = ringsOf([
      { minute: minuteOf(START), count: 0xffff_fff0 },
      { minute: minuteOf(START), count: 0xff },
    ])
    expect(accessWindowsAt(rings, START).access1h).toBe(0xffff_ffff)
    expect(decodeRings(encodeRings(rings))).toEqual(rings)
  })
})

describe('the stored form of rings', () => {
  test('gives back what was stored', () => {
    fc.assert(
      fc.property(reads, all => {
        const rings = ringsOf(all)
        expect(decodeRings(encodeRings(rings))).toEqual(rings)
      }),
    )
    expect(decodeRings(encodeRings(emptyRings()))).toEqual(emptyRings())
  })

  test('takes eleven bytes for one read', () => {
    expect(encodeRings(ringsOf([{ minute: minuteOf(START), count: 1 }]))).toHaveLength(11)
  })

  test('refuses other bytes with a RangeError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        bytes[0] = 1
        try {
          decodeRings(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2_000 },
    )
    const whole = encodeRings(ringsOf([{ minute: minuteOf(START), count: 300 }]))
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeRings(whole.subarray(0, length))).toThrow(RangeError)
  })
})
