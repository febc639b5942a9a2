import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { openEventLog } from '../../test/builders/event-log.ts'
import { readAccessDays } from '../database/accesses/access-daily.ts'
import { readAccessWindows } from '../database/accesses/access-windows.ts'
import { listDeadLetters } from '../database/accesses/dead-letters.ts'
import { readIngestLag } from '../database/accesses/ingest-partitions.ts'
import { readObjectHeat } from '../database/accesses/object-heat.ts'
import type { AccessEvent } from '../domain/access-event.ts'
import { DAY, HOUR, MINUTE } from '../domain/duration.ts'
import { partitionOf } from '../events/access-event-log.ts'
import { accessEvent, keysOfPartition } from '../events/contract/access-event-builder.ts'
import type { LogUnderTest } from '../events/contract/access-event-log.contract.ts'
import { accessWindowsAt } from '../heat/access-windows.ts'
import { foldAccess, noAccesses } from '../heat/fold-accesses.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, heatAt, lnHeatOfRate } from '../heat/forward-decay.ts'
import { READER_WEIGHTS_DEFAULT } from '../heat/reader-weights.ts'
import { decodeRings } from '../heat/ring-encoding.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { noIngestMetrics } from './ingest-events/ingest-metrics.ts'
import { createIngestWorker, INGEST_DEFAULTS, type IngestWorkerOptions } from './ingest-events.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const STEPS_MAX = 1_000

let testDatabase: TestDatabase
let log: LogUnderTest
let sequence = 1

beforeAll(async () => {
  testDatabase = await createTestDatabase({ connectionsMax: 16 })
})
afterAll(() => testDatabase.drop())
beforeEach(async () => {
  await testDatabase.database.query(`truncate event_batch, event_log_partition, ingest_partition, ingest_boot,
    object_heat, access_window, access_daily, object_review, dead_letter`)
  log = await openEventLog(testDatabase.database)
})

function worker(changes: Partial<IngestWorkerOptions> = {}) {
  return createIngestWorker({
    ...INGEST_DEFAULTS,
    database: testDatabase.database,
    source: log,
    clock: { now: () => NOW },
    owner: randomUUID(),
    weights: READER_WEIGHTS_DEFAULT,
    principal: 'system:ingest',
    log: silentLogger,
    metrics: noIngestMetrics(),
    ...changes,
  })
}

type Worker = ReturnType<typeof worker>

async function append(events: readonly AccessEvent[], bootId: string = randomUUID()): Promise<void> {
  await log.append(
    [0, 1, 2, 3].flatMap(partition => {
      const own = events.filter(event => partitionOf(event.objectId, 4) === partition)
      return own.length === 0 ? [] : [{ partition, bootId, firstSequence: sequence, events: own }]
    }),
  )
  sequence += events.length
}

async function lagOf(): Promise<number> {
  const lag = await readIngestLag(testDatabase.database, log.name)
  return lag.reduce((sum, { events }) => sum + events, 0)
}

/** Steps until everything appended is applied. */
async function catchUp(...workers: readonly Worker[]): Promise<void> {
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    await Promise.all(workers.map(({ loop }) => loop.step(new AbortController().signal)))
    if ((await lagOf()) === 0) return
  }
  throw new Error('ingest did not catch up')
}

const read = (key: string, changes: Partial<AccessEvent> = {}) => accessEvent(key, { at: NOW, ...changes })

/** A Zipf-like handful of objects read over three days. */
function manyReads(count: number, seed = 1): AccessEvent[] {
  return fc.sample(
    fc
      .record({ rank: fc.integer({ min: 0, max: 999 }), age: fc.integer({ min: 0, max: 3 * DAY }) })
      .map(({ rank, age }) =>
        read(`key-${Math.floor(40 ** (rank / 1_000))}`, { at: NOW - age, bytes: 10 + (age % 90) }),
      ),
    { numRuns: count, seed },
  )
}

/** What the tables must say after these events, each applied once. */
async function expectApplied(events: readonly AccessEvent[]): Promise<void> {
  const fold = noAccesses()
  for (const event of events) foldAccess(fold, event, { now: NOW, weights: READER_WEIGHTS_DEFAULT })
  const ids = [...fold.objects.keys()]
  const heat = await readObjectHeat(testDatabase.database, ids)
  const windows = await readAccessWindows(testDatabase.database, ids)
  const days = await readAccessDays(testDatabase.database, { objectIds: ids, firstDay: 0 })
  for (const [objectId, expected] of fold.objects) {
    const row = heat.get(objectId)!
    expect(row).toMatchObject({
      reads: expected.reads,
      writes: expected.writes,
      bytesRead: expected.bytesRead,
      firstAccessAt: expected.firstAccessAt,
      lastAccessAt: expected.lastAccessAt,
    })
    expect(heatAt(HEAT_6H, row.lnHeat6h, NOW)).toBeCloseTo(heatAt(HEAT_6H, expected.lnHeat6h, NOW), 6)
    expect(heatAt(HEAT_3D, row.lnHeat3d, NOW)).toBeCloseTo(heatAt(HEAT_3D, expected.lnHeat3d, NOW), 6)
    expect(heatAt(HEAT_30D, row.lnHeat30d, NOW)).toBeCloseTo(heatAt(HEAT_30D, expected.lnHeat30d, NOW), 6)
    expect(days.filter(day => day.objectId === objectId)).toEqual(
      expected.days.toSorted((a, b) => a.day - b.day).map(day => ({ objectId, ...day })),
    )
    const counted = accessWindowsAt(decodeRings(windows.get(objectId)!), NOW)
    expect(counted.access1h).toBe(expected.readMinutes.filter(m => m >= NOW / MINUTE - 60).length)
    expect(counted.access24h).toBe(
      expected.readMinutes.filter(m => Math.floor(m / 15) >= NOW / MINUTE / 15 - 96).length,
    )
  }
}

describe('ingest', () => {
  test('applies every event to counters, heat, windows and days', async () => {
    const events = manyReads(3_000)
    for (let start = 0; start < events.length; start += 100) await append(events.slice(start, start + 100))
    await catchUp(worker({ stretchEventsMax: 70 }))
    await expectApplied(events)
  })

  test('goes on where another worker stopped, with memory of its own', async () => {
    const events = manyReads(600)
    const [first, second] = [worker(), worker()]
    await append(events.slice(0, 200))
    await catchUp(first)
    await first.release()
    await append(events.slice(200, 400))
    await catchUp(second)
    await second.release()
    await append(events.slice(400))
    await catchUp(first)
    await expectApplied(events)
  })

  test('applies a repeated append once', async () => {
    const events = manyReads(50)
    const bootId = randomUUID()
    await append(events.slice(0, 30), bootId)
    sequence -= 30
    await append(events.slice(0, 30), bootId)
    await append(events.slice(30), bootId)
    const repeated = { inc: vi.fn() }
    await catchUp(worker({ stretchEventsMax: 20, metrics: { ...noIngestMetrics(), repeated } }))
    await expectApplied(events)
    expect(repeated.inc.mock.calls.reduce((sum, [by]) => sum + by, 0)).toBe(30)
  })

  test('keeps a payload it cannot read as a dead letter and goes on', async () => {
    await append([read('a')])
    await testDatabase.database.query(`update event_batch set events = '\\xdeadbeef'`)
    await append([read('a')])
    await catchUp(worker())
    await expectApplied([read('a')])
    expect(await listDeadLetters(testDatabase.database, { limit: 10 })).toMatchObject([
      { source: 'postgres-log', logOffset: 0, payloadBytes: 4, payloadStart: Buffer.from('deadbeef', 'hex') },
    ])
  })

  test('sets aside the one event that the database refuses', async () => {
    const poison = read('poison')
    await testDatabase.database.query(
      `alter table object_heat add constraint no_poison check (object_id <> '${poison.objectId}')`,
    )
    try {
      const partition = partitionOf(poison.objectId, 4)
      const events = keysOfPartition(partition, 4, 30).map(key => read(key))
      await append([...events.slice(0, 17), poison, ...events.slice(17)])
      await catchUp(worker({ leaseMs: 3 }))
      await expectApplied(events)
      const letters = await listDeadLetters(testDatabase.database, { limit: 10 })
      expect(letters).toMatchObject([{ logOffset: 17, partition }])
      expect(JSON.parse(letters[0]!.payloadStart.toString())).toEqual(poison)
    } finally {
      await testDatabase.database.query('alter table object_heat drop constraint no_poison')
    }
  })

  test('clamps times of 1970 and 9999 and counts them', async () => {
    const counts = { clampedFuture: { inc: vi.fn() }, clampedAncient: { inc: vi.fn() } }
    await append([read('a', { at: 0 }), read('a', { at: 253_402_300_799_000 }), read('a')])
    await catchUp(worker({ metrics: { ...noIngestMetrics(), ...counts } }))
    const row = (await readObjectHeat(testDatabase.database, [read('a').objectId])).get(read('a').objectId)!
    expect(row).toMatchObject({ reads: 3, lastAccessAt: NOW })
    expect(heatAt(HEAT_30D, row.lnHeat30d, NOW)).toBeCloseTo(2, 6)
    expect(counts.clampedFuture.inc).toHaveBeenCalledWith(1)
    expect(counts.clampedAncient.inc).toHaveBeenCalledWith(1)
  })

  test('stays finite when counters are at their limits', async () => {
    const huge = read('huge', { bytes: Number.MAX_SAFE_INTEGER })
    await append([huge, huge])
    await append([huge])
    await catchUp(worker({ stretchEventsMax: 1 }))
    const rows = await readObjectHeat(testDatabase.database, [huge.objectId])
    expect(rows.get(huge.objectId)).toMatchObject({ reads: 3, bytesRead: Number.MAX_SAFE_INTEGER })
  })

  test('says how far it is behind', async () => {
    await append([read('a'), read('b'), read('c')])
    const before = await readIngestLag(testDatabase.database, log.name)
    expect(before.reduce((sum, { events }) => sum + events, 0)).toBe(3)
    expect(before.every(({ seconds, events }) => (events === 0 ? seconds === 0 : seconds > 0))).toBe(true)
    await catchUp(worker())
    const after = await readIngestLag(testDatabase.database, log.name)
    expect(after.map(({ events, seconds }) => [events, seconds])).toEqual([0, 1, 2, 3].map(() => [0, 0]))
  })
})

describe('reviews', () => {
  const reviewOf = async (key: string) => {
    const { rows } = await testDatabase.database.query(
      'select review_ms, reason from object_review where object_id = $1',
      [read(key).objectId],
    )
    return rows[0]
  }
  const setReview = (key: string, reviewAt: number, promoteLnHeat: number | null) =>
    testDatabase.database.query(
      `insert into object_review (object_id, review_ms, reason, promote_ln_heat)
       values ($1, $2, 'heat-crossing', $3)`,
      [read(key).objectId, reviewAt, promoteLnHeat],
    )

  test('an object read for the first time gets one', async () => {
    await append([read('new')])
    await catchUp(worker())
    expect(await reviewOf('new')).toEqual({ review_ms: NOW, reason: 'new-object' })
  })

  test('an object that has one keeps it', async () => {
    await setReview('known', NOW + DAY, null)
    await append([read('known')])
    await catchUp(worker())
    expect(await reviewOf('known')).toEqual({ review_ms: NOW + DAY, reason: 'heat-crossing' })
  })

  test('an object that rises above its threshold is due at once, others wait', async () => {
    // Three reads close together show as 0.69 reads a day, four as 0.92.
    const threshold = lnHeatOfRate(HEAT_3D, 0.8)
    for (const key of ['rising', 'waiting']) await setReview(key, NOW + DAY, threshold)
    const ingest = worker()
    await append(['rising', 'rising', 'waiting', 'waiting', 'waiting'].map(key => read(key)))
    await catchUp(ingest)
    expect(await reviewOf('rising')).toEqual({ review_ms: NOW + DAY, reason: 'heat-crossing' })
    await append(['rising', 'rising'].map(key => read(key)))
    await catchUp(ingest)
    expect(await reviewOf('rising')).toEqual({ review_ms: NOW, reason: 'promotion' })
    expect(await reviewOf('waiting')).toEqual({ review_ms: NOW + DAY, reason: 'heat-crossing' })
  })

  test('reads of long ago do not promote', async () => {
    await setReview('old', NOW + DAY, lnHeatOfRate(HEAT_3D, 0.8))
    await append(Array.from({ length: 10 }, (_, index) => read('old', { at: NOW - index * 10 * DAY - HOUR })))
    await catchUp(worker())
    expect(await reviewOf('old')).toEqual({ review_ms: NOW + DAY, reason: 'heat-crossing' })
  })
})

describe('two workers at once', () => {
  test('share the log without counting anything twice', async () => {
    const events = manyReads(2_000, 2)
    const workers = [worker({ partitionsMax: 2 }), worker({ partitionsMax: 2 })]
    const appending = (async () => {
      for (let start = 0; start < events.length; start += 50) await append(events.slice(start, start + 50))
    })()
    await Promise.all([appending, catchUp(...workers)])
    await catchUp(...workers)
    await expectApplied(events)
  })

  test('count nothing twice while they take the partitions from each other all the time', async () => {
    const events = manyReads(1_500, 3)
    for (let start = 0; start < events.length; start += 50) await append(events.slice(start, start + 50))
    // A lease of no time is free for the other at once, even in the middle of a stretch.
    const fenced = { inc: vi.fn() }
    const metrics = { ...noIngestMetrics(), fenced }
    await catchUp(...[1, 2, 3].map(() => worker({ leaseMs: 0, stretchEventsMax: 40, metrics })))
    await expectApplied(events)
    expect(fenced.inc).toHaveBeenCalled()
  })

  test('what a worker had not committed when it was killed is applied by the next, once', async () => {
    const events = manyReads(400, 4)
    await append(events)
    // The first worker waits for a row that this transaction holds, with its own transaction half done.
    const blocker = await testDatabase.database.connect()
    try {
      await blocker.query('begin')
      await blocker.query('lock table access_daily in share mode')
      const halfDone = worker({ leaseMs: 1 })
        .loop.step(new AbortController().signal)
        .catch((error: Error) => error)
      const waiting = `select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and state = 'active'`
      const { database } = testDatabase
      await vi.waitFor(async () => expect((await database.query(waiting)).rows).toHaveLength(4), 10_000)
      await database.query(`select pg_terminate_backend(pid) from (${waiting}) as w`)
      expect(await halfDone).toBeInstanceOf(Error)
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }
    expect(await lagOf()).toBe(400)
    await catchUp(worker())
    await expectApplied(events)
  })
})
