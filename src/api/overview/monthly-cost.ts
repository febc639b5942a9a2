import type { ExpectedReadsRow } from '../../database/accesses/expected-reads.ts'
import type { ShiftRow, UsageRow } from '../../database/placement/overview.ts'
import type { LocationPrice, PriceBook } from '../../domain/price.ts'
import { readingUsdPerMonth, readsPartUsd } from '../../placement/cost/placement-cost.ts'
import { routeUsdPerGb } from '../../placement/cost/routes.ts'
import { costWhereItLies, holdingsOf, keepingCost, shifted } from './storage-cost.ts'

/** Dollars per month in two parts that add up; null where a price is missing or nobody counted yet. */
export interface MonthlyCost {
  /** Keeping: storage and monitoring. Exact. */
  readonly storageUsdPerMonth: number | null
  /** Reading: requests, retrieval and egress. Expected. */
  readonly readsUsdPerMonth: number | null
  readonly totalUsdPerMonth: number | null
}

/** Dollars per month now and later, and what makes the difference. */
export interface CostStatement {
  readonly now: MonthlyCost
  readonly everythingHot: MonthlyCost
  /** What open plans promise to save, as their plans say it. */
  readonly openPlansSave: MonthlyCost
  /** What unfinished migrations will have saved once they end. */
  readonly movesUnderWaySave: MonthlyCost
  /** `now` less the two savings, part by part. */
  readonly afterPlans: MonthlyCost
}

/** What a statement is made from. */
export interface CostFacts {
  readonly usage: readonly UsageRow[]
  readonly shiftsUnderWay: readonly ShiftRow[]
  readonly readsSavingUnderWayUsd: number
  readonly openPlans: { readonly monthlySavingUsd: number; readonly monthlySavingStorageUsd: number }
  /** Null until somebody counted. */
  readonly reads: readonly ExpectedReadsRow[] | null
  readonly book: PriceBook | null
}

/** A location with its price, as bills see it. */
interface PricedLocation {
  readonly tier: UsageRow['tier']
  readonly region: string
  readonly price: LocationPrice
}

/** States what everything costs per month. Storage is exact, reads are what was last counted. */
export function stateCost(facts: CostFacts): CostStatement {
  const locations = pricedLocations(facts.usage, facts.book)
  const priceOf = (locationId: string) => locations.get(locationId)?.price ?? null
  const holdings = holdingsOf(facts.usage)
  const settled = shifted(holdings, facts.shiftsUnderWay)
  const storageNow = costWhereItLies(holdings, priceOf)
  const storageSettled = costWhereItLies(settled, priceOf)
  const now = monthlyCost(storageNow, readsWhereTheyGo(facts.reads, locations))
  const openPlansSave = monthlyCost(
    facts.openPlans.monthlySavingStorageUsd,
    facts.openPlans.monthlySavingUsd - facts.openPlans.monthlySavingStorageUsd,
  )
  const movesUnderWaySave = monthlyCost(
    storageNow === null || storageSettled === null ? null : storageNow - storageSettled,
    facts.readsSavingUnderWayUsd,
  )
  const hot = [...locations.values()].filter(({ tier }) => tier === 'hot')
  return {
    now,
    everythingHot: cheapest(
      hot.map(location =>
        monthlyCost(
          keepingCost(location.price, settled),
          facts.reads === null ? null : readsAt(location, facts.reads),
        ),
      ),
    ),
    openPlansSave,
    movesUnderWaySave,
    afterPlans: monthlyCost(
      less(now.storageUsdPerMonth, openPlansSave.storageUsdPerMonth, movesUnderWaySave.storageUsdPerMonth),
      less(now.readsUsdPerMonth, openPlansSave.readsUsdPerMonth, movesUnderWaySave.readsUsdPerMonth),
    ),
  }
}

function monthlyCost(storage: number | null, reads: number | null): MonthlyCost {
  return {
    storageUsdPerMonth: storage,
    readsUsdPerMonth: reads,
    totalUsdPerMonth: storage === null || reads === null ? null : storage + reads,
  }
}

function less(from: number | null, ...savings: readonly (number | null)[]): number | null {
  return savings.reduce((rest, saving) => (rest === null || saving === null ? null : rest - saving), from)
}

function pricedLocations(
  usage: readonly UsageRow[],
  book: PriceBook | null,
): ReadonlyMap<string, PricedLocation> {
  const prices = new Map(book?.locations.map(price => [price.id, price]))
  return new Map(
    usage.flatMap(({ locationId, tier, region, priceId }) => {
      const price = prices.get(priceId)
      return price === undefined ? [] : [[locationId, { tier, region, price }] as const]
    }),
  )
}

/** What expected reads cost from where the objects lie; null when one of those places has no price. */
function readsWhereTheyGo(
  reads: CostFacts['reads'],
  locations: ReadonlyMap<string, PricedLocation>,
): number | null {
  if (reads === null) return null
  let sum = 0
  for (const load of reads) {
    const location = locations.get(load.locationId)
    if (location === undefined) return null
    sum += readsAt(location, [load])
  }
  return sum
}

/** What expected reads would cost if all of them went to one place. */
function readsAt({ price, region }: PricedLocation, reads: readonly ExpectedReadsRow[]): number {
  return reads.reduce((sum, { readersAt, ...load }) => {
    const readerEgressUsdPerGb = routeUsdPerGb({ price, provider: price.provider, region }, readersAt)
    return sum + readsPartUsd(readingUsdPerMonth({ price, readerEgressUsdPerGb }, load))
  }, 0)
}

/** The cheapest of some costs, by the total, or by storage alone while reads are not known. */
function cheapest(costs: readonly MonthlyCost[]): MonthlyCost {
  const rank = ({ totalUsdPerMonth, storageUsdPerMonth }: MonthlyCost) =>
    totalUsdPerMonth ?? storageUsdPerMonth ?? Number.POSITIVE_INFINITY
  return costs.reduce(
    (best, cost) => (rank(cost) < rank(best) ? cost : best),
    costs[0] ?? monthlyCost(null, null),
  )
}
