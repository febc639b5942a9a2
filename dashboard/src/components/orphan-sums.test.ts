import { expect, it } from 'vitest'
import { ledgerTotals } from './orphan-sums.ts'

it('adds up the ledger by kind, dearest first, and what waits for a person', () => {
  const totals = ledgerTotals([
    { kind: 'dark', state: 'seen', orphans: 1, bytes: 10, monthlyUsd: 1 },
    { kind: 'dark', state: 'kept', orphans: 2, bytes: 20, monthlyUsd: 2 },
    { kind: 'forgotten', state: 'confirmed', orphans: 3, bytes: 30, monthlyUsd: 4 },
    { kind: 'retained', state: 'deleting', orphans: 4, bytes: 40, monthlyUsd: 0.5 },
  ])
  expect(totals.all).toEqual({ orphans: 10, bytes: 100, monthlyUsd: 7.5 })
  expect(totals.kinds.map(({ kind, monthlyUsd }) => [kind, monthlyUsd])).toEqual([
    ['forgotten', 4],
    ['dark', 3],
    ['retained', 0.5],
  ])
  expect(totals.undecided).toEqual({ orphans: 4, bytes: 40, monthlyUsd: 5 })
})
