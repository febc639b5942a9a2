import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { openEventLog } from '../../../test/builders/event-log.ts'
import { ensureEventLogPartitions } from '../../database/accesses/event-log.ts'
import { accessEvent } from '../contract/access-event-builder.ts'
import {
  accessEventLogContract,
  appendReads,
  endOf,
  type LogUnderTest,
  readOn,
} from '../contract/access-event-log.contract.ts'
import { encodeBatch } from './batch-encoding.ts'

let testDatabase: TestDatabase
let log: LogUnderTest

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  log = await openEventLog(testDatabase.database)
})
afterAll(() => testDatabase.drop())

accessEventLogContract('the embedded log', () => log)

test('the number of partitions never changes', async () => {
  expect(await ensureEventLogPartitions(testDatabase.database, 16)).toBe(4)
})

test('a batch whose bytes were changed is set aside and the partition goes on', async () => {
  const start = await appendReads(log, 1, 3)
  await appendReads(log, 1, 2)
  await appendReads(log, 1, 4)
  await changePayload(1, start + 3, bytes => bytes.fill(7, 20, 30))
  const { accesses, malformed, endOffset } = await readOn(log, 1, start, 100)
  expect(endOffset).toBe(start + 9)
  expect(accesses.map(access => access.offset - start)).toEqual([0, 1, 2, 5, 6, 7, 8])
  expect(malformed).toMatchObject([
    { offset: start + 3, reason: 'batch of 2 events: the checksum does not match' },
  ])
})

test('a batch that holds another number of events is set aside as a whole', async () => {
  const start = await appendReads(log, 1, 3)
  await replacePayload(1, start, encodeBatch([accessEvent('only one')]))
  const { accesses, malformed } = await readOn(log, 1, start, 1)
  expect(accesses).toEqual([])
  expect(malformed).toMatchObject([{ reason: 'batch of 3 events: the payload holds 1' }])
})

test('an event that makes no sense is set aside without its neighbours', async () => {
  const start = await endOf(log, 0)
  const events = [1, Number.NaN, 3].map(at => accessEvent('a', { at }))
  await log.append([{ partition: 0, bootId: randomUUID(), firstSequence: 1, events }])
  const { accesses, malformed } = await readOn(log, 0, start, 100)
  expect(accesses.map(access => access.origin.sequence)).toEqual([1, 3])
  expect(malformed).toMatchObject([{ offset: start + 1, reason: 'at is not an instant' }])
})

test('what retention has removed is stepped over and counted', async () => {
  const start = await appendReads(log, 3, 5)
  await appendReads(log, 3, 5)
  await testDatabase.database.query('delete from event_batch where partition = 3 and first_offset = $1', [
    start,
  ])
  const { accesses, missing } = await readOn(log, 3, start, 100)
  expect(missing).toBe(5)
  expect(accesses.map(access => access.offset - start)).toEqual([5, 6, 7, 8, 9])
})

async function changePayload(partition: number, offset: number, change: (bytes: Buffer) => void) {
  const { rows } = await testDatabase.database.query<{ events: Buffer }>(
    'select events from event_batch where partition = $1 and first_offset = $2',
    [partition, offset],
  )
  change(rows[0]!.events)
  await replacePayload(partition, offset, rows[0]!.events)
}

async function replacePayload(partition: number, offset: number, events: Buffer) {
  await testDatabase.database.query(
    'update event_batch set events = $3 where partition = $1 and first_offset = $2',
    [partition, offset, events],
  )
}
