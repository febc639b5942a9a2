import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimateEnd } from './estimate-end.ts'

const left = { objects: 100, bytes: 1_000 }
const done = { objects: 50, bytes: 1_000, seconds: 60 }
const facts = { isStopped: false, objectsLeft: 100, restoring: 0, left, done }

describe('when migrations end', () => {
  it('is bound by the objects or by the bytes that are left, whichever take longer', () => {
    expect(estimateEnd(facts)).toEqual({ seconds: 120, unknownBecause: null })
    expect(estimateEnd({ ...facts, left: { objects: 1, bytes: 10_000 } }).seconds).toBe(600)
  })

  it.each([
    ['stopped', { isStopped: true }],
    ['paused', { left: { objects: 0, bytes: 0 } }],
    ['restoring', { restoring: 1, left: { objects: 0, bytes: 0 } }],
    ['measuring', { done: { objects: 5, bytes: 5, seconds: 2 } }],
    ['not-moving', { done: { objects: 0, bytes: 0, seconds: 60 } }],
    ['not-moving', { done: { objects: 0, bytes: 0, seconds: 0 } }],
  ] as const)('is unknown: %s', (because, change) => {
    expect(estimateEnd({ ...facts, ...change })).toEqual({ seconds: null, unknownBecause: because })
  })

  it('is now when nothing is left, also while everything is stopped', () => {
    expect(estimateEnd({ ...facts, isStopped: true, objectsLeft: 0 }).seconds).toBe(0)
  })

  it('is never negative, endless or not a number', () => {
    const count = fc.nat({ max: 1e12 })
    const amounts = fc.record({ objects: count, bytes: count })
    fc.assert(
      fc.property(amounts, amounts, fc.double({ min: 0, max: 60, noNaN: true }), (some, moved, seconds) => {
        const { seconds: end } = estimateEnd({
          isStopped: false,
          objectsLeft: some.objects,
          restoring: 0,
          left: some,
          done: { ...moved, seconds },
        })
        if (end !== null) expect(end >= 0 && Number.isFinite(end)).toBe(true)
      }),
    )
  })
})
