import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Gaps, type Numbered, releaseInOrder } from './release-in-order.ts'

const options = { now: 0, patienceMs: 2_000, gapMax: 100 }
const rows = (...ids: number[]): Numbered[] => ids.map(id => ({ id }))

describe('rows that become visible in another order than their numbers', () => {
  it('wait for a smaller number that may still appear', () => {
    const first = releaseInOrder(rows(1, 2, 4), 0, new Map(), options)
    expect(first.released).toEqual(rows(1, 2))
    const second = releaseInOrder(rows(3, 4), 2, first.gaps, { ...options, now: 500 })
    expect(second.released).toEqual(rows(3, 4))
  })

  it('pass over a number that stays away, because its transaction rolled back', () => {
    const { gaps } = releaseInOrder(rows(2), 0, new Map(), options)
    expect(releaseInOrder(rows(2), 0, gaps, { ...options, now: 1_999 }).released).toEqual([])
    expect(releaseInOrder(rows(2), 0, gaps, { ...options, now: 2_000 }).released).toEqual(rows(2))
  })

  it('pass over a gap that is too long to be watched', () => {
    expect(releaseInOrder(rows(1_000), 0, new Map(), options).released).toEqual(rows(1_000))
  })

  /**
   * Method: numbers are committed in any order, some never; a reader looks after each commit and then as often
   * as its patience takes. Whatever it is shown ascends, and in the end it was shown all that was committed.
   */
  it('are shown once, in order and all of them', () => {
    const commits = fc.shuffledSubarray(
      Array.from({ length: 12 }, (_, index) => index + 1),
      { minLength: 1 },
    )
    fc.assert(
      fc.property(commits, order => {
        const visible: number[] = []
        const shown: number[] = []
        let gaps: Gaps = new Map()
        const look = (now: number) => {
          const lastId = shown.at(-1) ?? 0
          const ids = visible.filter(id => id > lastId).sort((a, b) => a - b)
          const result = releaseInOrder(rows(...ids), lastId, gaps, { ...options, now })
          gaps = result.gaps
          shown.push(...result.released.map(row => row.id))
        }
        for (const [index, id] of order.entries()) {
          visible.push(id)
          look(index)
        }
        for (let round = 1; round <= order.length * 2; round++) look(round * options.patienceMs)
        expect(shown).toEqual([...order].sort((a, b) => a - b))
      }),
    )
  })
})
