import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { openEventLog } from '../../test/builders/event-log.ts'
import { listEventBatchDays } from '../database/accesses/event-batch-days.ts'
import { DAY } from '../domain/duration.ts'
import type { LogUnderTest } from '../events/contract/access-event-log.contract.ts'
import { appendReads, endOf } from '../events/contract/access-event-log.contract.ts'
import { POSTGRES_LOG } from '../events/postgres-log/postgres-event-log.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { RETENTION_DAYS_DEFAULT, retainHistoryLoop } from './retain-history.ts'

let testDatabase: TestDatabase
let log: LogUnderTest

beforeAll(async () => {
  testDatabase = await createTestDatabase()
})
afterAll(() => testDatabase.drop())
beforeEach(async () => {
  for (const day of await listEventBatchDays(testDatabase.database))
    await testDatabase.database.query(`drop table event_batch_${day.replaceAll('-', '')}`)
  await testDatabase.database.query(`truncate event_batch, event_log_partition, ingest_partition, ingest_boot,
    access_window, access_daily, activity, idempotency_key`)
  log = await openEventLog(testDatabase.database)
})

/** One step of retention, as if it were this many days later. */
async function retain(daysLater = 0, keep = RETENTION_DAYS_DEFAULT): Promise<void> {
  const later = { now: () => Date.now() + daysLater * DAY }
  const loop = retainHistoryLoop({
    database: testDatabase.database,
    modelClock: later,
    wallClock: later,
    eventSource: POSTGRES_LOG,
    keep,
    log: silentLogger,
  })
  await loop.step(new AbortController().signal)
}

async function applyAll(): Promise<void> {
  await testDatabase.database.query(
    `insert into ingest_partition (source, partition, next_offset)
     select $1, partition, next_offset from event_log_partition
     on conflict (source, partition) do update set next_offset = excluded.next_offset`,
    [POSTGRES_LOG],
  )
}

async function rowsIn(table: string): Promise<number> {
  const { rows } = await testDatabase.database.query(`select count(*) as count from ${table}`)
  return rows[0].count
}

const dayAt = (daysLater: number) => new Date(Date.now() + daysLater * DAY).toISOString().slice(0, 10)

test('makes the coming days of the log, once', async () => {
  await retain()
  await retain()
  expect(await listEventBatchDays(testDatabase.database)).toEqual([0, 1, 2].map(dayAt))
  await appendReads(log, 0, 3)
  expect(await rowsIn('event_batch_default')).toBe(0)
  expect(await rowsIn('event_batch')).toBe(1)
})

test('leaves batches alone that were appended before their day was made', async () => {
  const start = await appendReads(log, 0, 3)
  await retain()
  expect(await listEventBatchDays(testDatabase.database)).toEqual([1, 2].map(dayAt))
  expect((await log.fetch(0, start, 10)).accesses).toHaveLength(3)
})

test('drops a day that is old and applied', async () => {
  await retain()
  await appendReads(log, 0, 3)
  await applyAll()
  await retain(7)
  expect(await rowsIn('event_batch')).toBe(1)
  await retain(8)
  expect(await rowsIn('event_batch')).toBe(0)
  expect(await listEventBatchDays(testDatabase.database)).not.toContain(dayAt(0))
  await appendReads(log, 0, 1)
  expect(await endOf(log, 0)).toBe(4)
})

test('keeps old events that were not applied', async () => {
  await retain()
  await appendReads(log, 0, 3)
  await appendReads(log, 1, 3)
  await testDatabase.database.query(
    'insert into ingest_partition (source, partition, next_offset) values ($1, 0, 3)',
    [POSTGRES_LOG],
  )
  await retain(30)
  expect(await rowsIn('event_batch')).toBe(2)
})

test('removes old applied batches that have no day of their own', async () => {
  await appendReads(log, 0, 3)
  await appendReads(log, 1, 3)
  await testDatabase.database.query(`update event_batch set appended_at = now() - interval '8 days'`)
  await testDatabase.database.query(
    'insert into ingest_partition (source, partition, next_offset) values ($1, 0, 3)',
    [POSTGRES_LOG],
  )
  await retain()
  const { rows } = await testDatabase.database.query('select partition from event_batch')
  expect(rows).toEqual([{ partition: 1 }])
})

test('removes windows, daily counts, marks, activities and answers past their time, and nothing younger', async () => {
  const now = Date.now()
  const { database } = testDatabase
  for (const age of [0, 1]) {
    const at = now - age * 1_000 * DAY
    const day = Math.floor(at / DAY)
    const id = randomUUID()
    await database.query('insert into access_window values ($1, $2, $3)', [id, Buffer.from([1]), at])
    await database.query(`insert into access_daily values ($1, date '1970-01-01' + $2::int, 1, 1)`, [id, day])
    await database.query('insert into ingest_boot values ($1, 0, 1, to_timestamp($2))', [id, at / 1_000])
    await database.query(
      `insert into activity (at, kind, subject, principal) values (to_timestamp($1), 'a', 'b', 'system:test')`,
      [at / 1_000],
    )
    await database.query(
      `insert into idempotency_key (key, route, request_sha256, created_at, principal)
       values ($1, 'r', '', to_timestamp($2), 'user:a')`,
      [id, at / 1_000],
    )
  }
  await retain()
  const tables = ['access_window', 'access_daily', 'ingest_boot', 'activity', 'idempotency_key']
  expect(await Promise.all(tables.map(rowsIn))).toEqual(tables.map(() => 1))
})
