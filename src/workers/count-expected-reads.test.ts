import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { seedCatalog, seedObjects, type TestCatalog } from '../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { aPolicy, aPriceBook, NOW } from '../../test/builders/placement.ts'
import { readExpectedReads } from '../database/accesses/expected-reads.ts'
import { readPlacementFacts } from '../database/placement/placement-facts.ts'
import { DAY } from '../domain/duration.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, lnHeatOfAccess } from '../heat/forward-decay.ts'
import { heatReadingAt } from '../heat/heat-reading.ts'
import { expectedLoad } from '../placement/price-options.ts'
import { expectedReadsLoop } from './count-expected-reads.ts'

const BOOK = aPriceBook(['hot', 'warm', 'cold'].map(id => ({ id, storageUsdPerGbMonth: 0.01 })))
const POLICY = aPolicy({ readersAt: { provider: 'onprem', region: 'dc1' } })

let test: TestDatabase
let catalog: TestCatalog
beforeAll(async () => {
  test = await createTestDatabase()
  catalog = await seedCatalog(test.database, { policy: POLICY, priceBook: BOOK })
})
afterAll(() => test.drop())
afterEach(async () => {
  await test.database.query(`truncate decision, plan, object, object_version, copy, object_heat`)
  await test.database.query('update expected_reads set claimed_by = null, counted_at = null')
})

function counter(owner = 'one', pageObjects = 7) {
  const { database } = test
  const modelClock = { now: () => NOW }
  return expectedReadsLoop({ database, modelClock, wallClock: modelClock, owner, pageObjects })
}

const STEPS_MAX = 50

/** Counts once, to the end. */
async function count(loop = counter()): Promise<NonNullable<Awaited<ReturnType<typeof readExpectedReads>>>> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    await loop.step(new AbortController().signal)
    const counted = await readExpectedReads(test.database)
    if (counted !== null) return counted
  }
  throw new Error('the count never ended')
}

/** Objects last read some days ago, this often. */
async function seed(reads: readonly { daysAgo: number; times: number; size: number }[]): Promise<string[]> {
  return seedObjects(
    test.database,
    catalog.bucketId,
    reads.map(({ daysAgo, times, size }, index) => {
      const at = Math.round(NOW - daysAgo * DAY)
      const lnHeat = (column: typeof HEAT_6H) => lnHeatOfAccess(column, at, times)
      return {
        key: `object-${index}`,
        size,
        locationId: catalog.locationIds[index % 2 === 0 ? 'hot' : 'cold'],
        enteredAt: at,
        lnHeats: [lnHeat(HEAT_6H), lnHeat(HEAT_3D), lnHeat(HEAT_30D)] as const,
        reviewAt: null,
      }
    }),
  )
}

describe('expected reads by location', () => {
  it('are the sums of what placement expects of each object', async () => {
    const someReads = fc.record({
      daysAgo: fc.double({ min: 0, max: 3_000, noNaN: true }),
      times: fc.integer({ min: 0, max: 1_000 }),
      size: fc.integer({ min: 0, max: 2 ** 40 }),
    })
    await fc.assert(
      fc
        .asyncProperty(fc.array(someReads, { minLength: 1, maxLength: 30 }), async reads => {
          const ids = await seed(reads)
          const sums = new Map<string, { reads: number; bytes: number }>()
          for (const { facts: stored } of await readPlacementFacts(test.database, ids)) {
            const facts = { ...stored, ...heatReadingAt(stored, NOW) }
            const rules = { policy: POLICY, priceBook: BOOK, locations: [], now: NOW }
            const { readsPerMonth, bytesPerRead } = expectedLoad(facts, rules)
            const sum = sums.get(facts.locationId) ?? { reads: 0, bytes: 0 }
            sum.reads += readsPerMonth
            sum.bytes += readsPerMonth * bytesPerRead
            sums.set(facts.locationId, sum)
          }
          const { loads } = await count()
          expect(loads.length).toBe(sums.size)
          for (const { locationId, readsPerMonth, bytesPerMonth } of loads) {
            const sum = sums.get(locationId)!
            expect(Math.abs(readsPerMonth - sum.reads)).toBeLessThanOrEqual(1e-9 * (1 + sum.reads))
            expect(Math.abs(bytesPerMonth - sum.bytes)).toBeLessThanOrEqual(1e-9 * (1 + sum.bytes))
          }
        })
        .afterEach(async () => {
          await test.database.query('truncate object, object_version, copy, object_heat')
          await test.database.query('update expected_reads set claimed_by = null, counted_at = null')
        }),
      { numRuns: 25 },
    )
  })

  it('know where the readers are and which moment they are of', async () => {
    await seed([{ daysAgo: 1, times: 3, size: 10 }])
    const counted = await count()
    expect(counted.modelAt).toBe(NOW)
    expect(counted.loads).toMatchObject([
      { locationId: catalog.locationIds.hot, readersAt: { provider: 'onprem', region: 'dc1' } },
    ])
  })

  it('count an object in an open plan as its decision expected it', async () => {
    const [id] = await seed([{ daysAgo: 0, times: 100, size: 10 }])
    await test.database.query(
      `insert into plan (id, state, approval, policy_id, policy_revision, price_book_id, created_ms, principal)
       values ($1, 'proposed', 'person', $2, 1, $3, 0, 'planner:test')`,
      [catalog.bucketId, catalog.policyId, catalog.priceBookId],
    )
    await test.database.query(
      `insert into decision (id, plan_id, object_id, bucket_id, key, generation, placement_version,
                             from_location_id, to_location_id, reason, size, monthly_saving_usd, one_time_usd,
                             evidence, principal)
       values ($1, $1, $2, $1, 'object-0', 1, 1, $3, $4, 'heat-rose-above-band', 10, 1, 0,
               '{"inputs": {"readsPerMonthExpected": 3, "bytesPerRead": 5}}', 'planner:test')`,
      [catalog.bucketId, id, catalog.locationIds.hot, catalog.locationIds.cold],
    )
    expect((await count()).loads).toMatchObject([{ readsPerMonth: 3, bytesPerMonth: 15 }])
  })

  it('are counted by one planner at a time', async () => {
    const first = counter('one')
    const second = counter('two')
    await count(first)
    await test.database.query('update expected_reads set counted_at = null')
    await second.step(new AbortController().signal)
    expect(await readExpectedReads(test.database)).toBeNull()
    await test.database.query(`update expected_reads set claimed_at = now() - interval '2 minutes'`)
    expect((await count(second)).loads).toEqual([])
  })
})
