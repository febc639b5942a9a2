import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { seedCatalog, seedObjects, type TestCatalog } from '../../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { aPolicy, aPriceBook, NOW } from '../../../test/builders/placement.ts'
import { addAccessDays } from '../../database/accesses/access-daily.ts'
import { DAY, HOUR } from '../../domain/duration.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { addRead, NO_HEAT } from '../../heat/object-heat.ts'
import type { ObjectSummary } from '../schemas/object.ts'

/** Keys that anything which cleans up paths would damage. */
const AWKWARD_KEYS = [
  'a/../b',
  '//double',
  'ünï/cödé 100%',
  'a%2Fb',
  'end/',
  './dot',
  'x/explanation',
  '?#&+',
]

let test: TestDatabase
let api: TestApi
let catalog: TestCatalog

/** Heat of `reads` reads, one an hour until `lastAccessAt`. */
function lnHeatsOf(reads: number, lastAccessAt: number): [number, number, number] {
  let heat = NO_HEAT
  for (let index = 0; index < reads; index++) heat = addRead(heat, lastAccessAt - index * HOUR, 1)
  return [heat.lnHeat6h, heat.lnHeat3d, heat.lnHeat30d]
}

beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database, { clock: { now: () => NOW } })
  catalog = await seedCatalog(test.database, {
    policy: aPolicy(),
    priceBook: aPriceBook([
      { id: 'hot', storageUsdPerGbMonth: 0.1 },
      { id: 'warm', storageUsdPerGbMonth: 0.01 },
      { id: 'cold', storageUsdPerGbMonth: 0.001 },
    ]),
  })
  const { hot, cold } = catalog.locationIds
  const object = (key: string, size: number, locationId: string, reads = 0, age = 1) => ({
    key,
    size,
    locationId,
    enteredAt: NOW - 100 * DAY,
    lnHeats: reads === 0 ? null : lnHeatsOf(reads, NOW - age * HOUR),
    lastAccessAt: NOW - age * HOUR,
    reviewAt: NOW + DAY,
  })
  await seedObjects(test.database, catalog.bucketId, [
    object('2026/busy.jpg', 1_000, hot, 50, 1),
    object('2026/quiet.jpg', 3_000_000_000, hot, 1, 500),
    object('2026/never.jpg', 2_000, cold),
    object('2025/old.jpg', 0, cold, 3, 24),
    ...AWKWARD_KEYS.map(key => object(key, 10, hot)),
  ])
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

async function search(query: string): Promise<{ items: ObjectSummary[]; nextCursor: string | null }> {
  const answer = await api.send('GET', `/v1/objects?bucket=photos&${query}`, { role: 'viewer' })
  expect([query, answer.statusCode]).toEqual([query, 200])
  return answer.json()
}
const keysOf = (page: { items: ObjectSummary[] }) => page.items.map(item => item.key)

describe('a search of objects', () => {
  it('filters by prefix, tier, location and heat', async () => {
    expect(keysOf(await search('prefix=2026/'))).toEqual([
      '2026/busy.jpg',
      '2026/never.jpg',
      '2026/quiet.jpg',
    ])
    expect(keysOf(await search('tier=cold'))).toEqual(['2025/old.jpg', '2026/never.jpg'])
    expect(keysOf(await search('location=hot&prefix=2026/'))).toEqual(['2026/busy.jpg', '2026/quiet.jpg'])
    expect(keysOf(await search('minHeat=1'))).toEqual(['2026/busy.jpg'])
    expect(keysOf(await search('state=pinned'))).toEqual([])
    expect((await api.send('GET', '/v1/objects?bucket=nowhere')).statusCode).toBe(404)
  })

  it('takes a prefix as it is, however it looks to a pattern', async () => {
    expect(keysOf(await search('prefix=a%252'))).toEqual(['a%2Fb'])
    expect(keysOf(await search('prefix=a_'))).toEqual([])
    expect(keysOf(await search('prefix=%C3%BC'))).toEqual(['ünï/cödé 100%'])
  })

  it('sorts by key, heat, size and last access', async () => {
    expect(keysOf(await search('sort=heat&prefix=20'))).toEqual([
      '2026/busy.jpg',
      '2025/old.jpg',
      '2026/quiet.jpg',
      '2026/never.jpg',
    ])
    expect(keysOf(await search('sort=size&limit=1'))).toEqual(['2026/quiet.jpg'])
    expect(keysOf(await search('sort=lastAccess&limit=2'))).toEqual(['2026/busy.jpg', '2025/old.jpg'])
  })

  it('carries the reads of the last 30 days, oldest first, for what was read', async () => {
    const today = Math.floor(NOW / DAY)
    const objectId = objectIdOf(catalog.bucketId, '2025/old.jpg')
    const days = [today - 30, today - 29, today - 1].map(day => ({ objectId, day, reads: 4, bytes: 1 }))
    await addAccessDays(test.database, days)
    const { items } = await search('prefix=2025/')
    const { items: never } = await search('prefix=2026/never')
    await test.database.query('delete from access_daily where object_id = $1', [objectId])
    expect(items[0]!.dailyReads).toEqual([4, ...new Array(27).fill(0), 4, 0])
    expect(never[0]!.dailyReads).toEqual([])
  })

  it('pages through every order without repeating or skipping one', async () => {
    for (const sort of ['key', 'heat', 'size', 'lastAccess']) {
      const whole = keysOf(await search(`sort=${sort}`))
      const paged: string[] = []
      let cursor: string | null = null
      do {
        const page: { items: ObjectSummary[]; nextCursor: string | null } = await search(
          `sort=${sort}&limit=5${cursor === null ? '' : `&cursor=${cursor}`}`,
        )
        paged.push(...keysOf(page))
        cursor = page.nextCursor
      } while (cursor !== null)
      expect(paged).toEqual(whole)
      expect(paged).toHaveLength(4 + AWKWARD_KEYS.length)
    }
  })

  it('refuses the cursor of another search', async () => {
    const { nextCursor } = await search('limit=1')
    const other = await api.send('GET', `/v1/objects?bucket=photos&sort=size&cursor=${nextCursor}`)
    expect(other.json().code).toBe('invalid-cursor')
  })

  it('shows heat, counters and place', async () => {
    const [busy] = (await search('prefix=2026/busy')).items
    expect(busy).toMatchObject({ tier: 'hot', location: { name: 'hot' }, state: 'settled', size: 1_000 })
    expect(busy!.heat.score).toBeGreaterThan(50)
    expect(busy!.heat.perDay).toBeGreaterThan(5)
    const [never] = (await search('prefix=2026/never')).items
    expect(never!.heat).toMatchObject({ score: 0, perDay: 0, reads: 0, lastAccessAt: null })
  })
})

describe('the detail of an object', () => {
  it('is found under its exact key, whatever a path cleaner would make of it', async () => {
    for (const key of AWKWARD_KEYS) {
      const answer = await api.send('GET', `/v1/objects/photos/${encodeURIComponent(key)}`)
      expect([key, answer.statusCode, answer.json().key]).toEqual([key, 200, key])
    }
    expect((await api.send('GET', '/v1/objects/photos/2026/busy.jpg')).json().key).toBe('2026/busy.jpg')
    expect((await api.send('GET', '/v1/objects/photos/2026%252Fbusy.jpg')).statusCode).toBe(404)
  })

  it('says what is wrong with a path that names nothing', async () => {
    expect((await api.send('GET', '/v1/objects/photos/none')).statusCode).toBe(404)
    expect((await api.send('GET', '/v1/objects/nowhere/none')).json().detail).toContain('bucket nowhere')
    expect((await api.send('GET', `/v1/objects/photos/${'k'.repeat(1_024)}`)).statusCode).toBe(404)
    expect((await api.send('GET', `/v1/objects/photos/${'k'.repeat(1_025)}`)).json().code).toBe(
      'invalid-request',
    )
  })

  it('has copies and daily reads without gaps', async () => {
    const today = Math.floor(NOW / DAY)
    const objectId = objectIdOf(catalog.bucketId, '2026/busy.jpg')
    await addAccessDays(test.database, [{ objectId, day: today - 2, reads: 7, bytes: 7_000 }])
    const detail = (await api.send('GET', '/v1/objects/photos/2026%2Fbusy.jpg?days=30')).json()
    expect(detail.copies).toMatchObject([{ isPrimary: true, state: 'complete', nativeKey: '2026/busy.jpg' }])
    expect(detail.daily).toHaveLength(30)
    expect(detail.daily.at(-1)).toEqual({ day: '2026-09-20', reads: 0, bytes: 0 })
    expect(detail.daily.at(-3)).toEqual({ day: '2026-09-18', reads: 7, bytes: 7_000 })
    expect(detail).toMatchObject({ nextReviewReason: 'new-object', migrationId: null })
  })
})

describe('what a person wants of an object', () => {
  const url = '/v1/objects/photos/2026%2Fnever.jpg'

  it('is a pin or a latency, after which it is looked at again now', async () => {
    const pinned = await api.send('PATCH', url, {
      role: 'operator',
      body: { pin: { locationId: catalog.locationIds.warm }, latencySlaMs: 50 },
    })
    expect(pinned.json()).toMatchObject({
      state: 'pinned',
      pinnedLocation: { name: 'warm' },
      latencySlaMs: 50,
      nextReviewReason: 'requested',
      nextReviewAt: new Date(NOW).toISOString(),
    })
    expect(keysOf(await search('state=pinned'))).toEqual(['2026/never.jpg'])
    const freed = await api.send('PATCH', url, { role: 'operator', body: { pin: null } })
    expect(freed.json()).toMatchObject({ state: 'settled', pinnedLocation: null, latencySlaMs: 50 })
  })

  it('is refused when the location does not exist or nothing of the kind can be wanted', async () => {
    const missing = { pin: { locationId: '00000000-0000-7000-8000-000000000000' } }
    expect((await api.send('PATCH', url, { body: missing })).statusCode).toBe(400)
    expect((await api.send('PATCH', url, { body: { size: 1 } })).statusCode).toBe(400)
    expect((await api.send('PATCH', '/v1/objects/photos/none', { body: { pin: null } })).statusCode).toBe(404)
  })
})

describe('an explanation', () => {
  const explain = async (key: string) =>
    (await api.send('GET', `/v1/objects/photos/${encodeURIComponent(key)}/explanation`)).json()

  it('prices every place so that the parts add up, and says what would change the answer', async () => {
    const explanation = await explain('2026/quiet.jpg')
    expect(explanation).toMatchObject({ tier: 'hot', stays: false, reason: 'heat-fell-below-band' })
    expect(explanation.summary).toContain('photos/2026/quiet.jpg')
    expect(explanation.alternatives).toHaveLength(3)
    for (const { cost } of explanation.alternatives) {
      const { storageUsdPerMonth, readRequestsUsdPerMonth, retrievalUsdPerMonth } = cost
      const { egressUsdPerMonth, monitoringUsdPerMonth, totalUsdPerMonth } = cost
      expect(totalUsdPerMonth).toBe(
        storageUsdPerMonth +
          readRequestsUsdPerMonth +
          retrievalUsdPerMonth +
          egressUsdPerMonth +
          monitoringUsdPerMonth,
      )
    }
    expect(explanation.whatWouldChangeIt.length).toBeGreaterThan(0)
  })

  it('is told apart from an object whose key ends in that word', async () => {
    expect((await explain('x/explanation')).key).toBe('x/explanation')
    const bare = await api.send('GET', '/v1/objects/photos/2026/busy.jpg/explanation')
    expect(bare.json()).toMatchObject({ key: '2026/busy.jpg', stays: true })
    const none = await api.send('GET', '/v1/objects/photos/none/explanation')
    expect(none.statusCode).toBe(404)
    expect(none.json().detail).toContain('photos/none')
  })

  it('says what is missing where nothing decides', async () => {
    await test.database.query('update bucket set policy_id = null')
    const answer = await explain('2026/busy.jpg')
    await test.database.query('update bucket set policy_id = $1', [catalog.policyId])
    expect(answer).toMatchObject({ code: 'conflict', detail: expect.stringContaining('has no policy') })
  })
})

describe('the overview', () => {
  it('adds up what lies where and what it costs', async () => {
    // The overview is sampled every few seconds, the first time perhaps before the objects were there.
    const overview = await vi.waitUntil(
      async () => {
        const sample = (await api.send('GET', '/v1/overview')).json()
        return sample.total.objects > 0 ? sample : null
      },
      { timeout: 20_000, interval: 200 },
    )
    expect(overview.total).toEqual({
      objects: 4 + AWKWARD_KEYS.length,
      bytes: 3_000_003_000 + 10 * AWKWARD_KEYS.length,
    })
    expect(overview.tiers.map((tier: { tier: string }) => tier.tier)).toEqual(['hot', 'warm', 'cold'])
    expect(overview.cost.now.storageUsdPerMonth).toBeCloseTo(0.3, 4)
    const { now, everythingHot, afterPlans } = overview.cost
    expect(everythingHot.storageUsdPerMonth).toBeGreaterThanOrEqual(now.storageUsdPerMonth)
    expect(afterPlans.storageUsdPerMonth).toBeCloseTo(now.storageUsdPerMonth, 12)
    expect(overview.cost.priceBook).toBe('test-prices@2026-09-20')
    expect(overview.clock.modelAt).toBe(new Date(NOW).toISOString())
  })
})
