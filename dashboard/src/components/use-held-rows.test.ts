import { expect, it } from 'vitest'
import { heldRows } from './use-held-rows.ts'

const keyOf = (row: string) => row

it('lets new rows wait above the ones somebody looks at', () => {
  expect(heldRows(['d', 'c', 'b', 'a'], keyOf, new Set(['b', 'a']))).toEqual({ rows: ['b', 'a'], waiting: 2 })
})

it('shows everything when nothing is held, or nothing shown is left', () => {
  expect(heldRows(['b', 'a'], keyOf, null)).toEqual({ rows: ['b', 'a'], waiting: 0 })
  expect(heldRows(['b', 'a'], keyOf, new Set(['x']))).toEqual({ rows: ['b', 'a'], waiting: 0 })
  expect(heldRows(undefined, keyOf, new Set(['x']))).toEqual({ rows: undefined, waiting: 0 })
})
