import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { seedCatalog, seedObjects, type TestCatalog } from '../../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { aPolicy, aPriceBook, NOW } from '../../../test/builders/placement.ts'
import { insertDecisions, newDecision } from '../../database/placement/decisions.ts'
import { listPlacementLocations, readPlacementFacts } from '../../database/placement/placement-facts.ts'
import { openPlan } from '../../database/placement/plans.ts'
import { inTransaction } from '../../database/postgres.ts'
import { DAY } from '../../domain/duration.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, lnHeatOfAccess } from '../../heat/forward-decay.ts'
import { heatReadingAt } from '../../heat/heat-reading.ts'
import { decidePlacement } from '../../placement/decide-placement.ts'
import { expectedReadsLoop } from '../../workers/count-expected-reads.ts'

const policy = aPolicy({ graceHours: 24 })
const priceBook = aPriceBook([
  { id: 'hot', storageUsdPerGbMonth: 0.1 },
  { id: 'warm', storageUsdPerGbMonth: 0.01 },
  { id: 'cold', storageUsdPerGbMonth: 0.001, getUsdPer1000: 0.02, retrievalUsdPerGb: 0.004 },
])

let test: TestDatabase
let api: TestApi
let catalog: TestCatalog
let round = 0
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database, { clock: { now: () => NOW } })
  catalog = await seedCatalog(test.database, { policy, priceBook })
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

/** A proposed plan that moves three new cold objects away from the hot location, as the planner makes it. */
async function proposePlan(options: { readDaysAgo?: number } = {}): Promise<{ id: string; keys: string[] }> {
  const readAt = options.readDaysAgo === undefined ? null : NOW - options.readDaysAgo * DAY
  round += 1
  const keys = ['a', 'b', 'c'].map(name => `round-${round}/${name}`)
  const ids = await seedObjects(
    test.database,
    catalog.bucketId,
    keys.map(key => ({
      key,
      size: 5_000_000_000,
      locationId: catalog.locationIds.hot,
      enteredAt: NOW - 100 * DAY,
      lnHeats:
        readAt === null
          ? null
          : [
              lnHeatOfAccess(HEAT_6H, readAt, 1),
              lnHeatOfAccess(HEAT_3D, readAt, 1),
              lnHeatOfAccess(HEAT_30D, readAt, 1),
            ],
      reviewAt: null,
    })),
  )
  const locations = await listPlacementLocations(test.database)
  const facts = await readPlacementFacts(test.database, ids)
  const decisions = facts.map(({ facts: stored }) =>
    newDecision(
      decidePlacement({ ...stored, ...heatReadingAt(stored, NOW) }, policy, priceBook, locations, NOW),
      stored.bucketId,
      stored.key,
    ),
  )
  const id = await inTransaction(test.database, async connection => {
    const plan = await openPlan(connection, {
      approval: 'person',
      policyId: catalog.policyId,
      policyRevision: 1,
      priceBookId: catalog.priceBookId,
      now: NOW,
      hourBegan: NOW,
      principal: 'planner:threshold@1',
    })
    await insertDecisions(connection, decisions, {
      planId: plan.id,
      verdict: null,
      principal: 'planner:threshold@1',
    })
    return plan.id
  })
  return { id, keys }
}

interface Saving {
  readonly [part: string]: number
}

async function countReads(): Promise<void> {
  const modelClock = { now: () => NOW }
  const loop = expectedReadsLoop({
    database: test.database,
    modelClock,
    wallClock: modelClock,
    owner: 'test',
  })
  await loop.step(new AbortController().signal)
}

const get = async (url: string) => (await api.send('GET', url, { role: 'viewer' })).json()
const post = (url: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  api.send('POST', url, { role: 'operator', body, headers })

describe('a plan', () => {
  it('shows its money, its decisions and what each was made from', async () => {
    const { id, keys } = await proposePlan()
    const plan = await get(`/v1/plans/${id}`)
    expect(plan).toMatchObject({
      state: 'proposed',
      objects: 3,
      policy: { name: 'test-policy', revision: 1 },
    })
    expect(plan.monthlySavingUsd).toBeCloseTo(3 * 5 * (0.1 - 0.001), 6)
    const { items } = await get(`/v1/plans/${id}/decisions`)
    expect(items.map((item: { key: string }) => item.key).sort()).toEqual(keys)
    const decision = await get(`/v1/decisions/${items[0].id}`)
    expect(decision).toMatchObject({ from: { name: 'hot' }, to: { name: 'cold' }, verdict: null })
    expect(decision.alternatives).toHaveLength(3)
    expect((await get('/v1/plans?state=proposed')).items.map((item: { id: string }) => item.id)).toContain(id)
    expect((await post(`/v1/plans/${id}/reject`)).json()).toMatchObject({ state: 'rejected' })
    expect((await post(`/v1/plans/${id}/approve`)).json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('rejected'),
    })
  })

  it('saves, part by part, what the overview costs less after it', async () => {
    const { id } = await proposePlan({ readDaysAgo: 200 })
    await countReads()
    const plan = await get(`/v1/plans/${id}`)
    const { items } = await get(`/v1/plans/${id}/decisions`)
    const sum = (part: string) => items.reduce((total: number, item: Saving) => total + item[part]!, 0)
    for (const part of ['monthlySavingUsd', 'monthlySavingStorageUsd', 'monthlySavingReadsUsd'])
      expect(plan[part]).toBeCloseTo(sum(part), 9)
    expect(plan.monthlySavingStorageUsd).toBeCloseTo(3 * 5 * (0.1 - 0.001), 6)
    // Reading costs more where keeping costs less: by hand from the prices and the reads expected.
    const { inputs } = await get(`/v1/decisions/${items[0].id}`)
    const perMonth = inputs.readsPerMonthExpected
    expect(perMonth).toBeGreaterThan(0)
    expect(plan.monthlySavingReadsUsd).toBeCloseTo(-3 * perMonth * (0.02 / 1_000 + 5 * 0.004), 6)
    const reconciled = async () => {
      const { cost, plans } = await get('/v1/overview')
      if (plans.proposed !== 1 || cost.now.readsUsdPerMonth === null) return null
      const { now, afterPlans } = cost
      return {
        monthlySavingStorageUsd: now.storageUsdPerMonth - afterPlans.storageUsdPerMonth,
        monthlySavingReadsUsd: now.readsUsdPerMonth - afterPlans.readsUsdPerMonth,
        monthlySavingUsd: now.totalUsdPerMonth - afterPlans.totalUsdPerMonth,
      }
    }
    await expect.poll(reconciled, { timeout: 10_000 }).not.toBeNull()
    const difference = (await reconciled())!
    for (const [part, usd] of Object.entries(difference)) expect(usd).toBeCloseTo(plan[part], 6)
    await post(`/v1/plans/${id}/reject`)
  })

  it('becomes migrations when approved, less the decisions excepted', async () => {
    const { id } = await proposePlan()
    const [first] = (await get(`/v1/plans/${id}/decisions`)).items
    const approved = await post(`/v1/plans/${id}/approve`, { exceptDecisionIds: [first.id] })
    expect(approved.json()).toMatchObject({ state: 'approved', objects: 2, outcome: null })
    expect(approved.json().decidedBy).toMatch(/^token:/)
    const migrations = (await get(`/v1/migrations?planId=${id}`)).items
    expect(migrations).toHaveLength(2)
    expect(migrations[0]).toMatchObject({ state: 'planned', direction: 'demotion', planId: id })
    expect((await get(`/v1/objects?bucket=photos&state=migrating`)).items).toHaveLength(2)
    const explanation = await get(`/v1/objects/photos/${encodeURIComponent(migrations[0].key)}/explanation`)
    expect(explanation).toMatchObject({ reason: 'migration-in-flight', migrationId: migrations[0].id })
  })

  it('tells what its moves could not take along, per reason with counts and examples', async () => {
    const { id, keys } = await proposePlan()
    const tags = JSON.stringify(Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`tag-${n}`, 'x'])))
    const set = (change: string, key: string) =>
      test.database.query(`update object_version set ${change} where object_id = $1`, [
        objectIdOf(catalog.bucketId, key),
      ])
    await set(`headers = '{"contentType": "text/plain"}', legal_hold = true`, keys[0]!)
    await set(`tags = '${tags}'`, keys[1]!)
    const report = (await api.send('GET', `/v1/plans/${id}/fidelity`, { role: 'viewer' })).json()
    expect(report).toMatchObject({ planId: id, objects: 3, unjudged: 0 })
    const of = (reason: string) => report.reasons.find((entry: { reason: string }) => entry.reason === reason)
    expect(of('own-dates')).toMatchObject({ fate: 'catalog', objects: 3 })
    expect(of('locked')).toMatchObject({
      fate: 'refused',
      objects: 1,
      examples: [{ bucket: 'photos', key: keys[0] }],
    })
    expect(of('too-many-tags')).toMatchObject({ aspect: 'tags', objects: 1, examples: [{ key: keys[1] }] })
    expect(of('facts-not-read')).toMatchObject({ objects: 1, examples: [{ key: keys[2] }] })
    await api.send('POST', `/v1/plans/${id}/reject`)
  })
})

describe('a repeated request', () => {
  it('gives the first answer again and does nothing twice', async () => {
    const { id } = await proposePlan()
    const approve = () => post(`/v1/plans/${id}/approve`, {}, { 'idempotency-key': `approve-${id}` })
    const first = await approve()
    const again = await approve()
    expect(first.statusCode).toBe(200)
    expect([again.statusCode, again.body]).toEqual([200, expect.any(String)])
    expect(again.json()).toEqual(first.json())
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect((await get(`/v1/migrations?planId=${id}`)).items).toHaveLength(3)
  })

  it('also repeats a refusal, as a problem document', async () => {
    const ask = () =>
      post('/v1/simulations/bursts', { bucket: 'nowhere', prefix: '', reads: 1 }, { 'idempotency-key': 'no' })
    const [first, again] = [await ask(), await ask()]
    expect([first.statusCode, again.statusCode]).toEqual([404, 404])
    expect(again.headers['content-type']).toContain('application/problem+json')
    expect(again.json()).toEqual(first.json())
  })

  it('is refused with another body, and while the first is still being answered', async () => {
    const burst = (reads: number, key: string) =>
      post('/v1/simulations/bursts', { bucket: 'photos', prefix: 'x', reads }, { 'idempotency-key': key })
    expect((await burst(5, 'k1')).statusCode).toBe(202)
    expect((await burst(6, 'k1')).json().code).toBe('idempotency-key-reused')
    const answers = await Promise.all(Array.from({ length: 5 }, () => burst(7, 'k2')))
    const statuses = new Set(answers.map(answer => answer.statusCode))
    expect([...statuses].filter(status => status !== 202 && status !== 409)).toEqual([])
    const bursts = (await get('/v1/simulations')).items.filter((item: { reads: number }) => item.reads === 7)
    expect(bursts).toHaveLength(1)
  })

  it('may be made with the same key again after a day', async () => {
    const burst = () =>
      post(
        '/v1/simulations/bursts',
        { bucket: 'photos', keys: ['a'], reads: 9 },
        { 'idempotency-key': 'daily' },
      )
    const first = (await burst()).json()
    await test.database.query(`update idempotency_key set created_at = now() - interval '25 h'`)
    expect((await burst()).json().id).not.toBe(first.id)
  })

  it('needs a key of visible characters', async () => {
    const answer = await post('/v1/imports', {}, { 'idempotency-key': 'with space' })
    expect(answer.statusCode).toBe(400)
  })
})

describe('a burst', () => {
  it('names objects or a prefix, not both, within its bounds', async () => {
    const ask = (body: object) => post('/v1/simulations/bursts', { bucket: 'photos', reads: 1, ...body })
    expect((await ask({})).statusCode).toBe(400)
    expect((await ask({ keys: ['a'], prefix: 'a' })).statusCode).toBe(400)
    expect((await ask({ prefix: '', reads: 1_000_001 })).statusCode).toBe(400)
    const queued = await ask({ keys: ['a', 'b'], reads: 10, seed: 7 })
    expect(queued.json()).toMatchObject({ state: 'queued', keys: ['a', 'b'], prefix: null, seed: 7 })
    expect(await get(String(queued.headers.location))).toEqual(queued.json())
  })
})

describe('an import', () => {
  it('is asked for and shown', async () => {
    const body = { bucketId: catalog.bucketId, locationId: catalog.locationIds.hot, prefix: 'in/' }
    const asked = await post('/v1/imports', body)
    expect(asked.statusCode).toBe(202)
    expect(asked.json()).toMatchObject({ state: 'running', bucket: { name: 'photos' }, prefix: 'in/' })
    expect((await get('/v1/imports')).items[0]).toEqual(await get(`/v1/imports/${asked.json().id}`))
    const missing = { ...body, bucketId: objectIdOf(catalog.bucketId, 'x') }
    expect((await post('/v1/imports', missing)).statusCode).toBe(404)
  })
})

describe('a migration', () => {
  let id = ''
  beforeEach(async () => {
    const plan = await proposePlan()
    await post(`/v1/plans/${plan.id}/approve`)
    id = (await get(`/v1/migrations?planId=${plan.id}&limit=1`)).items[0].id
  })
  const act = async (action: string) => post(`/v1/migrations/${id}/${action}`)

  it('is paused, resumed and cancelled, each written to its timeline with who asked', async () => {
    expect((await get(`/v1/migrations/${id}`)).can).toEqual({
      pause: true,
      resume: false,
      cancel: true,
      retry: false,
      rollback: false,
    })
    expect((await act('pause')).json()).toMatchObject({ paused: true, can: { pause: false, resume: true } })
    expect((await act('resume')).json()).toMatchObject({ paused: false })
    const cancelled = (await act('cancel')).json()
    expect(cancelled).toMatchObject({ cancelRequested: true, can: { cancel: false } })
    const timeline = cancelled.timeline as { event: string; worker: string }[]
    expect(timeline.slice(-3).map(step => step.event)).toEqual([
      'pause-requested',
      'resume-requested',
      'cancel-requested',
    ])
    expect(timeline.at(-1)!.worker).toMatch(/^token:/)
  })

  it('refuses what its state does not permit, and says so', async () => {
    for (const action of ['retry', 'rollback']) {
      const answer = await act(action)
      expect([action, answer.statusCode, answer.json().detail]).toEqual([
        action,
        409,
        `a migration that is planned does not permit ${action}`,
      ])
    }
    const missing = await post('/v1/migrations/00000000-0000-7000-8000-000000000000/pause')
    expect(missing.statusCode).toBe(404)
  })

  it('is listed by state, direction, bucket and whether it is finished', async () => {
    const count = async (query: string) => (await get(`/v1/migrations?limit=1000&${query}`)).items.length
    const all = await count('')
    expect(all).toBeGreaterThan(0)
    expect(await count('state=planned&active=true&direction=demotion&bucket=photos')).toBe(all)
    expect(await count('active=false')).toBe(0)
    expect(await count('direction=promotion')).toBe(0)
    expect((await api.send('GET', '/v1/migrations?bucket=nowhere')).statusCode).toBe(404)
  })
})

describe('a policy', () => {
  it('is checked without being kept, added, and replaced from its revision only', async () => {
    const bad = { ...policy, threshold: { ...policy.threshold, halfLife: '1h' }, surprise: true }
    const admin = (method: string, url: string, body: unknown, headers = {}) =>
      api.send(method, url, { body, headers })
    const dry = (await admin('POST', '/v1/policies/validation', { spec: bad })).json()
    expect(dry.valid).toBe(false)
    expect(dry.errors.length).toBeGreaterThan(1)
    expect((await admin('POST', '/v1/policies/validation', { spec: policy })).json()).toEqual({
      valid: true,
      errors: [],
    })
    expect((await admin('POST', '/v1/policies', { spec: bad })).json().code).toBe('invalid-document')
    const spec = { ...policy, name: 'second' }
    const added = await admin('POST', '/v1/policies', { spec })
    expect(added.json()).toMatchObject({ name: 'second', revision: 1, buckets: [] })
    expect((await admin('POST', '/v1/policies', { spec })).statusCode).toBe(409)
    const url = `/v1/policies/${added.json().id}`
    const changed = { spec: { ...spec, maximumPaybackDays: 5 } }
    expect((await admin('PUT', url, changed)).statusCode).toBe(428)
    const replaced = await admin('PUT', url, changed, { 'if-match': '"1"' })
    expect(replaced.json()).toMatchObject({ revision: 2, spec: { maximumPaybackDays: 5 } })
    expect((await admin('PUT', url, changed, { 'if-match': '"1"' })).statusCode).toBe(412)
    expect((await get('/v1/policies')).items.map((item: { name: string }) => item.name)).toContain('second')
  })
})

describe('a price book', () => {
  it('is added, never changed, and the one that holds is marked', async () => {
    const book = { ...priceBook, effectiveFrom: '2026-09-01' }
    const added = await api.send('POST', '/v1/price-books', { body: book })
    expect(added.json()).toMatchObject({ effectiveFrom: '2026-09-01', isCurrent: true })
    expect((await api.send('POST', '/v1/price-books', { body: book })).statusCode).toBe(409)
    const wrong = await api.send('POST', '/v1/price-books', { body: { ...book, currency: 'GOLD' } })
    expect(wrong.json()).toMatchObject({ code: 'invalid-document', errors: [{ field: 'currency' }] })
    const books = (await get('/v1/price-books')).items
    expect(books.filter((item: { isCurrent: boolean }) => item.isCurrent)).toHaveLength(1)
    expect(await get(`/v1/price-books/${added.json().id}`)).toEqual(books[0])
  })
})

describe('what has to be restored from an archive first', () => {
  const setHours = (id: string, hours: number | null) =>
    test.database.query('update location set restore_hours = $2 where id = $1', [id, hours])

  it('is in a plan, with its price and how long it takes', async () => {
    const { id } = await proposePlan()
    const online = await get(`/v1/plans/${id}`)
    expect(online.restore).toBeNull()
    await setHours(catalog.locationIds.hot, 12)
    const archived = await get(`/v1/plans/${id}`)
    await setHours(catalog.locationIds.hot, null)
    const { bytes, objects } = online
    expect(archived).toEqual({ ...online, restore: { objects, bytes, hoursMax: 12, usd: 0 } })
  })

  it('is in what emptying a place costs, counted once, with whether its store can', async () => {
    const { cold } = catalog.locationIds
    await seedObjects(test.database, catalog.bucketId, [
      {
        key: 'archived',
        size: 5_000_000_000,
        locationId: cold,
        enteredAt: NOW,
        lnHeats: null,
        reviewAt: null,
      },
    ])
    const url = `/v1/locations/${cold}/retirement`
    const online = await get(url)
    expect(online).toMatchObject({ left: { copies: 1 }, restore: null })
    await setHours(cold, 12)
    const archived = await get(url)
    await setHours(cold, null)
    expect(archived).toEqual({
      ...online,
      restore: { copies: 1, hoursMax: 12, usd: expect.closeTo(5 * 0.004, 9), isPossible: false },
    })
    expect(archived.readOutUsd).toBeCloseTo(0.02 / 1_000 + 5 * 0.004, 9)
  })
})
