import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aLocation, aPolicy, aPriceBook, idOf, NOW, someFacts } from '../../test/builders/placement.ts'
import type { Decision } from '../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../domain/placement-facts.ts'
import type { PolicyDocument } from '../domain/policy.ts'
import type { PriceBook } from '../domain/price.ts'
import { coldnessOf, TIERS, type Tier } from '../domain/tier.ts'
import { decidePlacement } from './decide-placement.ts'

/**
 * Laws that hold for every object, policy and price book. Each world has two locations per tier; colder
 * tiers are cheaper to store and dearer to read, as price lists are, where a law needs it.
 */
const NAMES = TIERS.flatMap(tier => [`${tier}-1`, `${tier}-2`])
const DAY = 86_400_000
const usd = (max: number) => fc.double({ min: 0, max, noNaN: true })

interface World {
  readonly facts: PlacementFacts
  readonly policy: PolicyDocument
  readonly book: PriceBook
  readonly locations: readonly PlacementLocation[]
}

const priceEntry = (name: string) =>
  fc
    .record({
      storageUsdPerGbMonth: usd(0.05),
      getUsdPer1000: usd(0.01),
      transitionInUsdPer1000: usd(0.05),
      retrievalUsdPerGb: usd(0.05),
      minimumStorageDays: fc.constantFrom(0, 30, 90),
      minimumBillableBytes: fc.constantFrom(0, 131_072),
      overheadBytes: fc.constantFrom(0, 32_768),
      monitoringUsdPer1000ObjectsMonth: usd(0.003),
      egressUsdPerGb: usd(0.1),
    })
    .map(entry => ({ id: name, ...entry }))

/** Coldness multiplies what reading costs, so that no colder tier reads cheaper. */
const orderedBook = fc.tuple(usd(0.01), usd(0.02)).map(([get, retrieval]) =>
  aPriceBook(
    NAMES.map(name => {
      const coldness = coldnessOf(name.split('-')[0] as Tier)
      return {
        id: name,
        storageUsdPerGbMonth: 0.03 / 3 ** coldness,
        getUsdPer1000: get * coldness,
        retrievalUsdPerGb: retrieval * coldness,
      }
    }),
  ),
)

const anyBook = fc.tuple(...NAMES.map(priceEntry)).map(entries => aPriceBook(entries))

const anyLocations = fc
  .tuple(
    ...NAMES.map(() =>
      fc.record({
        storeState: fc.constantFrom<PlacementLocation['storeState']>('active', 'active', 'active', 'paused'),
        freeBytes: fc.constantFrom(null, null, 0),
        restoreHours: fc.constantFrom(null, null, null, 5),
        firstByteMsP99: fc.integer({ min: 1, max: 500 }),
      }),
    ),
  )
  .map(states =>
    NAMES.map((name, index) => aLocation({ name, tier: name.split('-')[0] as Tier, ...states[index] })),
  )

const anyPolicy = fc
  .record({
    maximumPaybackDays: fc.integer({ min: 1, max: 400 }),
    minimumResidenceDays: fc.integer({ min: 0, max: 30 }),
    minimumObjectBytes: fc.constantFrom(0, 131_072),
    moveWithinTier: fc.boolean(),
    latencySlaMs: fc.constantFrom(null, null, 100),
    tiers: fc.subarray([...TIERS], { minLength: 1 }),
    graceHours: fc.integer({ min: 0, max: 72 }),
  })
  .map(changes => aPolicy(changes))

const anyFacts = fc
  .record({
    size: fc.integer({ min: 0, max: 2 ** 40 }),
    rate: fc.double({ min: 0, max: 20, noNaN: true }),
    at: fc.constantFrom(...NAMES),
    daysThere: fc.integer({ min: 0, max: 200 }),
    pinned: fc.constantFrom(null, null, null, ...NAMES),
    latencySlaMs: fc.constantFrom(null, null, 60),
    bucketMode: fc.constantFrom<PlacementFacts['bucketMode']>('exclusive', 'exclusive', 'observed'),
  })
  .map(({ at, daysThere, pinned, ...rest }) =>
    someFacts({
      ...rest,
      locationId: idOf(at),
      enteredAt: NOW - daysThere * DAY,
      pinnedLocationId: pinned === null ? null : idOf(pinned),
    }),
  )

const anyWorld = fc.record({ facts: anyFacts, policy: anyPolicy, book: anyBook, locations: anyLocations })

function decide({ facts, policy, book, locations }: World, changes: Partial<PlacementFacts> = {}): Decision {
  return decidePlacement({ ...facts, ...changes }, policy, book, locations, NOW)
}

const tierOf = (world: World, id: string) => world.locations.find(location => location.id === id)!.tier
const coldnessAt = (world: World, id: string) => coldnessOf(tierOf(world, id))
const atRate = (rate: number) => ({ readsPerDay: { '6h': rate, '3d': rate, '30d': rate } })

describe('for every object, policy and price book', () => {
  it('the parts of every cost add up to its totals, to the last bit', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        for (const { cost } of decide(world).alternatives) {
          if (cost === null) continue
          const monthly =
            cost.storageUsdPerMonth +
            cost.readRequestsUsdPerMonth +
            cost.retrievalUsdPerMonth +
            cost.egressUsdPerMonth +
            cost.monitoringUsdPerMonth
          const once =
            cost.transitionUsd +
            cost.sourceRetrievalUsd +
            cost.sourceEgressUsd +
            cost.earlyDeletionUsd +
            cost.graceStorageUsd +
            cost.verificationUsd
          expect([cost.totalUsdPerMonth, cost.oneTimeUsd]).toEqual([monthly, once])
        }
      }),
    )
  })

  it('the same values give the same decision', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        expect(decide(structuredClone(world))).toEqual(decide(world))
      }),
    )
  })

  it('an object never goes where a hard rule forbids it, and exactly one place is chosen', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const decision = decide(world)
        const chosen = decision.alternatives.filter(alternative => alternative.chosen)
        expect(chosen.map(({ locationId }) => locationId)).toEqual([decision.toLocationId])
        if (decision.toLocationId === decision.fromLocationId) return
        const target = world.locations.find(({ id }) => id === decision.toLocationId)!
        expect(target).toMatchObject({ storeState: 'active', restoreHours: null })
        expect(target.freeBytes ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(world.facts.size)
        expect(world.facts.bucketMode).not.toBe('observed')
        if (world.facts.pinnedLocationId !== null) expect(target.id).toBe(world.facts.pinnedLocationId)
        else {
          expect(world.policy.tiers).toContain(target.tier)
          const sla = world.facts.latencySlaMs ?? world.policy.latencySlaMs
          if (sla !== null) expect(target.firstByteMsP99).toBeLessThanOrEqual(sla)
        }
      }),
    )
  })

  it('a move for money has paid within the limit', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const decision = decide(world)
        if (!['heat-fell-below-band', 'cheaper-in-tier'].includes(decision.reason)) return
        expect(decision.monthlySavingUsd).toBeGreaterThan(0)
        expect(decision.paybackDays).not.toBeNull()
        expect(decision.paybackDays).toBeLessThanOrEqual(world.policy.maximumPaybackDays)
        const daysThere = (NOW - world.facts.enteredAt) / DAY
        expect(daysThere).toBeGreaterThanOrEqual(world.policy.minimumResidenceDays)
      }),
    )
  })

  it('a constant heat never moves an object back: it comes to rest', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const visited = [world.facts.locationId]
        let facts = world.facts
        for (let step = 0; step <= NAMES.length; step += 1) {
          const { toLocationId } = decide({ ...world, facts })
          if (toLocationId === facts.locationId) return
          expect(visited).not.toContain(toLocationId)
          visited.push(toLocationId)
          facts = { ...facts, locationId: toLocationId, enteredAt: NOW - 400 * DAY }
        }
        throw new Error('the object never came to rest')
      }),
    )
  })

  it('a hotter object never goes to a colder tier', () => {
    const world = fc.record({
      facts: anyFacts,
      policy: anyPolicy,
      book: orderedBook,
      locations: anyLocations,
    })
    const rate = fc.double({ min: 0, max: 20, noNaN: true })
    fc.assert(
      fc.property(world, rate, rate, (anyWorldOrdered, a, b) => {
        const cooler = decide(anyWorldOrdered, atRate(Math.min(a, b)))
        const hotter = decide(anyWorldOrdered, atRate(Math.max(a, b)))
        expect(coldnessAt(anyWorldOrdered, hotter.toLocationId)).toBeLessThanOrEqual(
          coldnessAt(anyWorldOrdered, cooler.toLocationId),
        )
      }),
    )
  })

  it('the next review is later than now and within the maximum interval', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const { reviewAt } = decide(world)
        expect(reviewAt).toBeGreaterThan(NOW)
        expect(reviewAt).toBeLessThanOrEqual(NOW + world.policy.reviewIntervalDaysMax * DAY)
      }),
    )
  })
})
