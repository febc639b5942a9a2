import { expect, it } from 'vitest'
import type { Retirement } from '../../api/schemas/retirement.ts'
import { restoreText } from './plan.ts'
import { retirementView } from './retirement.ts'

it('says what has to be restored before a location is empty, at what price and for how long', () => {
  const column = retirementView.columns.find(({ header }) => header === 'RESTORING FIRST')!
  const text = (restore: Retirement['restore']) => column.value({ restore } as Retirement)
  const some = { copies: 12_000, hoursMax: 12, usd: 3.2, isPossible: true }
  expect(text(null)).toBe('nothing: it is online')
  expect(text(some)).toBe('12,000 copies have to be restored first: $3.20 of reading it out, up to 12 hours')
  expect(text({ ...some, usd: null, isPossible: null })).toContain('without a price')
  expect(text({ ...some, isPossible: false })).toBe(
    '12,000 copies, which their store cannot restore: they stay',
  )
})

it('says the same of a plan', () => {
  const restore = { objects: 3, bytes: 10, hoursMax: 12, usd: 3.2 }
  expect(restoreText(restore)).toBe('3 objects have to be restored first: $3.20, up to 12 hours')
})
