import { expect, it } from 'vitest'
import { scrubBudget, verdictParts } from './scrub-words.ts'

const today = { day: '2026-11-23', copies: 5, bytes: 10, usd: 0.25, verdicts: {} }

it('names bad verdicts first and leaves out those that nothing got', () => {
  const parts = verdictParts({ same: 4, unproven: 0, corrupt: 1 })
  expect(parts.map(({ name, copies, alarming }) => [name, copies, alarming])).toEqual([
    ['corrupt', 1, true],
    ['proven', 4, false],
  ])
})

it('says how much of the budget is spent, and when none is known', () => {
  expect(scrubBudget({ settings: { usdPerDay: 1 }, today })).toEqual({
    share: 0.25,
    note: '25 % of $1.00 per day',
  })
  expect(scrubBudget({ settings: {}, today })).toEqual({ share: null, note: 'no budget is known' })
  expect(scrubBudget({ settings: { usdPerDay: 0 }, today }).share).toBeNull()
})
