import { expect, it } from 'vitest'
import { migrationShare } from './migration-progress.ts'

it('grows with the bytes while copying and with the steps afterwards', () => {
  const at = (
    state: 'planned' | 'copying' | 'copied' | 'verifying' | 'grace' | 'done',
    bytesCopied: number,
  ) => migrationShare({ state, size: 100, bytesCopied })
  const way = [
    at('planned', 0),
    at('copying', 0),
    at('copying', 50),
    at('copying', 100),
    at('verifying', 100),
  ]
  expect(way).toEqual(way.toSorted((left, right) => left - right))
  expect([at('planned', 0), at('done', 100)]).toEqual([0, 1])
  expect(at('grace', 100)).toBeLessThan(1)
})

it('survives objects of no bytes', () => {
  expect(migrationShare({ state: 'copying', size: 0, bytesCopied: 0 })).toBeGreaterThan(0)
})
