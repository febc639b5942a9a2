import type { Bytes } from './bytes.ts'

/**
 * What keeping, reading and moving bytes costs in one place. Amounts are list prices in US dollars before
 * discounts; GB is what the price book's `bytesPerGb` says.
 */
export interface LocationPrice {
  readonly id: string
  readonly storageUsdPerGbMonth: number
  readonly putUsdPer1000: number
  readonly getUsdPer1000: number
  /** Per object that enters by a move or by a change of storage class. */
  readonly transitionInUsdPer1000: number
  readonly retrievalUsdPerGb: number
  readonly writeUsdPerGb: number
  /** Leaving earlier costs the remaining days of storage. */
  readonly minimumStorageDays: number
  /** Smaller objects are billed as if they had this size. */
  readonly minimumBillableBytes: Bytes
  /** Added to every object's billed size. */
  readonly overheadBytes: Bytes
  readonly monitoringUsdPer1000ObjectsMonth: number
  /** Cost of a byte that leaves towards readers or another provider, per GB. */
  readonly egressUsdPerGb: number
  /** Where the numbers come from: a key of {@link PriceBook.sources}. */
  readonly source: string
}

/** Dated prices of every location and route. A decision names the book it was made from. */
export interface PriceBook {
  readonly apiVersion: 'datainmotion.io/v1'
  readonly kind: 'PriceBook'
  readonly name: string
  /** The day from which it holds, as `YYYY-MM-DD`. */
  readonly effectiveFrom: string
  readonly currency: 'USD'
  readonly bytesPerGb: number
  readonly daysPerMonth: number
  readonly sources: Readonly<Record<string, string>>
  readonly locations: readonly LocationPrice[]
}
