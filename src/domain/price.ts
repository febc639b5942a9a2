import type { Bytes } from './bytes.ts'

/**
 * What keeping, reading and moving bytes costs in one place. Amounts are list prices in US dollars before
 * discounts, at the first volume step; GB is what {@link bytesPerGb} says.
 */
export interface LocationPrice {
  readonly id: string
  /** Whose bill it is on. A move inside one provider and region pays no egress. */
  readonly provider: string
  readonly region: string
  /** The provider's own name for the storage class. */
  readonly storageClass: string
  /** The gigabyte this provider bills by. */
  readonly bytesPerGb: number
  readonly storageUsdPerGbMonth: number
  readonly putUsdPer1000: number
  readonly getUsdPer1000: number
  /** Per object that enters by a move or by a change of storage class. */
  readonly transitionInUsdPer1000: number
  readonly retrievalUsdPerGb: number
  /** Of asking for an ordinary restore, where copies must be restored first. Left out: 0. */
  readonly restoreUsdPer1000?: number | undefined
  readonly writeUsdPerGb: number
  /** Leaving earlier costs the remaining days of storage. */
  readonly minimumStorageDays: number
  /** Smaller objects are billed as if they had this size. */
  readonly minimumBillableBytes: Bytes
  /** Added to every object's billed size. */
  readonly overheadBytes: Bytes
  /** Kept per object beside it in another class and billed at {@link indexOverheadUsdPerGbMonth}. */
  readonly indexOverheadBytes: Bytes
  readonly indexOverheadUsdPerGbMonth: number
  readonly monitoringUsdPer1000ObjectsMonth: number
  /** Objects below this size are not monitored and pay no monitoring. */
  readonly monitoringMinimumBytes: Bytes
  /** Cost of a byte that leaves towards readers on the internet or another provider, per GB. */
  readonly egressUsdPerGb: number
  /** Cost of a byte that leaves towards another region of the same provider, per GB. */
  readonly interRegionUsdPerGb: number
  /** Time to first byte at the 99th percentile, in milliseconds; null when copies must be restored first. */
  readonly firstByteMsP99: number | null
  /** Hours of an ordinary restore; null when copies are online. */
  readonly restoreHours: number | null
  /** Which figures come from where: what the figures are, to a key of {@link PriceBook.sources}. */
  readonly sources: Readonly<Record<string, string>>
  readonly note: string | null
}

/** Dated prices of every location and route. A decision names the book it was made from. */
export interface PriceBook {
  readonly apiVersion: 'datainmotion.io/v1'
  readonly kind: 'PriceBook'
  readonly name: string
  /** The day from which it holds, as `YYYY-MM-DD`. */
  readonly effectiveFrom: string
  readonly currency: 'USD'
  /** Turns prices per month into prices per day. */
  readonly daysPerMonth: number
  /** Where numbers come from, by short key. */
  readonly sources: Readonly<Record<string, string>>
  readonly locations: readonly LocationPrice[]
}

/** How decisions name the price book they were made from: its name and the day from which it holds. */
export function priceBookLabel(book: Pick<PriceBook, 'name' | 'effectiveFrom'>): string {
  return `${book.name}@${book.effectiveFrom}`
}
