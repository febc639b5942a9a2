import type { Bytes } from './bytes.ts'
import type { Uuid } from './identifiers.ts'
import type { Tier } from './tier.ts'

/**
 * Where a copy can live: a container in a store plus a storage class. It has a price, a latency, a region
 * and perhaps a capacity.
 */
export interface Location {
  readonly id: Uuid
  readonly name: string
  readonly storeId: Uuid
  /** The store's own name for the container: an S3 bucket, a folder under the store's root. */
  readonly container: string
  /** The store's own storage class, or null for its default. */
  readonly storageClass: string | null
  readonly tier: Tier
  /** The entry of the price book that says what this location costs. */
  readonly priceId: string
  readonly region: string
  /** Time to first byte that readers see, in milliseconds, at the 99th percentile. */
  readonly firstByteMsP99: number
  /** Hours until an offline copy can be read; null when it is online. */
  readonly restoreHours: number | null
  readonly capacityBytes: Bytes | null
}
