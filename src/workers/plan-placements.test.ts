import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SeededObject, seedCatalog, seedObjects, type TestCatalog } from '../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { aPolicy, aPriceBook, NOW } from '../../test/builders/placement.ts'
import { readRetirement, reinstateLocation, retireLocation } from '../database/catalog/location-retirement.ts'
import { markFull } from '../database/migrations/full-locations.ts'
import { retryMigration } from '../database/migrations/migration-commands.ts'
import { sweepHolds } from '../database/migrations/migration-hold-sweeps.ts'
import { listPlanDecisions } from '../database/placement/decisions.ts'
import { enqueueReviews } from '../database/placement/object-reviews.ts'
import { approvePlan, rejectPlan } from '../database/placement/plan-approval.ts'
import { listPlans, type PlanRow } from '../database/placement/plans.ts'
import { updatePolicy } from '../database/placement/policies.ts'
import { requestReviews } from '../database/placement/review-sweeps.ts'
import type { Database } from '../database/postgres.ts'
import type { StoreEncryption } from '../domain/encryption.ts'
import { newId, objectIdOf } from '../domain/identifiers.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, lnHeatOfAccess } from '../heat/forward-decay.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import type { Loop } from './loop.ts'
import { createPlanner } from './plan-placements.ts'

const DAY = 86_400_000
const BOOK = aPriceBook([
  { id: 'hot', storageUsdPerGbMonth: 0.03 },
  { id: 'warm', storageUsdPerGbMonth: 0.01, retrievalUsdPerGb: 0.0001, transitionInUsdPer1000: 0.01 },
  { id: 'cold', storageUsdPerGbMonth: 0.004, retrievalUsdPerGb: 0.0002, transitionInUsdPer1000: 0.02 },
])

let test: TestDatabase
let database: Database
let catalog: TestCatalog
let now: number

beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test.drop())

beforeEach(() => {
  now = NOW
})
afterEach(async () => {
  await database.query(`truncate migration_event, migration, decision, plan, object_review, review_sweep, object,
    object_version, copy, object_heat, location_usage, bucket, policy, price_book, location, store, activity cascade`)
})

const metrics = createMetrics()

/** How the stores of these names encrypt; others do on request. */
let encryptionAt: Readonly<Record<string, StoreEncryption | 'unopenable'>> = {}
/** The stores of these names have an archive, from which they restore. */
let archives: readonly string[] = []
/** Above what the planner keeps its rules for. */
const RULES_KEPT_MS = 10_000
let wallAhead = 0

/** The store as it is opened; nothing is ever asked of it. */
async function storeOf(id: string): Promise<ObjectStore> {
  const { rows } = await database.query<{ name: string }>('select name from store where id = $1', [id])
  const { name } = rows[0]!
  const encryption = encryptionAt[name] ?? 'on-request'
  const hasArchive = archives.includes(name)
  const store = createMemoryStore({
    name,
    settings: { capacityBytes: 0 },
    ...(hasArchive ? { archive: { classes: ['DEEP_ARCHIVE'], restoreMs: 1 } } : {}),
  })
  if (encryption === 'unopenable')
    throw new StoreError({
      kind: 'unsupported',
      retry: 'no',
      store: name,
      operation: 'open',
      message: 'its credentials cannot be opened',
      cause: null,
    })
  return { ...store, capabilities: { ...store.capabilities, encryption } }
}

function planner(batchObjectsMax = 1_000) {
  return createPlanner({
    database,
    storeOf,
    modelClock: { now: () => now },
    wallClock: { now: () => Date.now() + wallAhead },
    log: silentLogger,
    metrics,
    batchObjectsMax,
  })
}

async function start(policy: Record<string, unknown> = {}): Promise<void> {
  catalog = await seedCatalog(database, { policy: aPolicy(policy), priceBook: BOOK })
}

/** Steps until the planner finds nothing to do. */
async function settle(batchObjectsMax?: number): Promise<void> {
  await rest(planner(batchObjectsMax))
}

async function rest(loop: Loop): Promise<void> {
  for (let step = 0; step < 200; step += 1) {
    if ((await loop.step(new AbortController().signal)) === 0) return
  }
  throw new Error('the planner never came to rest')
}

const anObject = (key: string, changes: Partial<SeededObject> = {}): SeededObject => ({
  key,
  size: 1_000_000_000,
  locationId: catalog.locationIds.hot,
  enteredAt: NOW - 100 * DAY,
  lnHeats: null,
  reviewAt: NOW,
  ...changes,
})

/** As if it had been read this many times at this moment. */
const readAt = (at: number, times: number): SeededObject['lnHeats'] => [
  lnHeatOfAccess(HEAT_6H, at, times),
  lnHeatOfAccess(HEAT_3D, at, times),
  lnHeatOfAccess(HEAT_30D, at, times),
]

async function decisionsOf({ id }: PlanRow) {
  return listPlanDecisions(database, { planId: id, afterId: null, limit: 10 })
}

async function plans(): Promise<PlanRow[]> {
  return listPlans(database, { state: null, before: null, limit: 10 })
}

async function reviewOf(objectId: string) {
  const { rows } = await database.query<{
    review_ms: number
    reason: string
    promote_ln_heat: number | null
  }>('select review_ms, reason, promote_ln_heat from object_review where object_id = $1', [objectId])
  return rows[0] ?? null
}

async function migrations() {
  const { rows } = await database.query<Record<string, unknown>>(
    `select key, direction, priority, grace_ms as "graceMs", target_location_id as "targetLocationId",
            plan_id as "planId", monthly_saving_usd as "monthlySavingUsd" from migration order by key`,
  )
  return rows
}

describe('a policy that requires encryption', () => {
  afterEach(() => {
    encryptionAt = {}
  })

  it('has objects looked at again when a store is found to encrypt, or no more', async () => {
    await start({ encryption: 'required' })
    encryptionAt = { 'store-hot': 'always', 'store-warm': 'none', 'store-cold': 'none' }
    const [objectId] = await seedObjects(database, catalog.bucketId, [anObject('silent')])
    const loop = planner()
    await rest(loop)
    expect(await plans()).toEqual([])
    expect((await reviewOf(objectId!))!.review_ms).toBeGreaterThan(NOW)
    encryptionAt = { ...encryptionAt, 'store-warm': 'on-request' }
    wallAhead += RULES_KEPT_MS
    await rest(loop)
    const [plan] = await plans()
    expect(await decisionsOf(plan!)).toMatchObject([{ toLocationName: 'warm' }])
    encryptionAt = { ...encryptionAt, 'store-cold': 'always', 'store-warm': 'none' }
    wallAhead += RULES_KEPT_MS
    await rest(loop)
    const open = (await decisionsOf(plan!)).filter(({ verdict }) => verdict === null)
    expect(open).toMatchObject([{ toLocationName: 'cold' }])
  })

  it('goes on beside a store that cannot be opened, about which nothing is known', async () => {
    await start({ encryption: 'required' })
    encryptionAt = { 'store-cold': 'unopenable' }
    await seedObjects(database, catalog.bucketId, [anObject('silent')])
    await settle()
    const [plan] = await plans()
    expect(await decisionsOf(plan!)).toMatchObject([{ toLocationName: 'warm' }])
  })
})

describe('a policy that asks for copies', () => {
  const kinds = async () =>
    (
      await database.query<Record<string, unknown>>(
        `select kind, verify, copies_required as copies, regions_required as regions, priority from migration`,
      )
    ).rows

  /** A second complete copy, as a migration of kind `add-copy` leaves it. */
  const addReplica = () =>
    database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       select object_id, gen_random_uuid(), generation, $1, 'complete', false, 'e', size, 0, 'user:test' from copy`,
      [catalog.locationIds.cold],
    )

  it('gets them added where a person approves it', async () => {
    await start({ copies: 2, verify: 'read-back', approval: 'person' })
    await seedObjects(database, catalog.bucketId, [anObject('hot', { lnHeats: readAt(NOW, 20) })])
    await settle()
    const [plan] = await plans()
    expect(plan).toMatchObject({ state: 'proposed', objects: 1 })
    expect(plan!.monthlySavingUsd).toBeLessThan(0)
    await approvePlan(database, plan!.id, 'user:alice')
    expect(await kinds()).toMatchObject([{ kind: 'add-copy', verify: 'read-back' }])
  })

  it('gets a superfluous one dropped by itself, and says what must remain', async () => {
    await start({ copies: 1, approval: 'automatic' })
    await seedObjects(database, catalog.bucketId, [anObject('hot', { lnHeats: readAt(NOW, 20) })])
    await addReplica()
    await settle()
    expect(await kinds()).toMatchObject([{ kind: 'drop-copy', copies: 1, regions: 1 }])
  })
})

describe('a location that is being emptied', () => {
  it('has everything brought elsewhere, with its price, and gets nothing new', async () => {
    await start({ copies: 1, approval: 'person' })
    await seedObjects(database, catalog.bucketId, [
      anObject('there', { locationId: catalog.locationIds.cold }),
      anObject('elsewhere'),
    ])
    const { cold } = catalog.locationIds
    expect(await retireLocation(database, { id: cold, principal: 'user:alice' })).toBe(true)
    await settle()
    const [plan] = await plans()
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    const there = decisions.find(({ key }) => key === 'there')
    expect(there).toMatchObject({ reason: 'location-retiring', fromLocationId: cold })
    expect(there!.oneTimeUsd).toBeGreaterThan(0)
    expect(decisions.map(({ toLocationId }) => toLocationId)).not.toContain(cold)
    expect(await readRetirement(database, cold)).toMatchObject({
      retiringBy: 'user:alice',
      copies: 1,
      writtenBy: [],
    })
    expect(await reinstateLocation(database, cold)).toBe(true)
  })

  it.each([
    ['leaves an archive whose store restores', ['store-cold'], 1],
    ['stays in an archive whose store does not', [], 0],
  ] as const)('%s', async (_name, restoring, moved) => {
    archives = restoring
    await start({ approval: 'person' })
    const { cold } = catalog.locationIds
    await database.query('update location set restore_hours = 12 where id = $1', [cold])
    await seedObjects(database, catalog.bucketId, [anObject('there', { locationId: cold })])
    await settle()
    expect(await plans()).toEqual([])
    await retireLocation(database, { id: cold, principal: 'user:alice' })
    await enqueueReviews(database, [objectIdOf(catalog.bucketId, 'there')], 'requested', now)
    wallAhead += RULES_KEPT_MS
    await settle()
    expect(await plans()).toHaveLength(moved)
    archives = []
  })
})

describe('a plan for a person', () => {
  it('collects what should move, with its money, and moves nothing', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [
      anObject('cold-a'),
      anObject('cold-b'),
      anObject('read-daily', { lnHeats: readAt(NOW, 20) }),
    ])
    await settle()
    const [plan, ...others] = await plans()
    expect(others).toEqual([])
    expect(plan).toMatchObject({ state: 'proposed', approval: 'person', objects: 2, bytes: 2_000_000_000 })
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    expect(decisions.map(({ key }) => key).toSorted()).toEqual(['cold-a', 'cold-b'])
    expect(plan!.monthlySavingUsd).toBeCloseTo(
      decisions.reduce((sum, d) => sum + d.monthlySavingUsd, 0),
      12,
    )
    expect(plan!.monthlySavingUsd).toBeCloseTo(2 * (0.03 - 0.004), 6)
    expect(await migrations()).toEqual([])
  })

  it('becomes migrations when it is approved, without the decisions the person excepted', async () => {
    await start({ graceHours: 6, priorities: { demotion: 33 } })
    await seedObjects(database, catalog.bucketId, [anObject('a'), anObject('b'), anObject('c')])
    await settle()
    const [plan] = await plans()
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    const excepted = decisions.find(({ key }) => key === 'b')!.id
    const outcome = await approvePlan(database, plan!.id, 'user:alice', { exceptDecisionIds: [excepted] })
    expect(outcome).toEqual({
      kind: 'approved',
      rejected: 1,
      applied: { migrations: 2, outdated: 0, isComplete: true },
    })
    expect((await plans())[0]).toMatchObject({ state: 'approved', objects: 2, decidedBy: 'user:alice' })
    expect(await migrations()).toMatchObject([
      { key: 'a', direction: 'demotion', priority: 33, graceMs: 6 * 3_600_000, planId: plan!.id },
      { key: 'c', targetLocationId: catalog.locationIds.cold },
    ])
    expect(await approvePlan(database, plan!.id, 'user:bob')).toEqual({ kind: 'not-proposed' })
  })

  it('does not move what changed after it was decided', async () => {
    await start()
    const [first] = await seedObjects(database, catalog.bucketId, [anObject('a'), anObject('b')])
    await settle()
    await database.query('update object set placement_version = 2 where id = $1', [first])
    const [plan] = await plans()
    const outcome = await approvePlan(database, plan!.id, 'user:alice')
    expect(outcome).toMatchObject({ applied: { migrations: 1, outdated: 1 } })
    expect((await plans())[0]).toMatchObject({ objects: 1, state: 'approved' })
    expect((await reviewOf(first!))!.reason).toBe('requested')
    await settle()
    expect((await plans()).map(({ state, objects }) => [state, objects])).toEqual([
      ['proposed', 1],
      ['approved', 1],
    ])
  })

  it('is applied piece by piece when it is large', async () => {
    await start()
    const keys = Array.from({ length: 1_200 }, (_, index) => `k${index}`)
    await seedObjects(
      database,
      catalog.bucketId,
      keys.map(key => anObject(key)),
    )
    await settle()
    const [plan] = await plans()
    const outcome = await approvePlan(database, plan!.id, 'user:alice')
    expect(outcome).toMatchObject({ applied: { migrations: 1_000, isComplete: false } })
    expect((await plans())[0]!.state).toBe('approved')
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'approved', objects: 1_200 })
    expect(await migrations()).toHaveLength(1_200)
  })

  it('drops a decision when the heat comes back before anybody approved it', async () => {
    await start()
    const [objectId] = await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    const heat = readAt(NOW, 100)!
    await database.query(`insert into object_heat values ($1, $2, $3, $4, 100, 0, 0, $5, $5)`, [
      objectId,
      ...heat,
      NOW,
    ])
    await enqueueReviews(database, [objectId!], 'promotion', now)
    await settle()
    const [plan] = await plans()
    expect(plan).toMatchObject({ objects: 0, bytes: 0 })
    const [decision] = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    expect(decision!.verdict).toBe('outdated')
  })

  it('says the same only once, however often an object is looked at', async () => {
    await start()
    const [objectId] = await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    await enqueueReviews(database, [objectId!], 'requested', now)
    await settle()
    expect((await plans()).map(({ objects }) => objects)).toEqual([1])
  })

  it('can be rejected', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    const [plan] = await plans()
    expect(await rejectPlan(database, plan!.id, 'user:alice')).toBe(true)
    expect(await rejectPlan(database, plan!.id, 'user:alice')).toBe(false)
    expect((await plans())[0]!.state).toBe('rejected')
    expect(await migrations()).toEqual([])
  })

  it('is superseded when its policy changes, and its objects are looked at again', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    const [before] = await plans()
    await updatePolicy(
      database,
      { id: catalog.policyId, revision: 1 },
      aPolicy({ tiers: ['hot', 'warm'] }),
      'user:alice',
    )
    expect(await approvePlan(database, before!.id, 'user:alice')).toEqual({ kind: 'policy-changed' })
    await settle()
    const [after] = await plans()
    expect(after).toMatchObject({ state: 'proposed', policyRevision: 2, objects: 1 })
    const [decision] = await listPlanDecisions(database, { planId: after!.id, afterId: null, limit: 10 })
    expect(decision!.toLocationName).toBe('warm')
  })
})

describe('the end of a plan', () => {
  const end = (key: string, state: string) =>
    database.query('update migration set state = $2, finished_at = now() where key = $1', [key, state])

  it('comes when its last migration ended, and keeps how they ended and what they save', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a'), anObject('b'), anObject('c')])
    await settle()
    const [plan] = await plans()
    await approvePlan(database, plan!.id, 'user:alice')
    await end('a', 'done')
    await end('b', 'retained')
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'approved', appliedAt: null, outcome: null })
    await end('c', 'quarantined')
    await settle()
    const [ended] = await plans()
    expect(ended).toMatchObject({ state: 'applied', outcome: { done: 1, retained: 1, quarantined: 1 } })
    expect(ended!.appliedAt).toBeInstanceOf(Date)
    const [moved] = await migrations()
    expect(ended!.realisedMonthlySavingUsd).toBe(moved!.monthlySavingUsd)
    const { rows } = await database.query(`select detail from activity where kind = 'plan.applied'`)
    expect(rows).toMatchObject([{ detail: { policy: 'test-policy', outcome: { retained: 1 } } }])
  })

  it('is taken back when a person tries one of its migrations anew', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a'), anObject('b')])
    await settle()
    const [plan] = await plans()
    await approvePlan(database, plan!.id, 'user:alice')
    await end('a', 'done')
    await end('b', 'quarantined')
    await settle()
    const [id] = (await database.query<{ id: string }>(`select id from migration where key = 'b'`)).rows
    const retry = () =>
      retryMigration(database, { id: id!.id, principal: 'user:alice', permittedIn: ['quarantined'] })
    expect((await retry()).kind).toBe('done')
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'approved', outcome: null })
    await end('b', 'done')
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'applied', outcome: { done: 2 } })
    expect((await retry()).kind).toBe('not-now')
    expect((await plans())[0]!.state).toBe('applied')
  })

  it('comes at once when every object of it changed before', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    const [plan] = await plans()
    await database.query('update object set placement_version = 2')
    await approvePlan(database, plan!.id, 'user:alice')
    await database.query('delete from object_review')
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'applied', outcome: {}, realisedMonthlySavingUsd: 0 })
  })

  it('waits for the hour of an automatic plan to pass', async () => {
    await start({ approval: 'automatic' })
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    await end('a', 'done')
    await settle()
    expect((await plans())[0]!.state).toBe('approved')
    await database.query(`update plan set created_at = created_at - interval '2 minutes'`)
    now += 3_600_000
    await settle()
    expect((await plans())[0]).toMatchObject({ state: 'applied', outcome: { done: 1 } })
  })
})

describe('a person and the planner at once', () => {
  it('never disagree about what a plan holds', async () => {
    await start()
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`)
    const ids = await seedObjects(
      database,
      catalog.bucketId,
      keys.map(key => anObject(key)),
    )
    await settle()
    const [plan] = await plans()
    await database.query(`insert into object_heat select id, $1, $2, $3, 100, 0, 0, $4, $4 from object`, [
      ...readAt(NOW, 100)!,
      NOW,
    ])
    await enqueueReviews(database, ids, 'promotion', now)
    await Promise.all([approvePlan(database, plan!.id, 'user:alice'), settle(7), settle(7)])
    await settle()
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 100 })
    const approved = decisions.filter(({ verdict }) => verdict === 'approved')
    expect(decisions.filter(({ verdict }) => verdict === null)).toEqual([])
    expect((await plans())[0]).toMatchObject({ objects: approved.length })
    expect(await migrations()).toHaveLength(approved.length)
  })
})

describe('an automatic plan', () => {
  it('becomes migrations at once', async () => {
    await start({ approval: 'automatic' })
    await seedObjects(database, catalog.bucketId, [anObject('a'), anObject('b')])
    await settle()
    expect(await plans()).toMatchObject([{ state: 'approved', approval: 'automatic', objects: 2 }])
    expect(await migrations()).toHaveLength(2)
  })

  it('keeps to the caps of an hour and goes on in the next', async () => {
    await start({ approval: 'automatic', capsPerHour: { objects: 5 } })
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)
    const ids = await seedObjects(
      database,
      catalog.bucketId,
      keys.map(key => anObject(key)),
    )
    await settle(4)
    expect(await migrations()).toHaveLength(5)
    const waiting = (await Promise.all(ids.map(reviewOf))).filter(review => review?.reason === 'cap-reached')
    expect(waiting).toHaveLength(7)
    expect(waiting[0]!.review_ms).toBe(Math.floor(NOW / 3_600_000) * 3_600_000 + 3_600_000)
    // An automatic plan lives a minute of the wall clock at least; these are older.
    await database.query(`update plan set created_at = created_at - interval '2 minutes'`)
    now += 3_600_000
    await settle()
    expect(await migrations()).toHaveLength(10)
  })

  it('counts dollars and bytes too', async () => {
    await start({ approval: 'automatic', capsPerHour: { bytes: 2_500_000_000 } })
    await seedObjects(
      database,
      catalog.bucketId,
      ['a', 'b', 'c', 'd'].map(key => anObject(key)),
    )
    await settle()
    expect(await migrations()).toHaveLength(2)
  })

  it('brings objects back without asking where only promotions are automatic', async () => {
    await start({ approval: 'automatic-promotions' })
    await seedObjects(database, catalog.bucketId, [
      anObject('burst', { locationId: catalog.locationIds.cold, lnHeats: readAt(NOW, 50) }),
      anObject('silent'),
    ])
    await settle()
    expect(await migrations()).toMatchObject([{ key: 'burst', direction: 'promotion', priority: 60 }])
    const open = (await plans()).find(({ state }) => state === 'proposed')
    expect(open).toMatchObject({ objects: 1, approval: 'person' })
  })
})

describe('reviews', () => {
  it('are worked off when they are due and not before', async () => {
    await start()
    const [due, later] = await seedObjects(database, catalog.bucketId, [
      anObject('due', { lnHeats: readAt(NOW, 20) }),
      anObject('later', { lnHeats: readAt(NOW, 20), reviewAt: NOW + DAY }),
    ])
    await settle()
    expect(await reviewOf(later!)).toMatchObject({ review_ms: NOW + DAY, reason: 'new-object' })
    // 20 reads at once show as 4.6 a day; from there to 0.5 a day takes 3.2 half-lives of three days.
    const next = await reviewOf(due!)
    expect(next!.reason).toBe('heat-crossing')
    expect((next!.review_ms - NOW) / DAY).toBeCloseTo(3 * Math.log2((20 * Math.LN2) / 3 / 0.5), 3)
  })

  it('leave behind the heat at which ingest is to ask at once', async () => {
    await start()
    const [cold] = await seedObjects(database, catalog.bucketId, [
      anObject('cold', { locationId: catalog.locationIds.cold }),
    ])
    await settle()
    const review = await reviewOf(cold!)
    expect(Math.exp(review!.promote_ln_heat!) * (Math.LN2 / 3)).toBeCloseTo(0.1, 9)
  })

  it('end for objects that are deleted or under no policy', async () => {
    await start()
    const [deleted, free] = await seedObjects(database, catalog.bucketId, [
      anObject('deleted'),
      anObject('free'),
    ])
    await database.query('update object set is_present = false where id = $1', [deleted])
    await database.query('update bucket set policy_id = null')
    await settle()
    expect(await reviewOf(deleted!)).toBeNull()
    expect(await reviewOf(free!)).toBeNull()
    expect(await plans()).toEqual([])
  })

  it('are found for objects nobody has queued', async () => {
    await start()
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`)
    await seedObjects(
      database,
      catalog.bucketId,
      keys.map(key => anObject(key, { reviewAt: null })),
    )
    await settle()
    expect(await plans()).toMatchObject([{ objects: 30 }])
  })

  it('can be asked for all objects of a bucket', async () => {
    await start()
    const [objectId] = await seedObjects(database, catalog.bucketId, [
      anObject('a', { reviewAt: NOW + 9 * DAY }),
    ])
    await requestReviews(database, {
      bucketId: catalog.bucketId,
      reason: 'requested',
      principal: 'user:alice',
    })
    await settle()
    expect(await plans()).toMatchObject([{ objects: 1 }])
    expect((await reviewOf(objectId!))!.reason).not.toBe('requested')
  })

  it('wait while nothing has a price', async () => {
    await start()
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await database.query('delete from price_book')
    await settle()
    expect(await plans()).toEqual([])
  })

  it('go on for others when one object cannot be placed', async () => {
    await start()
    const [broken] = await seedObjects(database, catalog.bucketId, [anObject('broken'), anObject('good')])
    await database.query('alter table copy disable trigger all')
    await database.query(`update copy set location_id = gen_random_uuid() where object_id = $1`, [broken])
    await database.query('alter table copy enable trigger all')
    await settle()
    expect(await plans()).toMatchObject([{ objects: 1 }])
    expect(await reviewOf(broken!)).toMatchObject({ review_ms: NOW + 3_600_000, reason: 'requested' })
  })

  it('never reserve more than a location holds', async () => {
    await start()
    await database.query(`update location set capacity_bytes = 2500000000 where name = 'cold'`)
    await seedObjects(
      database,
      catalog.bucketId,
      ['a', 'b', 'c', 'd'].map(key => anObject(key)),
    )
    await settle(1)
    const [plan] = await plans()
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    expect(decisions.filter(({ toLocationName }) => toLocationName === 'cold')).toHaveLength(2)
    expect(decisions.filter(({ toLocationName }) => toLocationName === 'warm')).toHaveLength(2)
  })
})

describe('a full location', () => {
  it('keeps the room an object is waiting to go to', async () => {
    await start()
    await database.query(`update location set capacity_bytes = 1000000000 where name = 'cold'`)
    const [objectId] = await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    await enqueueReviews(database, [objectId!], 'requested', now)
    await settle()
    const [plan] = await plans()
    const decisions = await listPlanDecisions(database, { planId: plan!.id, afterId: null, limit: 10 })
    expect(decisions.map(({ toLocationName, verdict }) => [toLocationName, verdict])).toEqual([
      ['cold', null],
    ])
  })
})

describe('a location whose store takes no more bytes', () => {
  const fill = async () => {
    await markFull(database, {
      locationId: catalog.locationIds.cold,
      migrationId: newId(),
      answer: 'no room',
    })
    wallAhead += RULES_KEPT_MS
  }
  const sweepAll = async () => {
    while ((await sweepHolds(database)) > 0);
  }
  const moves = async () => {
    const { rows } = await database.query<{ key: string; state: string; to: string }>(
      `select m.key, m.state, l.name as to from migration m join location l on l.id = m.target_location_id
       order by m.key, m.created_at`,
    )
    return rows.map(({ key, state, to }) => `${key} ${state} ${to}`)
  }

  it('is given nothing, and the next best place is', async () => {
    await start({ approval: 'automatic' })
    await fill()
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    expect(await moves()).toEqual(['a planned warm'])
  })

  it('loses what still waits for it to the next best place, but for what a person asked for', async () => {
    await start({ approval: 'automatic' })
    await seedObjects(database, catalog.bucketId, [
      anObject('a'),
      anObject('b'),
      anObject('ordered'),
      anObject('leased'),
    ])
    await settle()
    await database.query(`update migration set decision_id = null where key = 'ordered'`)
    await database.query(
      `update migration set lease_owner = 'w', lease_expires_at = now() where key = 'leased'`,
    )
    await fill()
    await sweepAll()
    await settle()
    expect(await moves()).toEqual([
      'a aborted cold',
      'a planned warm',
      'b aborted cold',
      'b planned warm',
      'leased planned cold',
      'ordered planned cold',
    ])
    const { rows } = await database.query(
      `select distinct ended_by, e.detail ->> 'kind' as kind from migration m
       join migration_event e on e.migration_id = m.id and e.event = 'superseded'`,
    )
    expect(rows).toEqual([{ ended_by: 'superseded', kind: 'placed-elsewhere' }])
  })

  it('keeps what waits for it where no other place is allowed', async () => {
    await start({ approval: 'automatic', tiers: ['hot', 'cold'] })
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    await fill()
    await sweepAll()
    await settle()
    expect(await moves()).toEqual(['a planned cold'])
  })

  it('keeps what a person approved', async () => {
    await start({ approval: 'person' })
    await seedObjects(database, catalog.bucketId, [anObject('a')])
    await settle()
    const [plan] = await plans()
    await approvePlan(database, plan!.id, 'user:alice')
    await settle()
    await fill()
    await sweepAll()
    await settle()
    expect(await moves()).toEqual(['a planned cold'])
  })
})

describe('ten thousand objects', () => {
  it('are looked at once each by two planners at once, and only those that are due', async () => {
    await start({ approval: 'automatic', capsPerHour: { objects: 1_000 } })
    const objects = Array.from({ length: 10_000 }, (_, index) =>
      anObject(`k${index}`, {
        size: 1_000_000 + index,
        lnHeats: index % 2 === 0 ? null : readAt(NOW, 20),
        reviewAt: index < 8_000 ? NOW : NOW + DAY,
      }),
    )
    await seedObjects(database, catalog.bucketId, objects)
    const evaluated = async () => {
      const { values } = await metrics.placementEvaluations.get()
      return values.reduce((sum, { value }) => sum + value, 0)
    }
    const before = await evaluated()
    await Promise.all([settle(500), settle(500)])
    expect((await evaluated()) - before).toBe(8_000)
    expect(await migrations()).toHaveLength(1_000)
    const automatic = await plans()
    expect(automatic.reduce((sum, { objects: count }) => sum + count, 0)).toBe(1_000)
  })
})
