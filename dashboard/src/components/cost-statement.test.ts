import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MonthlyCost, Overview } from '../api/types.ts'
import { costStatement } from './cost-statement.ts'

const monthly = (storage: number | null, reads: number | null): MonthlyCost => ({
  storageUsdPerMonth: storage,
  readsUsdPerMonth: reads,
  totalUsdPerMonth: storage === null || reads === null ? null : storage + reads,
})

const costOf = (now: MonthlyCost, plans: MonthlyCost, moves = monthly(0, 0)): Overview['cost'] => ({
  now,
  everythingHot: monthly(0, 0),
  openPlansSave: plans,
  movesUnderWaySave: moves,
  // Not read: a statement adds up what it shows.
  afterPlans: monthly(null, null),
  readsCountedAt: null,
  readsCountedAtModel: null,
  priceBook: null,
})

/** The number a person reads. */
const read = (text: string) => Number(text.replace('−', '-').replace(/[$,]/g, ''))

describe('a statement of cost', () => {
  it('adds up as it is shown, down and across', () => {
    const usd = fc.double({ min: -1e7, max: 1e7, noNaN: true })
    const parts = fc.tuple(usd, usd).map(([storage, reads]) => monthly(storage, reads))
    fc.assert(
      fc.property(parts, parts, parts, (now, plans, moves) => {
        const statement = costStatement(costOf(now, plans, moves))
        const seen = (row: 'now' | 'openPlansSave' | 'movesUnderWaySave' | 'afterPlans') => {
          const { storage, reads, total } = statement[row]
          const [a, b, sum] = [storage, reads, total].map(value => read(statement.shown(value)))
          expect(a! + b!).toBeCloseTo(sum!, 4)
          return sum!
        }
        expect(seen('now') - seen('openPlansSave') - seen('movesUnderWaySave')).toBeCloseTo(
          seen('afterPlans'),
          4,
        )
      }),
    )
  })

  it('writes cents, and more digits where everything costs less than a dollar', () => {
    const dollars = costStatement(costOf(monthly(1_234.5, 10), monthly(0.004, 0)))
    expect(dollars.shown(dollars.now.total)).toBe('$1,244.50')
    expect(dollars.shown(dollars.openPlansSave.total)).toBe('$0.00')
    const small = costStatement(costOf(monthly(0.0213, 0.001), monthly(0.0002, 0)))
    expect(small.shown(small.now.total)).toBe('$0.02230')
  })

  it('shows no total while the reads are not counted', () => {
    const statement = costStatement(costOf(monthly(3, null), monthly(1, 1)))
    expect(statement.afterPlans).toEqual({ storage: 2, reads: null, total: null })
    expect(statement.shown(null)).toBe('–')
  })
})
