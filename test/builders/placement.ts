import type { PlacementFacts, PlacementLocation } from '../../src/domain/placement-facts.ts'
import type { PolicyDocument } from '../../src/domain/policy.ts'
import type { LocationPrice, PriceBook } from '../../src/domain/price.ts'
import { checkPolicy } from '../../src/placement/policy/policy-document.ts'
import { checkPriceBook } from '../../src/placement/price-book/price-book-document.ts'

/** A moment of the model clock from which the examples count. */
export const NOW = Date.UTC(2026, 8, 20, 12)

const IDS = { hot: '00000000-0000-7000-8000-00000000000a', warm: '00000000-0000-7000-8000-00000000000b' }

/** A location with sensible values; `name` names it, its price and its id's tail. */
export function aLocation(facts: Partial<PlacementLocation> & { name: string }): PlacementLocation {
  return {
    id: idOf(facts.name),
    storeId: idOf('store'),
    container: facts.name,
    storageClass: null,
    tier: 'hot',
    priceId: facts.name,
    region: 'dc1',
    firstByteMsP99: 50,
    restoreHours: null,
    capacityBytes: null,
    storeName: 'store',
    storeKind: 's3',
    storeState: 'active',
    freeBytes: null,
    ...facts,
  }
}

/** An identifier made from a name, the same every time. */
export function idOf(name: string): string {
  if (name === 'hot') return IDS.hot
  if (name === 'warm') return IDS.warm
  const hex = Buffer.from(name).toString('hex').slice(0, 12).padStart(12, '0')
  return `00000000-0000-7000-8000-${hex}`
}

/** A price book with these entries; what is left out costs nothing. */
export function aPriceBook(
  entries: readonly (Partial<LocationPrice> & { id: string; storageUsdPerGbMonth: number })[],
): PriceBook {
  return checkPriceBook({
    apiVersion: 'datainmotion.io/v1',
    kind: 'PriceBook',
    name: 'test-prices',
    effectiveFrom: '2026-09-20',
    currency: 'USD',
    daysPerMonth: 30,
    locations: entries.map(entry => ({
      provider: 'onprem',
      region: 'dc1',
      storageClass: 'DISK',
      egressUsdPerGb: 0,
      ...entry,
    })),
  })
}

/** A threshold policy: hot from 1 read a day (kept until 0.5), warm from 0.1 (kept until 0.05). */
export function aPolicy(changes: Record<string, unknown> = {}): PolicyDocument {
  return checkPolicy({
    apiVersion: 'datainmotion.io/v1',
    kind: 'Policy',
    name: 'test-policy',
    threshold: {
      halfLife: '3d',
      hot: { enterReadsPerDay: 1, leaveReadsPerDay: 0.5 },
      warm: { enterReadsPerDay: 0.1, leaveReadsPerDay: 0.05 },
    },
    minimumResidenceDays: 1,
    maximumPaybackDays: 60,
    ...changes,
  })
}

/** An object of 1 GB in the location `hot` for 100 days, read `rate` times a day at every half-life. */
export function someFacts(changes: Partial<PlacementFacts> & { rate?: number } = {}): PlacementFacts {
  const { rate = 0, ...rest } = changes
  return {
    objectId: idOf('object'),
    bucketId: idOf('bucket'),
    bucketName: 'photos',
    bucketMode: 'exclusive',
    policyId: idOf('policy'),
    key: '2026/09/harbour.jpg',
    generation: 1,
    placementVersion: 1,
    size: 1_000_000_000,
    latencySlaMs: null,
    pinnedLocationId: null,
    pinnedUntil: null,
    quarantinedBecause: null,
    copyId: idOf('copy'),
    locationId: idOf('hot'),
    enteredAt: NOW - 100 * 86_400_000,
    copyIsSound: true,
    heat: null,
    windowRings: null,
    migrationId: null,
    readsPerDay: { '6h': rate, '3d': rate, '30d': rate },
    heatScore: 0,
    ...rest,
  }
}
