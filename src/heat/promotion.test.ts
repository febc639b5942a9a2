import { expect, test } from 'vitest'
import { DAY } from '../domain/duration.ts'
import { HEAT_3D, lnHeatOfRate } from './forward-decay.ts'
import { addRead, NO_HEAT } from './object-heat.ts'
import { crossesUpwards } from './promotion.ts'

const START = Date.UTC(2026, 0, 1)
// Three reads close together show as 0.69 reads a day, four as 0.92.
const promoteLnHeat = lnHeatOfRate(HEAT_3D, 0.8)

test('an object crosses at the read that lifts it over the threshold', () => {
  let heat = NO_HEAT
  const crossings = [1, 2, 3, 4].map(read => {
    heat = addRead(heat, START + read, 1)
    return crossesUpwards(heat.lnHeat3d, START + read, promoteLnHeat)
  })
  expect(crossings).toEqual([false, false, false, true])
})

test('reads too far apart never cross', () => {
  let heat = NO_HEAT
  for (let read = 0; read < 100; read++) {
    heat = addRead(heat, START + read * 6 * DAY, 1)
    expect(crossesUpwards(heat.lnHeat3d, START + read * 6 * DAY, promoteLnHeat)).toBe(false)
  }
})
