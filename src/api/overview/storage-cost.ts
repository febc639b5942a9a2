import type { ShiftRow, UsageRow } from '../../database/placement/overview.ts'
import type { LocationPrice } from '../../domain/price.ts'
import { keepingUsdPerMonth } from '../../placement/cost/placement-cost.ts'

/** Copies of one size class in one location. */
export interface Holding {
  readonly locationId: string
  readonly sizeClass: number
  readonly copies: number
  readonly bytes: number
}

/**
 * What keeping these copies costs per month. Exact although only counts are known: within one size class
 * every size is on the same side of a minimum that is a power of two, so the price of the mean size times
 * the count is the sum of the prices.
 */
export function keepingCost(
  price: LocationPrice,
  holdings: readonly Pick<Holding, 'copies' | 'bytes'>[],
): number {
  let sum = 0
  for (const { copies, bytes } of holdings) {
    if (copies <= 0) continue
    const one = keepingUsdPerMonth(price, bytes / copies)
    sum += copies * (one.storageUsdPerMonth + one.monitoringUsdPerMonth)
  }
  return sum
}

/** The holdings of every location. */
export function holdingsOf(usage: readonly UsageRow[]): Holding[] {
  return usage
    .filter(row => row.copies > 0)
    .map(({ locationId, sizeClass, copies, bytes }) => ({ locationId, sizeClass, copies, bytes }))
}

/** The holdings once all pending shifts are done. */
export function shifted(holdings: readonly Holding[], shifts: readonly ShiftRow[]): Holding[] {
  const sums = new Map<string, { -readonly [Key in keyof Holding]: Holding[Key] }>()
  const add = (locationId: string, sizeClass: number, copies: number, bytes: number) => {
    const key = `${locationId} ${sizeClass}`
    const sum = sums.get(key) ?? { locationId, sizeClass, copies: 0, bytes: 0 }
    sum.copies += copies
    sum.bytes += bytes
    sums.set(key, sum)
  }
  for (const { locationId, sizeClass, copies, bytes } of holdings) add(locationId, sizeClass, copies, bytes)
  for (const { fromLocationId, toLocationId, sizeClass, copies, bytes } of shifts) {
    add(fromLocationId, sizeClass, -copies, -bytes)
    if (toLocationId !== null) add(toLocationId, sizeClass, copies, bytes)
  }
  return [...sums.values()].filter(holding => holding.copies > 0)
}

/** Cost of holdings where each lies; null when one of them has no price. */
export function costWhereItLies(
  holdings: readonly Holding[],
  priceOf: (locationId: string) => LocationPrice | null,
): number | null {
  let sum = 0
  for (const holding of holdings) {
    const price = priceOf(holding.locationId)
    if (price === null) return null
    sum += keepingCost(price, [holding])
  }
  return sum
}
