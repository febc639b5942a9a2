import { describe, expect, it } from 'vitest'
import { aPriceBook } from '../../../test/builders/placement.ts'
import type { ExpectedReadsRow } from '../../database/accesses/expected-reads.ts'
import type { ShiftRow, UsageRow } from '../../database/placement/overview.ts'
import { type CostFacts, type MonthlyCost, stateCost } from './monthly-cost.ts'

const BOOK = aPriceBook([
  { id: 'disk', storageUsdPerGbMonth: 0.03, egressUsdPerGb: 0.01 },
  {
    id: 'cool',
    provider: 'cloud',
    region: 'east',
    storageUsdPerGbMonth: 0.004,
    getUsdPer1000: 0.01,
    retrievalUsdPerGb: 0.02,
    egressUsdPerGb: 0.09,
  },
])
/** The gigabyte these prices are per. */
const GB = BOOK.locations[0]!.bytesPerGb
const ON_PREM = { provider: 'onprem', region: 'dc1' }

const usage = (locationId: string, gigabytes: number): UsageRow => ({
  locationId,
  locationName: locationId,
  storeName: locationId,
  tier: locationId === 'disk' ? 'hot' : 'cold',
  priceId: locationId,
  region: locationId === 'disk' ? 'dc1' : 'east',
  capacityBytes: null,
  sizeClass: 29,
  copies: gigabytes,
  primaries: gigabytes,
  bytes: gigabytes * GB,
})

/** Reads of one GB each. */
const reads = (locationId: string, perMonth: number, readersAt: ExpectedReadsRow['readersAt']) => ({
  locationId,
  policyId: null,
  readersAt,
  readsPerMonth: perMonth,
  bytesPerMonth: perMonth * GB,
})

const NOTHING: CostFacts = {
  usage: [usage('disk', 100), usage('cool', 10)],
  shiftsUnderWay: [],
  readsSavingUnderWayUsd: 0,
  openPlans: { monthlySavingUsd: 0, monthlySavingStorageUsd: 0 },
  reads: [],
  book: BOOK,
}

const parts = ({ storageUsdPerMonth, readsUsdPerMonth, totalUsdPerMonth }: MonthlyCost) => [
  storageUsdPerMonth,
  readsUsdPerMonth,
  totalUsdPerMonth,
]

describe('the cost per month', () => {
  it('is what the price book says by hand', () => {
    const { now, everythingHot } = stateCost({
      ...NOTHING,
      reads: [reads('disk', 50, ON_PREM), reads('cool', 1_000, ON_PREM), reads('cool', 1_000, null)],
    })
    const storage = 100 * 0.03 + 10 * 0.004
    // Readers beside the disk pay no egress there; from the cloud everybody pays the internet rate.
    const cool = 2_000 * (0.01 / 1_000 + 0.02 + 0.09)
    expect(now.storageUsdPerMonth).toBeCloseTo(storage, 12)
    expect(now.readsUsdPerMonth).toBeCloseTo(cool, 12)
    expect(now.totalUsdPerMonth).toBeCloseTo(storage + cool, 12)
    expect(everythingHot.storageUsdPerMonth).toBeCloseTo(110 * 0.03, 12)
    expect(everythingHot.readsUsdPerMonth).toBeCloseTo(1_000 * 0.01, 12)
  })

  it('less what open plans and moves under way save is the cost after them, part by part', () => {
    const shift: ShiftRow = {
      fromLocationId: 'disk',
      toLocationId: 'cool',
      sizeClass: 29,
      copies: 20,
      bytes: 20 * GB,
    }
    const statement = stateCost({
      ...NOTHING,
      shiftsUnderWay: [shift],
      readsSavingUnderWayUsd: -0.5,
      openPlans: { monthlySavingUsd: 0.2, monthlySavingStorageUsd: 0.26 },
      reads: [reads('disk', 50, null)],
    })
    const { now, openPlansSave, movesUnderWaySave, afterPlans } = statement
    expect(parts(openPlansSave)).toEqual([0.26, expect.closeTo(-0.06, 12), expect.closeTo(0.2, 12)])
    expect(movesUnderWaySave.storageUsdPerMonth).toBeCloseTo(20 * (0.03 - 0.004), 12)
    for (const [index, after] of parts(afterPlans).entries()) {
      const saved = parts(openPlansSave)[index]! + parts(movesUnderWaySave)[index]!
      expect(after).toBeCloseTo(parts(now)[index]! - saved, 12)
    }
  })

  it('has no total while nobody counted the reads, and no part where a price is missing', () => {
    expect(parts(stateCost({ ...NOTHING, reads: null }).afterPlans)).toEqual([expect.any(Number), null, null])
    const unpriced = stateCost({ ...NOTHING, book: null, reads: [reads('disk', 1, null)] })
    expect(parts(unpriced.now)).toEqual([null, null, null])
    expect(parts(unpriced.everythingHot)).toEqual([null, null, null])
  })
})
