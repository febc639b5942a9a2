import { describe, expect, it } from 'vitest'
import { aLocation, aPolicy, idOf, NOW, someFacts } from '../../../test/builders/placement.ts'
import { DECISION_REASONS, type DecisionReason } from '../../domain/placement.ts'
import type { PlacementFacts } from '../../domain/placement-facts.ts'
import { decidePlacement } from '../decide-placement.ts'
import { shippedPriceBook } from '../price-book/shipped-price-book.ts'
import { explainPlacement, explanationText } from './explain-placement.ts'

/**
 * Objects as a storage engineer meets them, explained from the shipped list prices. The texts are in
 * `docs/concepts/explanations/`; read them when you change a sentence.
 */
const DAY = 86_400_000
const BOOK = shippedPriceBook()
const NVME = aLocation({ name: 'rack-nvme', tier: 'hot', priceId: 'onprem/dc1/nvme', firstByteMsP99: 10 })
const IA = aLocation({
  name: 's3-ia',
  tier: 'warm',
  priceId: 'aws/us-east-1/standard-ia',
  region: 'us-east-1',
  firstByteMsP99: 75,
})
const GLACIER = aLocation({
  name: 's3-glacier-ir',
  tier: 'cold',
  priceId: 'aws/us-east-1/glacier-ir',
  region: 'us-east-1',
  firstByteMsP99: 75,
})
const LOCATIONS = [NVME, IA, GLACIER]
const POLICY = aPolicy({ name: 'three-tiers', maximumPaybackDays: 90 })

function explain(changes: Parameters<typeof someFacts>[0], policy = POLICY, locations = LOCATIONS) {
  const facts = someFacts({ locationId: NVME.id, ...changes })
  const decision = decidePlacement(facts, policy, BOOK, locations, NOW)
  const rules = { policy, priceBook: BOOK, locations, now: NOW }
  return { facts, decision, explanation: explainPlacement(facts, decision, rules) }
}

const OBJECTS = {
  hot: { key: 'catalog/cover.jpg', rate: 4.6, heatScore: 68, size: 12_000_000 },
  cold: {
    key: 'raw/2019/session-03.tar',
    rate: 0.001,
    heatScore: 3,
    size: 4_000_000_000,
    locationId: GLACIER.id,
    enteredAt: NOW - 30 * DAY,
  },
  cooled: { key: 'raw/2019/session-04.tar', rate: 0, size: 4_000_000_000 },
  pinned: {
    key: 'contracts/2026.pdf',
    rate: 0,
    pinnedLocationId: NVME.id,
    pinnedUntil: NOW + 40 * DAY,
    size: 800_000,
  },
  'read-too-often-to-leave': {
    key: 'papers/2024/dataset.parquet',
    rate: 0.04,
    heatScore: 21,
    size: 900_000_000,
  },
  'too-small': { key: 'thumbnails/9f3c.webp', rate: 0.0004, heatScore: 2, size: 20_000 },
} satisfies Record<string, Parameters<typeof someFacts>[0]>

describe('the explanation', () => {
  it.each(Object.entries(OBJECTS))('of a %s object reads like this', async (name, facts) => {
    const { explanation } = explain(facts)
    await expect(`${explanationText(explanation)}\n`).toMatchFileSnapshot(
      `../../../docs/concepts/explanations/${name}.md`,
    )
  })

  it.each(Object.entries(OBJECTS))(
    'of a %s object shows parts that add up to the totals it shows',
    (_, facts) => {
      const { explanation } = explain(facts)
      const sums = explanation.alternatives.flatMap(({ text }) => sumsIn(text))
      expect(sums.length).toBeGreaterThanOrEqual(LOCATIONS.length)
      for (const { total, parts } of sums) {
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 11)
      }
    },
  )

  it('shows the storage that the price book says', () => {
    const { explanation } = explain(OBJECTS.cold)
    const gb = 4_000_000_000
    const expected = {
      [NVME.id]: (gb / 1e9) * 0.03,
      [IA.id]: (gb / 2 ** 30) * 0.0125,
      [GLACIER.id]: (gb / 2 ** 30) * 0.004,
    }
    for (const { locationId, text } of explanation.alternatives) {
      const shown = Number(/storage \$([\d.]*\d)/.exec(text)![1])
      expect(shown / expected[locationId]!).toBeCloseTo(1, 3)
    }
  })
})

describe('what should become of the copies', () => {
  const inPlace = {
    ...aLocation({ name: 'colder-class', tier: 'cold', priceId: GLACIER.priceId, storageClass: 'COLD' }),
    storeId: NVME.storeId,
    container: NVME.container,
  }
  const replica = { copyId: idOf('replica'), locationId: GLACIER.id, enteredAt: NOW }

  it('is not called a move', () => {
    const added = explain({ rate: 3 }, aPolicy({ copies: 2 })).explanation
    expect(added.summary).toMatch(/lies in rack-nvme, .* and should get a copy at s3-glacier-ir\./)
    const dropped = explain({ rate: 3, replicas: [replica] }).explanation
    expect(dropped.summary).toMatch(/lies in rack-nvme, .* and should lose its copy at s3-glacier-ir\./)
    const changed = explain({ rate: 0 }, POLICY, [NVME, inPlace]).explanation
    expect(changed.summary).toContain(
      'and should change, where it lies, to the storage class of colder-class',
    )
    expect(explain({ rate: 0 }).explanation.summary).toContain('and should move to s3-glacier-ir')
  })

  it('is told of the place as well, beside why the object itself stays away', () => {
    const textAt = ({ explanation }: ReturnType<typeof explain>) =>
      explanation.alternatives.find(({ locationId }) => locationId === GLACIER.id)!.text
    expect(textAt(explain({ rate: 3 }, aPolicy({ copies: 2 })))).toContain('A copy is added here.')
    expect(textAt(explain({ rate: 3, replicas: [replica] }))).toContain('Its copy here is dropped.')
  })
})

describe('what would change it', () => {
  it('names heats at which the answer really is another', () => {
    const rates = [0.02, 0.2, 0.7, 4]
    for (const rate of rates) {
      for (const locationId of LOCATIONS.map(({ id }) => id)) {
        const changes: Partial<PlacementFacts> = { locationId, size: 100_000_000_000 }
        const { explanation } = explain({ rate, ...changes })
        for (const condition of explanation.whatWouldChangeIt) {
          if (condition.heatPerDay === null) continue
          const tier = /belong .*?in the (\w+) tier/.exec(condition.text)![1]
          const side = condition.heatPerDay > rate ? condition.heatPerDay : condition.heatPerDay * 0.999
          const there = explain({ rate: side, ...changes })
          expect(there.explanation.summary).toMatch(new RegExp(`${tier} (tier|band|location)`))
        }
      }
    }
  })

  it('names the payback limit and the storage price at which a blocked move would pay', () => {
    const policy = aPolicy({ maximumPaybackDays: 3 })
    const { explanation, decision } = explain({ rate: 0 }, policy)
    expect(decision.reason).toBe('payback-too-long')
    const texts = explanation.whatWouldChangeIt.map(({ text }) => text)
    const days = Number(/maximumPaybackDays of (\d+)/.exec(texts.join(' '))![1])
    expect(explain({ rate: 0 }, aPolicy({ maximumPaybackDays: days })).decision.reason).toBe(
      'heat-fell-below-band',
    )
  })

  it('names the size from which objects of this heat move', () => {
    const { explanation } = explain(OBJECTS['too-small'])
    expect(explanation.whatWouldChangeIt.map(({ text }) => text).join(' ')).toMatch(/An object of \d+ KiB/)
  })

  it('names the pin, the observed bucket and the policy’s limit as settings', () => {
    const settingsOf = (changes: Parameters<typeof someFacts>[0], policy = POLICY) =>
      explain(changes, policy).explanation.whatWouldChangeIt.filter(({ kind }) => kind === 'setting')
    expect(settingsOf(OBJECTS.pinned)[0]!.text).toContain('Without the pin')
    expect(settingsOf({ bucketMode: 'observed' })[0]!.text).toContain('shared or exclusive')
    expect(settingsOf({ size: 5 }, aPolicy({ minimumObjectBytes: 10 }))[0]!.text).toContain(
      'minimumObjectBytes',
    )
  })
})

describe('a full place', () => {
  const full = { ...GLACIER, fullSince: Date.UTC(2026, 8, 20, 12, 3) }

  it('is said to be full since when, and not by how much', () => {
    const { explanation } = explain({ rate: 0 }, POLICY, [NVME, full])
    const text = explanation.alternatives.find(({ locationId }) => locationId === GLACIER.id)!.text
    expect(text).toMatch(/Not possible: s3-glacier-ir is full since .*2026.*, as its store says\.$/)
  })

  it('is what an object waits for that is on its way there', () => {
    const waiting = { rate: 0, migrationId: idOf('migration'), waitsForRoomAt: GLACIER.id }
    expect(explain(waiting, POLICY, [NVME, full]).explanation.summary).toMatch(
      /It waits to be moved to s3-glacier-ir, which is full since .*, and no other place is better meanwhile\.$/,
    )
  })
})

describe('every reason', () => {
  const slow = [NVME, { ...GLACIER, firstByteMsP99: 900 }]
  const cases: Record<DecisionReason, () => ReturnType<typeof explain>> = {
    'heat-fell-below-band': () => explain({ rate: 0 }),
    'heat-rose-above-band': () => explain({ rate: 3, locationId: GLACIER.id }),
    'already-in-wanted-tier': () => explain({ rate: 3 }),
    'inside-hysteresis': () => explain({ rate: 0.7 }),
    'minimum-residence': () => explain({ rate: 0, enteredAt: NOW - 3_600_000 }),
    'too-small-to-pay': () => explain({ rate: 0, size: 10 }),
    'payback-too-long': () => explain({ rate: 0 }, aPolicy({ maximumPaybackDays: 3 })),
    pinned: () => explain({ pinnedLocationId: GLACIER.id }),
    'sla-requires-faster': () =>
      explain({ rate: 0, locationId: GLACIER.id, latencySlaMs: 100 }, POLICY, slow),
    'no-allowed-location': () => explain({ rate: 0 }, aPolicy({ tiers: ['hot'] })),
    'bucket-observed': () => explain({ bucketMode: 'observed' }),
    'migration-in-flight': () => explain({ migrationId: idOf('migration') }),
    'cheaper-in-tier': () =>
      explain({ rate: 3 }, POLICY, [
        NVME,
        { ...IA, name: 'other', tier: 'hot', priceId: 'onprem/dc1/hdd-ec' },
      ]),
    'would-cost-more': () => explain({ rate: 0.04 }),
    'location-not-allowed': () => explain({ rate: 0 }, aPolicy({ tiers: ['warm'] })),
    'no-price': () => explain({ rate: 0 }, POLICY, [{ ...NVME, priceId: 'nobody-knows' }, IA]),
    quarantined: () => explain({ quarantinedBecause: 'no good copy is left' }),
    'copy-not-readable': () => explain({ copyIsSound: false }),
    'location-retiring': () => explain({ rate: 3 }, POLICY, [{ ...NVME, isRetiring: true }, GLACIER]),
    'encryption-required': () =>
      explain({ rate: 3 }, aPolicy({ encryption: 'required' }), [
        NVME,
        { ...GLACIER, tier: 'hot', encryption: 'always' },
      ]),
    'too-few-copies': () => explain({ rate: 3 }, aPolicy({ copies: 2 })),
    'too-many-copies': () =>
      explain({
        rate: 3,
        replicas: [{ copyId: idOf('replica'), locationId: GLACIER.id, enteredAt: NOW }],
      }),
  }

  it.each(DECISION_REASONS)('%s has words', reason => {
    const { decision, explanation } = cases[reason]()
    expect(decision.reason).toBe(reason)
    const text = explanationText(explanation)
    expect(text).not.toMatch(/undefined|NaN|null|Infinity/)
    expect(explanation.alternatives).toHaveLength(decision.alternatives.length)
  })
})

/** The sums in a text: `$3.00 a month = storage $1.00 + egress $2.00`. */
function sumsIn(text: string): { total: number; parts: number[] }[] {
  return [...text.matchAll(/\$([\d.,]+) (?:a month|once) = ([^.]*(?:\.\d[^.]*)*)\./g)].map(
    ([, total, parts]) => ({
      total: Number(total!.replaceAll(',', '')),
      parts: [...parts!.matchAll(/\$([\d.,]+)/g)].map(([, part]) => Number(part!.replaceAll(',', ''))),
    }),
  )
}
