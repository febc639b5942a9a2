import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aLocation, aPolicy, aPriceBook, idOf, NOW, someFacts } from '../../test/builders/placement.ts'
import type { Decision } from '../domain/placement.ts'
import type { PlacementFacts, PlacementLocation, StoredReplica } from '../domain/placement-facts.ts'
import { TIERS, type Tier } from '../domain/tier.ts'
import { decidePlacement } from './decide-placement.ts'
import { explainPlacement, explanationText } from './explain/explain-placement.ts'

const DAY = 86_400_000
const HOT = aLocation({ name: 'hot', tier: 'hot', encryption: 'always', storeName: 'hot-store' })
const PLAIN = aLocation({ name: 'plain', tier: 'cold', encryption: 'none', storeName: 'plain-store' })
const SEALED = aLocation({ name: 'sealed', tier: 'cold', encryption: 'always', storeName: 'sealed-store' })
const LOCATIONS = [HOT, PLAIN, SEALED]
const BOOK = aPriceBook([
  { id: 'hot', storageUsdPerGbMonth: 0.03 },
  { id: 'plain', storageUsdPerGbMonth: 0.001 },
  { id: 'sealed', storageUsdPerGbMonth: 0.004 },
])

function judge(
  facts: Parameters<typeof someFacts>[0],
  policy: Record<string, unknown> = {},
  locations: readonly PlacementLocation[] = LOCATIONS,
) {
  const given = someFacts(facts)
  const rules = {
    policy: aPolicy({ encryption: 'required', ...policy }),
    priceBook: BOOK,
    locations,
    now: NOW,
  }
  const decision = decidePlacement(given, rules.policy, BOOK, locations, NOW)
  return { decision, text: explanationText(explainPlacement(given, decision, rules)) }
}

const rejectedAt = (decision: Decision, { id }: PlacementLocation) =>
  decision.alternatives.find(({ locationId }) => locationId === id)!.rejected

const replicaAt = ({ id, name }: PlacementLocation): StoredReplica => ({
  copyId: idOf(`copy-${name}`),
  locationId: id,
  enteredAt: NOW - 100 * DAY,
})

describe('a policy that requires encryption', () => {
  it('sends an object to a dearer place that encrypts, and says why not to the cheaper one', () => {
    expect(judge({}, { encryption: 'any' }).decision.toLocationId).toBe(PLAIN.id)
    const { decision, text } = judge({})
    expect(decision).toMatchObject({ toLocationId: SEALED.id, reason: 'heat-fell-below-band' })
    expect(rejectedAt(decision, PLAIN)).toBe('not-encrypted')
    expect(text).toContain('requires encryption, and the store plain-store is not known to encrypt')
    expect(text).toContain('`dim store probe plain-store --learn`')
    expect(text).toContain('clientEncryptionKey')
  })

  it('takes what encrypts when it is asked, and not what nothing is known of', () => {
    const asked = { ...PLAIN, encryption: 'on-request' } as const
    expect(judge({}, {}, [HOT, asked, SEALED]).decision.toLocationId).toBe(PLAIN.id)
    const unknown = { ...PLAIN, encryption: null }
    expect(rejectedAt(judge({}, {}, [HOT, unknown, SEALED]).decision, PLAIN)).toBe('not-encrypted')
  })

  it('never advises to probe a store of a kind whose probe does not look for encryption', () => {
    const folder = { ...PLAIN, storeKind: 'filesystem' } as const
    const { text } = judge({}, {}, [HOT, folder])
    expect(text).not.toContain('--learn')
    expect(text).toContain('clientEncryptionKey')
  })

  it('has an object leave a place that does not encrypt, whatever it costs', () => {
    const { decision, text } = judge({ locationId: PLAIN.id, enteredAt: NOW })
    expect(decision).toMatchObject({ toLocationId: SEALED.id, reason: 'encryption-required' })
    expect(decision.monthlySavingUsd).toBeLessThan(0)
    expect(text).toContain('the store plain-store of plain is not known to encrypt, so it goes to sealed')
  })

  it('leaves an object where it is when no place encrypts, and says so', () => {
    const plainHot = { ...HOT, encryption: 'none' } as const
    const { decision, text } = judge({}, {}, [plainHot, PLAIN])
    expect(decision).toMatchObject({ toLocationId: HOT.id, reason: 'no-allowed-location' })
    expect(text).toContain('is not known to encrypt, but no other location may take it, so it stays')
    expect(text).toContain('`dim store probe hot-store --learn`')
  })

  it('is stronger than a pin to a place that does not encrypt, and lets one that holds stand', () => {
    const sent = judge({ pinnedLocationId: PLAIN.id })
    expect(sent.decision).toMatchObject({ toLocationId: HOT.id, reason: 'no-allowed-location' })
    expect(sent.text).toContain('It is pinned to plain until somebody removes the pin, which may not take it')
    const held = judge({ locationId: PLAIN.id, pinnedLocationId: PLAIN.id })
    expect(held.decision).toMatchObject({ toLocationId: PLAIN.id, reason: 'pinned' })
    expect(held.text).toContain('is not known to encrypt: only the pin keeps it here')
  })

  it('never changes the class of an object inside a store that does not encrypt', () => {
    const here = aLocation({ name: 'hot', tier: 'hot', encryption: 'none', container: 'one' })
    const colder = { ...PLAIN, storeId: here.storeId, container: 'one', storageClass: 'COLD' }
    expect(judge({}, {}, [here, colder]).decision.reason).toBe('no-allowed-location')
  })
})

describe('its other copies', () => {
  it('are added where they are encrypted, also of a pinned object', () => {
    for (const pinnedLocationId of [null, HOT.id]) {
      const { decision } = judge({ rate: 3, pinnedLocationId }, { copies: 2 })
      expect(decision).toMatchObject({ toLocationId: SEALED.id, change: { kind: 'add-copy' } })
    }
    expect(judge({ rate: 3 }, { copies: 2 }, [HOT, PLAIN]).decision.change).toBeUndefined()
  })

  it('leave a place that does not encrypt once another one is there', () => {
    const stale = replicaAt(PLAIN)
    const first = judge({ rate: 3, replicas: [stale] }, { copies: 2 })
    expect(first.decision).toMatchObject({ toLocationId: SEALED.id, change: { kind: 'add-copy' } })
    const then = judge({ rate: 3, replicas: [stale, replicaAt(SEALED)] }, { copies: 2 })
    expect(then.decision).toMatchObject({
      fromLocationId: PLAIN.id,
      change: { kind: 'drop-copy', sourceCopyId: stale.copyId },
    })
    expect(then.text).toContain('is not known to encrypt, so the copy there goes')
  })

  it('are kept while there is no place that encrypts', () => {
    const { decision } = judge({ rate: 3, replicas: [replicaAt(PLAIN)] }, { copies: 2 }, [HOT, PLAIN])
    expect(decision.change).toBeUndefined()
  })
})

it('a pinned object never gets a copy where it has one, nor where the policy allows none', () => {
  const pinned = { rate: 3, pinnedLocationId: HOT.id }
  const here = judge({ ...pinned, replicas: [replicaAt(SEALED)] }, { copies: 3 }, [HOT, SEALED])
  expect(here.decision.change).toBeUndefined()
  expect(judge(pinned, { copies: 2, locations: ['hot'] }).decision.change).toBeUndefined()
})

const NAMES = TIERS.flatMap(tier => [`${tier}-1`, `${tier}-2`])

const anyWorld = fc.record({
  encryption: fc.tuple(
    ...NAMES.map(() => fc.constantFrom('always' as const, 'on-request' as const, 'none' as const, null)),
  ),
  regions: fc.tuple(...NAMES.map(() => fc.constantFrom('here', 'there'))),
  usd: fc.tuple(...NAMES.map(() => fc.double({ min: 0, max: 0.05, noNaN: true }))),
  rate: fc.double({ min: 0, max: 20, noNaN: true }),
  at: fc.constantFrom(...NAMES),
  pinned: fc.constantFrom(null, null, ...NAMES),
  replicas: fc.subarray(NAMES, { maxLength: 3 }),
  policy: fc.record({
    copies: fc.integer({ min: 1, max: 3 }),
    distinctRegions: fc.integer({ min: 1, max: 2 }),
    verify: fc.constantFrom('target-checksum', 'read-back'),
  }),
})

describe('for every object, policy and price book that requires encryption', () => {
  it('no step ever writes where no encryption is known, and the steps come to an end', () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const locations = NAMES.map((name, index) =>
          aLocation({
            name,
            tier: name.split('-')[0] as Tier,
            region: world.regions[index]!,
            encryption: world.encryption[index]!,
          }),
        )
        const policy = aPolicy({ ...world.policy, encryption: 'required' })
        const book = aPriceBook(
          NAMES.map((name, index) => ({ id: name, storageUsdPerGbMonth: world.usd[index]! })),
        )
        let facts: PlacementFacts = someFacts({
          rate: world.rate,
          locationId: idOf(world.at),
          pinnedLocationId: world.pinned === null ? null : idOf(world.pinned),
          replicas: world.replicas
            .filter(name => name !== world.at)
            .map(name => ({ copyId: idOf(`copy-${name}`), locationId: idOf(name), enteredAt: NOW })),
        })
        for (let step = 0; step < STEPS_MAX; step++) {
          const decision = decidePlacement(facts, policy, book, locations, NOW)
          const { change, fromLocationId, toLocationId } = decision
          if (fromLocationId === toLocationId) return
          if (change?.kind !== 'drop-copy') {
            const target = locations.find(({ id }) => id === toLocationId)!
            expect(['always', 'on-request']).toContain(target.encryption)
          }
          facts = after(facts, decision)
        }
        throw new Error('the object never came to rest')
      }),
    )
  })
})

/** Each place is entered once and left once at most. */
const STEPS_MAX = 3 * NAMES.length

function after(facts: PlacementFacts, { change, toLocationId }: Decision): PlacementFacts {
  const { replicas = [] } = facts
  if (change?.kind === 'drop-copy')
    return { ...facts, replicas: replicas.filter(({ copyId }) => copyId !== change.sourceCopyId) }
  if (change?.kind === 'add-copy')
    return {
      ...facts,
      replicas: [
        ...replicas,
        { copyId: idOf(`new-${toLocationId}`), locationId: toLocationId, enteredAt: NOW },
      ],
    }
  return { ...facts, locationId: toLocationId, enteredAt: NOW - 400 * DAY }
}
