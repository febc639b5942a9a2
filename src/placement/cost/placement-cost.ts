import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import type { PlacementCost } from '../../domain/placement.ts'
import type { LocationPrice } from '../../domain/price.ts'

/** An object as a bill sees it: its size, and how it is expected to be read. */
export interface ReadLoad {
  readonly size: Bytes
  readonly readsPerMonth: number
  readonly bytesPerRead: Bytes
}

/** A location as a bill sees it: its prices, and what a byte costs on the way to the readers. */
export interface PricedPlace {
  readonly price: LocationPrice
  readonly readerEgressUsdPerGb: number
}

/** Where an object would come from. Null in {@link costOfPlacement} when it is there already. */
export interface PricedSource {
  readonly price: LocationPrice
  readonly enteredAt: Instant
  /** What a byte costs on the way from there to the new place. */
  readonly routeUsdPerGb: number
  readonly graceDays: number
  /** What reading the new copy back costs; 0 where a checksum is enough. */
  readonly readBackUsd: number
}

/** Storage and monitoring of one object for a month, with the minimum billable size and the overheads. */
export function keepingUsdPerMonth(
  price: LocationPrice,
  size: Bytes,
): { storageUsdPerMonth: number; monitoringUsdPerMonth: number } {
  const billedGb = billedBytes(price, size) / price.bytesPerGb
  const indexGb = price.indexOverheadBytes / price.bytesPerGb
  return {
    storageUsdPerMonth: billedGb * price.storageUsdPerGbMonth + indexGb * price.indexOverheadUsdPerGbMonth,
    monitoringUsdPerMonth:
      size >= price.monitoringMinimumBytes ? price.monitoringUsdPer1000ObjectsMonth / 1_000 : 0,
  }
}

/** How many reads of how many bytes a month brings, of one object or of many. */
export interface MonthlyReads {
  readonly readsPerMonth: number
  readonly bytesPerMonth: number
}

/**
 * What reading costs for a month: requests, retrieval, and egress to the readers. Linear in reads and bytes,
 * so the cost of a sum of reads is the sum of their costs.
 */
export function readingUsdPerMonth(
  { price, readerEgressUsdPerGb }: PricedPlace,
  { readsPerMonth, bytesPerMonth }: MonthlyReads,
): Pick<PlacementCost, 'readRequestsUsdPerMonth' | 'retrievalUsdPerMonth' | 'egressUsdPerMonth'> {
  const readGb = bytesPerMonth / price.bytesPerGb
  return {
    readRequestsUsdPerMonth: (readsPerMonth * price.getUsdPer1000) / 1_000,
    retrievalUsdPerMonth: readGb * price.retrievalUsdPerGb,
    egressUsdPerMonth: readGb * readerEgressUsdPerGb,
  }
}

/** The part of a cost that is paid for keeping, whether anybody reads or not: storage and monitoring. */
export function storagePartUsd(
  cost: Pick<PlacementCost, 'storageUsdPerMonth' | 'monitoringUsdPerMonth'>,
): number {
  return cost.storageUsdPerMonth + cost.monitoringUsdPerMonth
}

/** The part of a cost that is paid for reading: requests, retrieval and egress. */
export function readsPartUsd(
  cost: Pick<PlacementCost, 'readRequestsUsdPerMonth' | 'retrievalUsdPerMonth' | 'egressUsdPerMonth'>,
): number {
  return cost.readRequestsUsdPerMonth + cost.retrievalUsdPerMonth + cost.egressUsdPerMonth
}

/** The bytes a store bills for an object of this size. */
export function billedBytes(price: LocationPrice, size: Bytes): Bytes {
  return Math.max(size, price.minimumBillableBytes) + price.overheadBytes
}

/**
 * What it costs to have an object in a place: per month of stay, and once to get there. The totals are the
 * sums of the parts in the order they are listed, to the last bit.
 */
export function costOfPlacement(
  load: ReadLoad,
  place: PricedPlace,
  source: PricedSource | null,
  moment: { now: Instant; daysPerMonth: number },
): PlacementCost {
  const { price } = place
  const { storageUsdPerMonth, monitoringUsdPerMonth } = keepingUsdPerMonth(price, load.size)
  const { readsPerMonth } = load
  const { readRequestsUsdPerMonth, retrievalUsdPerMonth, egressUsdPerMonth } = readingUsdPerMonth(place, {
    readsPerMonth,
    bytesPerMonth: readsPerMonth * load.bytesPerRead,
  })
  return {
    storageUsdPerMonth,
    readRequestsUsdPerMonth,
    retrievalUsdPerMonth,
    egressUsdPerMonth,
    monitoringUsdPerMonth,
    totalUsdPerMonth:
      storageUsdPerMonth +
      readRequestsUsdPerMonth +
      retrievalUsdPerMonth +
      egressUsdPerMonth +
      monitoringUsdPerMonth,
    ...(source === null ? NO_MOVE : costOfMove(load.size, price, source, moment)),
  }
}

type MoveCost = Pick<
  PlacementCost,
  | 'transitionUsd'
  | 'sourceRetrievalUsd'
  | 'sourceEgressUsd'
  | 'earlyDeletionUsd'
  | 'graceStorageUsd'
  | 'verificationUsd'
  | 'oneTimeUsd'
>

const NO_MOVE: MoveCost = {
  transitionUsd: 0,
  sourceRetrievalUsd: 0,
  sourceEgressUsd: 0,
  earlyDeletionUsd: 0,
  graceStorageUsd: 0,
  verificationUsd: 0,
  oneTimeUsd: 0,
}

function costOfMove(
  size: Bytes,
  target: LocationPrice,
  source: PricedSource,
  moment: { now: Instant; daysPerMonth: number },
): MoveCost {
  const sourceGb = size / source.price.bytesPerGb
  const sourceUsdPerDay = keepingUsdPerMonth(source.price, size).storageUsdPerMonth / moment.daysPerMonth
  const daysLeft = minimumDaysLeft(source.price, source.enteredAt, moment.now)
  const transitionUsd =
    target.transitionInUsdPer1000 / 1_000 + (size / target.bytesPerGb) * target.writeUsdPerGb
  const sourceRetrievalUsd =
    source.price.getUsdPer1000 / 1_000 +
    restoreRequestUsd(source.price) +
    sourceGb * source.price.retrievalUsdPerGb
  const sourceEgressUsd = sourceGb * source.routeUsdPerGb
  const earlyDeletionUsd = daysLeft * sourceUsdPerDay
  const graceStorageUsd = Math.max(0, source.graceDays - daysLeft) * sourceUsdPerDay
  return {
    transitionUsd,
    sourceRetrievalUsd,
    sourceEgressUsd,
    earlyDeletionUsd,
    graceStorageUsd,
    verificationUsd: source.readBackUsd,
    oneTimeUsd:
      transitionUsd +
      sourceRetrievalUsd +
      sourceEgressUsd +
      earlyDeletionUsd +
      graceStorageUsd +
      source.readBackUsd,
  }
}

/** What restoring so many objects of so many bytes costs: the requests for it and what is retrieved. */
export function restoreUsd(price: LocationPrice, objects: number, bytes: Bytes): number {
  return objects * restoreRequestUsd(price) + (bytes / price.bytesPerGb) * price.retrievalUsdPerGb
}

/** What it costs to ask for the restore of one object; what it retrieves is priced apart. */
function restoreRequestUsd({ restoreUsdPer1000 = 0 }: LocationPrice): number {
  return restoreUsdPer1000 / 1_000
}

/** Days of a location's minimum storage duration that a copy has not served yet. */
export function minimumDaysLeft(price: LocationPrice, enteredAt: Instant, now: Instant): number {
  return Math.max(0, price.minimumStorageDays - Math.max(0, now - enteredAt) / DAY)
}

/**
 * Days until a monthly saving has paid a one-time cost; null when it never does.
 *
 * Range: at least 0.
 */
export function paybackDays(
  savingUsdPerMonth: number,
  oneTimeUsd: number,
  daysPerMonth: number,
): number | null {
  if (savingUsdPerMonth <= 0) return null
  return (oneTimeUsd / savingUsdPerMonth) * daysPerMonth
}
