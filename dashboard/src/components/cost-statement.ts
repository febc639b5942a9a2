import type { MonthlyCost, Overview } from '../api/types.ts'
import { formatUsdAt, usdDecimalsOf } from '../format/quantity.ts'

type Cost = Overview['cost']

/** Dollars per month of one row, rounded so that rows and columns add up as they are shown; null: not known. */
export interface StatementParts {
  readonly storage: number | null
  readonly reads: number | null
  readonly total: number | null
}

/** What the dollars per month are now and later, and how every shown number is written. */
export interface CostStatement {
  readonly everythingHot: StatementParts
  readonly now: StatementParts
  readonly movesUnderWaySave: StatementParts
  readonly openPlansSave: StatementParts
  readonly afterPlans: StatementParts
  readonly shown: (usd: number | null) => string
}

/**
 * The cost of an overview as a statement that a person can check with a pencil: amounts are rounded to one
 * unit first and added up afterwards.
 */
export function costStatement(cost: Cost): CostStatement {
  const amounts = [cost.now, cost.everythingHot, cost.openPlansSave, cost.movesUnderWaySave]
  const decimals = usdDecimalsOf(
    amounts.flatMap(({ storageUsdPerMonth, readsUsdPerMonth }) => [
      storageUsdPerMonth ?? 0,
      readsUsdPerMonth ?? 0,
    ]),
  )
  const unit = 10 ** decimals
  const units = (usd: number | null) => (usd === null ? null : Math.round(usd * unit))
  const inUnits = (cost: MonthlyCost) => ({
    storage: units(cost.storageUsdPerMonth),
    reads: units(cost.readsUsdPerMonth),
  })
  const now = inUnits(cost.now)
  const moves = inUnits(cost.movesUnderWaySave)
  const plans = inUnits(cost.openPlansSave)
  const less = (part: 'storage' | 'reads') => plus(now[part], negated(moves[part]), negated(plans[part]))
  const row = ({ storage, reads }: { storage: number | null; reads: number | null }): StatementParts => ({
    storage: inUsd(storage),
    reads: inUsd(reads),
    total: inUsd(plus(storage, reads)),
  })
  const inUsd = (count: number | null) => (count === null ? null : count / unit)
  return {
    everythingHot: row(inUnits(cost.everythingHot)),
    now: row(now),
    movesUnderWaySave: row(moves),
    openPlansSave: row(plans),
    afterPlans: row({ storage: less('storage'), reads: less('reads') }),
    shown: usd => formatUsdAt(usd, decimals),
  }
}

function plus(...amounts: readonly (number | null)[]): number | null {
  return amounts.reduce((sum, amount) => (sum === null || amount === null ? null : sum + amount), 0)
}

function negated(amount: number | null): number | null {
  return amount === null ? null : 0 - amount
}
