import { describe, expect, it } from 'vitest'
import { aLocation, aPolicy, aPriceBook, idOf, NOW, someFacts } from '../../test/builders/placement.ts'
import type { Decision } from '../domain/placement.ts'
import type { StoredReplica } from '../domain/placement-facts.ts'
import { decidePlacement } from './decide-placement.ts'

const DAY = 86_400_000
const HOT = aLocation({ name: 'hot', tier: 'hot', region: 'here' })
const BESIDE = aLocation({ name: 'beside', tier: 'cold', region: 'here' })
const FAR = aLocation({ name: 'far', tier: 'cold', region: 'there' })
const LOCATIONS = [HOT, BESIDE, FAR]
const BOOK = aPriceBook([
  { id: 'hot', storageUsdPerGbMonth: 0.03, getUsdPer1000: 0.4, egressUsdPerGb: 0.09 },
  { id: 'beside', storageUsdPerGbMonth: 0.004, minimumStorageDays: 30, retrievalUsdPerGb: 0.02 },
  { id: 'far', storageUsdPerGbMonth: 0.006, retrievalUsdPerGb: 0.02 },
])

function decide(
  policy: Record<string, unknown>,
  replicas: readonly StoredReplica[] = [],
  change = {},
): Decision {
  const facts = { ...someFacts({ rate: 3, locationId: HOT.id, ...change }), replicas }
  return decidePlacement(facts, aPolicy(policy), BOOK, LOCATIONS, NOW)
}

const at = (location: { id: string; name: string }, enteredAt = NOW - 100 * DAY): StoredReplica => ({
  copyId: idOf(location.name),
  locationId: location.id,
  enteredAt,
})

describe('the number of copies', () => {
  it('is one where nothing is said', () => {
    expect(decide({}).change).toBeUndefined()
  })

  it('grows at the cheapest place, and says what that costs', () => {
    const decision = decide({ copies: 2 })
    expect(decision).toMatchObject({
      reason: 'too-few-copies',
      change: { kind: 'add-copy' },
      fromLocationId: HOT.id,
      toLocationId: BESIDE.id,
    })
    expect(decision.monthlySavingUsd).toBeLessThan(0)
    expect(decision.oneTimeUsd).toBeGreaterThan(0)
    expect(decision.paybackDays).toBeNull()
  })

  it('grows in another region where the policy asks for that', () => {
    expect(decide({ copies: 2, distinctRegions: true }).toLocationId).toBe(FAR.id)
    expect(decide({ copies: 2, distinctRegions: 2 }, [at(BESIDE)]).toLocationId).toBe(FAR.id)
  })

  it('shrinks by the dearest copy that its regions can do without', () => {
    const both = [at(BESIDE), at(FAR)]
    expect(decide({ copies: 2 }, both)).toMatchObject({
      reason: 'too-many-copies',
      change: { kind: 'drop-copy', sourceCopyId: idOf('far') },
      fromLocationId: FAR.id,
      toLocationId: HOT.id,
    })
    expect(decide({ copies: 2, distinctRegions: 2 }, both)).toMatchObject({
      change: { sourceCopyId: idOf('beside') },
    })
  })

  it('pays the rest of a minimum duration', () => {
    const { monthlySavingUsd, oneTimeUsd } = decide({}, [at(BESIDE, NOW - 15 * DAY)])
    expect(oneTimeUsd).toBeCloseTo((monthlySavingUsd * 15) / BOOK.daysPerMonth, 12)
  })

  it('stays when it is right, no place may take a copy, or nothing may be changed', () => {
    expect(decide({ copies: 2 }, [at(FAR)]).change).toBeUndefined()
    expect(decide({ copies: 2, locations: ['hot'] }).change).toBeUndefined()
    expect(decide({ copies: 2 }, [], { quarantinedBecause: 'lost' }).change).toBeUndefined()
  })

  it('never sends the object where another copy lies', () => {
    const decision = decide({ copies: 2 }, [at(BESIDE)], { rate: 0.001 })
    expect(decision.toLocationId).not.toBe(BESIDE.id)
    expect(decision.alternatives.find(({ locationName }) => locationName === 'beside')!.rejected).toBe(
      'copy-there',
    )
  })
})

describe('a move of an object with copies', () => {
  it('never leaves them in fewer regions than are asked for', () => {
    const decision = decide({ copies: 2, distinctRegions: 2 }, [at(BESIDE)], { locationId: FAR.id })
    const hot = decision.alternatives.find(({ locationName }) => locationName === 'hot')!
    expect(hot.rejected).toBe('too-few-regions')
  })
})

describe('another storage class of the container', () => {
  const INFREQUENT = {
    ...aLocation({ name: 'infrequent', tier: 'cold', storageClass: 'STANDARD_IA' }),
    storeId: HOT.storeId,
    container: HOT.container,
    region: HOT.region,
    priceId: 'far',
  }
  const decideThere = (change: Parameters<typeof someFacts>[0]) =>
    decidePlacement(
      someFacts({ rate: 0, locationId: HOT.id, ...change }),
      aPolicy({}),
      BOOK,
      [HOT, INFREQUENT],
      NOW,
    )

  it('is had in place, without grace', () => {
    const facts = someFacts({ rate: 0, locationId: HOT.id })
    const decision = decideThere({})
    const change = { kind: 'reclassify', sourceCopyId: facts.copyId, targetCopyId: facts.copyId }
    expect(decision).toMatchObject({ toLocationId: INFREQUENT.id, change })
    expect(decision.alternatives.find(one => one.chosen)!.cost!.graceStorageUsd).toBe(0)
  })

  it('is not had where others write', () => {
    const decision = decideThere({ bucketMode: 'shared' })
    expect(decision.toLocationId).toBe(HOT.id)
    expect(decision.alternatives.find(one => !one.chosen)!.rejected).toBe('same-container')
  })
})

describe('a policy that has copies read back', () => {
  it('pays the request, the retrieval and the way', () => {
    const costAt = (verify: string) =>
      decide({ verify }).alternatives.find(({ locationName }) => locationName === 'far')!.cost!
    expect(costAt('target-checksum').verificationUsd).toBe(0)
    const { oneTimeUsd, verificationUsd } = costAt('read-back')
    expect(verificationUsd).toBeGreaterThan(0)
    expect(oneTimeUsd - verificationUsd).toBeCloseTo(costAt('target-checksum').oneTimeUsd, 12)
    expect(decide({ verify: 'read-back', copies: 2 }).oneTimeUsd).toBeGreaterThan(
      decide({ copies: 2 }).oneTimeUsd,
    )
  })

  it('pays the same where it is the store that makes it necessary', () => {
    const proofs = [{ provenBytesMax: 0 }, {}].map(
      store =>
        decidePlacement(
          someFacts({ locationId: HOT.id }),
          aPolicy(),
          BOOK,
          [HOT, { ...FAR, ...store }],
          NOW,
        ).alternatives.find(({ locationName }) => locationName === 'far')!.cost!.verificationUsd,
    )
    const asked = decide({ verify: 'read-back' }).alternatives.find(
      ({ locationId }) => locationId === FAR.id,
    )!
    expect(proofs).toEqual([asked.cost!.verificationUsd, 0])
  })

  it('pays it for the objects that are too large for their store to prove', () => {
    const { size } = someFacts({})
    const costs = [size - 1, size, null].map(provenBytesMax => {
      const there = [HOT, { ...FAR, provenBytesMax }]
      const decision = decidePlacement(someFacts({ locationId: HOT.id }), aPolicy(), BOOK, there, NOW)
      return decision.alternatives.find(({ locationName }) => locationName === 'far')!.cost!.verificationUsd
    })
    expect(costs).toEqual([expect.any(Number), 0, 0])
    expect(costs[0]).toBeGreaterThan(0)
  })

  it('pays for reading where the object still is before it goes into an archive in place', () => {
    const archive = { ...BESIDE, container: HOT.container, storageClass: 'DEEP_ARCHIVE', restoreHours: 12 }
    const proofAt = (place: typeof BESIDE | typeof archive) =>
      decidePlacement(
        someFacts({ locationId: HOT.id }),
        aPolicy({ verify: 'read-back' }),
        BOOK,
        [HOT, place],
        NOW,
      ).alternatives.find(({ locationName }) => locationName === 'beside')!.cost!.verificationUsd
    // One request of the hot class, whose bytes are read for nothing; what is in the archive could not be read.
    expect(proofAt(archive)).toBeCloseTo(0.4 / 1_000, 12)
    expect(proofAt(BESIDE)).toBeCloseTo(0.02 * (1e9 / BOOK.locations[1]!.bytesPerGb), 6)
  })
})
