import { describe, expect, it } from 'vitest'
import { aLocation, aPolicy, aPriceBook, idOf, NOW, someFacts } from '../../test/builders/placement.ts'
import type { Decision } from '../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../domain/placement-facts.ts'
import { decidePlacement } from './decide-placement.ts'

const DAY = 86_400_000
const HOT = aLocation({ name: 'hot', tier: 'hot', firstByteMsP99: 10 })
const WARM = aLocation({ name: 'warm', tier: 'warm', firstByteMsP99: 80 })
const COLD = aLocation({ name: 'cold', tier: 'cold', firstByteMsP99: 400 })
const LOCATIONS = [HOT, WARM, COLD]
const BOOK = aPriceBook([
  { id: 'hot', storageUsdPerGbMonth: 0.03 },
  { id: 'warm', storageUsdPerGbMonth: 0.01, retrievalUsdPerGb: 0.0002, transitionInUsdPer1000: 0.01 },
  {
    id: 'cold',
    storageUsdPerGbMonth: 0.004,
    retrievalUsdPerGb: 0.0006,
    transitionInUsdPer1000: 0.02,
    minimumStorageDays: 90,
    minimumBillableBytes: 131_072,
  },
])

function decide(
  facts: Parameters<typeof someFacts>[0],
  policy: Record<string, unknown> = {},
  locations: readonly PlacementLocation[] = LOCATIONS,
): Decision {
  return decidePlacement(someFacts(facts), aPolicy(policy), BOOK, locations, NOW)
}

const rejectedAt = (decision: Decision, name: string) =>
  decision.alternatives.find(alternative => alternative.locationName === name)!.rejected

describe('a place whose copies must be restored first', () => {
  const ARCHIVE_BOOK = aPriceBook([
    { id: 'hot', storageUsdPerGbMonth: 0.03 },
    { id: 'cold', storageUsdPerGbMonth: 0.001, restoreHours: 12 },
  ])
  const judge = (locations: readonly PlacementLocation[], locationId = HOT.id) =>
    decidePlacement(someFacts({ locationId }), aPolicy(), ARCHIVE_BOOK, locations, NOW)

  it('is never gone to, also where only its price says so', () => {
    for (const restoreHours of [null, 5]) {
      const decision = judge([HOT, { ...COLD, restoreHours }])
      expect(decision.toLocationId).toBe(HOT.id)
      expect(rejectedAt(decision, 'cold')).toBe('offline')
    }
  })

  it('is not left either, as nothing can be read there', () => {
    expect(judge([HOT, COLD], COLD.id).reason).toBe('copy-not-readable')
  })

  it('is left when its store restores, and a person empties it or pins the object elsewhere', () => {
    const archive = { ...COLD, canRestore: true }
    expect(judge([HOT, archive], COLD.id).reason).toBe('copy-not-readable')
    expect(judge([HOT, { ...COLD, isRetiring: true }], COLD.id).reason).toBe('copy-not-readable')
    const emptied = judge([HOT, { ...archive, isRetiring: true }], COLD.id)
    expect(emptied).toMatchObject({ reason: 'location-retiring', toLocationId: HOT.id })
    const pinned = (pinnedLocationId: string, canRestore: boolean) =>
      decidePlacement(
        someFacts({ locationId: COLD.id, pinnedLocationId }),
        aPolicy(),
        ARCHIVE_BOOK,
        [HOT, { ...COLD, canRestore }],
        NOW,
      )
    expect(pinned(HOT.id, true)).toMatchObject({ reason: 'pinned', toLocationId: HOT.id })
    expect(pinned(HOT.id, false).reason).toBe('copy-not-readable')
    expect(pinned(COLD.id, true).reason).toBe('copy-not-readable')
  })
})

describe('heat decides the tier', () => {
  it('sends a silent object to cold when that pays', () => {
    const decision = decide({ rate: 0.01 })
    expect(decision).toMatchObject({ toLocationId: COLD.id, reason: 'heat-fell-below-band' })
    expect(decision.monthlySavingUsd).toBeGreaterThan(0)
    expect(decision.paybackDays).toBeLessThan(60)
  })

  it('brings a hot object back whatever it costs, and says what it costs', () => {
    const decision = decide({ rate: 1.2, locationId: COLD.id, enteredAt: NOW - 0.5 * DAY })
    expect(decision).toMatchObject({ toLocationId: HOT.id, reason: 'heat-rose-above-band' })
    expect(decision.oneTimeUsd).toBeGreaterThan(0)
  })

  it('keeps an object inside its hysteresis and says so', () => {
    expect(decide({ rate: 0.7 })).toMatchObject({ toLocationId: HOT.id, reason: 'inside-hysteresis' })
    expect(decide({ rate: 5 })).toMatchObject({ reason: 'already-in-wanted-tier' })
  })

  it('takes the cheapest location of the tier at the expected reads', () => {
    const other = aLocation({ name: 'warm-2', tier: 'warm', priceId: 'cold' })
    const decision = decide({ rate: 0.08 }, {}, [HOT, WARM, other])
    expect(decision.toLocationId).toBe(other.id)
    expect(rejectedAt(decision, 'warm')).toBe('more-expensive')
  })

  it('stops half-way where nothing lies in the wanted tier', () => {
    expect(decide({ rate: 0.01 }, {}, [HOT, WARM])).toMatchObject({ toLocationId: WARM.id })
    expect(decide({ rate: 3, locationId: COLD.id }, {}, [WARM, COLD])).toMatchObject({
      toLocationId: WARM.id,
    })
    expect(decide({ rate: 3, locationId: COLD.id }, {}, [COLD])).toMatchObject({
      reason: 'no-allowed-location',
    })
  })

  it('moves to a cheaper neighbour of the same tier only where the policy wants it', () => {
    const cheap = aLocation({ name: 'hot-2', tier: 'hot', priceId: 'warm' })
    expect(decide({ rate: 1 }, {}, [HOT, cheap])).toMatchObject({
      reason: 'cheaper-in-tier',
      toLocationId: cheap.id,
    })
    expect(decide({ rate: 1 }, { moveWithinTier: false }, [HOT, cheap])).toMatchObject({
      toLocationId: HOT.id,
    })
  })
})

describe('hard rules come before money', () => {
  it.each<[string, Partial<PlacementFacts>, string]>([
    ['a bucket that is only observed', { bucketMode: 'observed' }, 'bucket-observed'],
    ['an unfinished migration', { migrationId: idOf('migration') }, 'migration-in-flight'],
    ['a quarantined object', { quarantinedBecause: 'no good copy' }, 'quarantined'],
    ['a suspect copy', { copyIsSound: false }, 'copy-not-readable'],
  ])('%s freezes the object', (_, facts, reason) => {
    const decision = decide({ rate: 0, ...facts })
    expect(decision).toMatchObject({ toLocationId: HOT.id, reason, oneTimeUsd: 0, monthlySavingUsd: 0 })
    expect(rejectedAt(decision, 'cold')).toBe('decision-frozen')
  })

  it('a pin keeps an object, or brings it to its place, until it expires', () => {
    expect(decide({ rate: 0, pinnedLocationId: HOT.id })).toMatchObject({
      reason: 'pinned',
      toLocationId: HOT.id,
    })
    expect(decide({ rate: 9, pinnedLocationId: COLD.id })).toMatchObject({
      reason: 'pinned',
      toLocationId: COLD.id,
    })
    expect(decide({ rate: 0, pinnedLocationId: HOT.id, pinnedUntil: NOW })).toMatchObject({
      toLocationId: COLD.id,
    })
    const pinned = decide({ rate: 0, pinnedLocationId: HOT.id, pinnedUntil: NOW + DAY })
    expect(pinned).toMatchObject({ reviewReason: 'pin-expires', reviewAt: NOW + DAY })
  })

  it('an SLA forbids slow places and takes an object out of one at once', () => {
    const slow = decide({ rate: 0, latencySlaMs: 100 })
    expect(slow.toLocationId).toBe(WARM.id)
    expect(rejectedAt(slow, 'cold')).toBe('latency-above-sla')
    const violated = decide({ rate: 0, latencySlaMs: 100, locationId: COLD.id, enteredAt: NOW })
    expect(violated).toMatchObject({ reason: 'sla-requires-faster', toLocationId: WARM.id })
    expect(decide({ rate: 0 }, { latencySlaMs: 50 })).toMatchObject({ toLocationId: HOT.id })
  })

  it('a full, paused, offline, unpriced or disallowed location is never chosen', () => {
    const forbidden: [Partial<PlacementLocation>, string][] = [
      [{ freeBytes: 999_999_999 }, 'capacity'],
      [{ fullSince: NOW - 1 }, 'capacity'],
      [{ storeState: 'paused' }, 'store-not-active'],
      [{ restoreHours: 5 }, 'offline'],
      [{ priceId: 'nobody-knows' }, 'no-price'],
    ]
    for (const [change, reason] of forbidden) {
      const decision = decide({ rate: 0 }, {}, [HOT, WARM, { ...COLD, ...change }])
      expect(decision.toLocationId).toBe(WARM.id)
      expect(rejectedAt(decision, 'cold')).toBe(reason)
    }
    expect(rejectedAt(decide({ rate: 0 }, { tiers: ['hot', 'warm'] }), 'cold')).toBe('not-in-policy')
    expect(rejectedAt(decide({ rate: 0 }, { locations: ['hot', 'warm'] }), 'cold')).toBe('not-in-policy')
  })

  it('an object leaves a place its policy no longer allows', () => {
    expect(decide({ rate: 0 }, { tiers: ['warm'] })).toMatchObject({
      reason: 'location-not-allowed',
      toLocationId: WARM.id,
    })
  })
})

describe('money', () => {
  it('holds back what has not stayed its minimum residence', () => {
    const decision = decide({ rate: 0, enteredAt: NOW - 0.5 * DAY })
    expect(decision).toMatchObject({ toLocationId: HOT.id, reason: 'minimum-residence' })
    expect(decision).toMatchObject({ reviewReason: 'minimum-residence-ends', reviewAt: NOW + 0.5 * DAY })
  })

  it('holds back what is too small to pay, whether the policy or the prices say so', () => {
    expect(decide({ rate: 0, size: 1_000 })).toMatchObject({ reason: 'too-small-to-pay' })
    expect(decide({ rate: 0, size: 1_000_000 }, { minimumObjectBytes: 2_000_000 })).toMatchObject({
      reason: 'too-small-to-pay',
    })
  })

  it('holds back what would take too long to pay', () => {
    const dear = aPriceBook([
      { id: 'hot', storageUsdPerGbMonth: 0.03, egressUsdPerGb: 0.5, interRegionUsdPerGb: 0.5 },
      { id: 'cold', storageUsdPerGbMonth: 0.004 },
    ])
    const far = { ...COLD, region: 'dc2' }
    const decision = decidePlacement(
      someFacts({ rate: 0 }),
      aPolicy({ readersAt: { provider: 'onprem', region: 'dc1' } }),
      dear,
      [HOT, far],
      NOW,
    )
    expect(decision).toMatchObject({ toLocationId: HOT.id, reason: 'payback-too-long' })
  })

  it('says when a colder place would cost more', () => {
    const reread = { rate: 0.04, heat: aHeat({ reads: 100, bytesRead: 100e12 }) }
    expect(decide(reread)).toMatchObject({ toLocationId: HOT.id, reason: 'would-cost-more' })
  })

  it('counts the rest of a minimum duration before it leaves a cold place', () => {
    const decision = decide({
      rate: 0,
      locationId: COLD.id,
      enteredAt: NOW - 30 * DAY,
      pinnedLocationId: WARM.id,
    })
    const cost = decision.alternatives.find(({ locationName }) => locationName === 'warm')!.cost!
    expect(cost.earlyDeletionUsd).toBeCloseTo((0.004 * 60) / 30, 12)
    expect(decision.oneTimeUsd).toBe(cost.oneTimeUsd)
  })
})

describe('the next review', () => {
  it('comes when the heat has fallen out of the band', () => {
    const decision = decide({ rate: 4 })
    expect(decision.reviewReason).toBe('heat-crossing')
    // From 4 to 0.5 reads a day: three half-lives of three days.
    expect(decision.reviewAt - NOW).toBeGreaterThanOrEqual(9 * DAY)
    expect(decision.reviewAt - NOW).toBeLessThanOrEqual(9 * DAY + 3)
    const then = { rate: 4 * 0.5 ** ((decision.reviewAt - NOW) / (3 * DAY)) }
    expect(
      decidePlacement(someFacts(then), aPolicy(), BOOK, LOCATIONS, decision.reviewAt).toLocationId,
    ).not.toBe(HOT.id)
  })

  it('names the heat that makes it worth looking at once', () => {
    expect(decide({ rate: 4 }).promoteAtReadsPerDay).toBeNull()
    expect(decide({ rate: 0.2 }).promoteAtReadsPerDay).toBe(0.5)
    expect(decide({ rate: 0.01, locationId: COLD.id }).promoteAtReadsPerDay).toBe(0.1)
    expect(decide({ rate: 0.3, locationId: WARM.id }).promoteAtReadsPerDay).toBe(1)
  })

  it('comes after the maximum interval at the latest', () => {
    const decision = decide({ rate: 0, locationId: COLD.id }, { reviewIntervalDaysMax: 7 })
    expect(decision).toMatchObject({ reviewReason: 'maximum-interval', reviewAt: NOW + 7 * DAY })
  })
})

it('refuses facts about an object that lies nowhere it knows', () => {
  expect(() => decide({ locationId: idOf('nowhere') })).toThrow(/unknown location/)
})

function aHeat(counts: { reads: number; bytesRead: number }): NonNullable<PlacementFacts['heat']> {
  return { lnHeat6h: 0, lnHeat3d: 0, lnHeat30d: 0, firstAccessAt: 0, lastAccessAt: 0, ...counts }
}
