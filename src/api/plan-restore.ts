import { listPlanSources } from '../database/placement/plan-sources.ts'
import type { PlanRow } from '../database/placement/plans.ts'
import { findPriceBook } from '../database/placement/price-books.ts'
import type { Queryable } from '../database/postgres.ts'
import type { LocationPrice } from '../domain/price.ts'
import { restoreUsd } from '../placement/cost/placement-cost.ts'
import { restoreHoursAt } from '../placement/price-options.ts'
import type { PlanDetail } from './schemas/plan.ts'

/** What of a plan has to be restored from an archive first; null when nothing has. At the prices of its decisions. */
export async function readPlanRestore(queryable: Queryable, plan: PlanRow): Promise<PlanDetail['restore']> {
  const sources = await listPlanSources(queryable, plan.id)
  if (sources.length === 0) return null
  const book = await findPriceBook(queryable, plan.priceBookId)
  const priceOf = (id: string): LocationPrice | null =>
    book?.book.locations.find(price => price.id === id) ?? null
  const archived = sources.flatMap(source => {
    const price = priceOf(source.priceId)
    const hours = restoreHoursAt(source, price)
    return hours === null ? [] : [{ ...source, hours, price }]
  })
  if (archived.length === 0) return null
  const sum = (amount: (one: (typeof archived)[number]) => number) =>
    archived.reduce((total, one) => total + amount(one), 0)
  return {
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
    hoursMax: Math.max(...archived.map(({ hours }) => hours)),
    usd: sum(({ bytes, objects, price }) => (price === null ? 0 : restoreUsd(price, objects, bytes))),
  }
}
