import { describe, expect, it } from 'vitest'
import { admitWithinCaps } from './admit-within-caps.ts'

const CAPS = { objects: 3, bytes: 100, usd: 1 }
const UNUSED = { objects: 0, bytes: 0, usd: 0 }
const move = (name: string, bytes: number, usd = 0, isPromotion = false, savingUsdPerMonth = 1) => ({
  name,
  bytes,
  usd,
  isPromotion,
  savingUsdPerMonth,
})
const names = (moves: readonly { name: string }[]) => moves.map(({ name }) => name)

describe('caps per hour', () => {
  it('let promotions go first, then what saves most', () => {
    const moves = [
      move('small', 1),
      move('big saving', 1, 0, false, 9),
      move('up', 1, 0, true, -1),
      move('last', 1),
    ]
    const { admitted, deferred } = admitWithinCaps(moves, CAPS, UNUSED)
    expect(names(admitted)).toEqual(['up', 'big saving', 'small'])
    expect(names(deferred)).toEqual(['last'])
  })

  it('count what the hour has already taken', () => {
    const { deferred } = admitWithinCaps([move('a', 50), move('b', 1)], CAPS, {
      objects: 2,
      bytes: 60,
      usd: 0,
    })
    expect(names(deferred)).toEqual(['a'])
    const dollars = admitWithinCaps([move('c', 1, 0.5)], CAPS, { objects: 1, bytes: 0, usd: 0.6 })
    expect(names(dollars.deferred)).toEqual(['c'])
  })

  it('admit an object larger than the cap when it is the first of its hour', () => {
    expect(names(admitWithinCaps([move('huge', 1_000, 5)], CAPS, UNUSED).admitted)).toEqual(['huge'])
  })
})
