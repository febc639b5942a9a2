import { KIB, MIB } from '../../domain/bytes.ts'
import { DAY, SECOND } from '../../domain/duration.ts'

/** The demo's world: small enough for a laptop, large enough that every part of the product has work. */
export const DEMO = {
  objects: 5_000,
  /** Sizes are log-normal, as object sizes in the field are: most small, most bytes in few. */
  sizeMedianBytes: 56 * KIB,
  sizeSigma: 1.35,
  sizeBytesMax: 8 * MIB,
  sizeBytesMin: 1 * KIB,
  seed: 'data-in-motion',
  bucket: 'studio',
  /** Five wall seconds are a model day: a minute shows twelve days of cooling. */
  clockScale: DAY / (5 * SECOND),
  requestsPerSecond: 30,
  writeShare: 0.02,
  skew: 1.3,
  driftPerDay: 0.01,
  /** Its files can be made again from their names, so they need not wait for the disk; the catalog does. */
  durability: 'none',
  /** Many small moves at once let the database commit them together. */
  migrationsAtOnce: 24,
  connectionsMax: 64,
} as const

const REQUESTS_PER_SECOND_MIN = 5

/** Requests per second for so many objects: fewer objects are read less, or all of them would stay hot. */
export function demoRate(objects: number): number {
  return Math.max(REQUESTS_PER_SECOND_MIN, DEMO.requestsPerSecond * Math.min(1, objects / DEMO.objects))
}

/** One of the two clouds that the demo stands up: a second gateway of ours over a folder. */
export interface DemoSite {
  readonly name: string
  readonly tier: 'warm' | 'cold'
  readonly priceId: string
  readonly region: string
  readonly container: string
}

/**
 * Where copies can live besides on-prem, with the list prices of a warm class that charges no egress and of a
 * cold one that does: reads decide between them as much as storage.
 */
export const DEMO_SITES: readonly DemoSite[] = [
  {
    name: 'cloud-warm',
    tier: 'warm',
    priceId: 'cloudflare/auto/r2-ia',
    region: 'us-east-1',
    container: 'dim-warm',
  },
  {
    name: 'cloud-cold',
    tier: 'cold',
    priceId: 'aws/us-east-1/glacier-ir',
    region: 'us-east-1',
    container: 'dim-cold',
  },
]

export const ON_PREM = {
  name: 'on-prem',
  priceId: 'onprem/dc1/nvme',
  region: 'dc1',
  container: 'studio',
} as const
