import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readObjectHeat } from '../../src/database/accesses/object-heat.ts'
import { type AccessEventLog, partitionOf } from '../../src/events/access-event-log.ts'
import { accessEvent } from '../../src/events/contract/access-event-builder.ts'
import { createTestDatabase, type TestDatabase } from '../builders/database.ts'
import { openEventLog } from '../builders/event-log.ts'

const KILLS = 6
const BATCHES = 400
const BATCH_EVENTS = 50
const OBJECTS = 300
const EVENTS = BATCHES * BATCH_EVENTS
const WAIT = { timeout: 20_000, interval: 10 }

let testDatabase: TestDatabase
const running = new Set<ChildProcess>()

beforeAll(async () => {
  testDatabase = await createTestDatabase()
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await testDatabase.drop()
})

// Two real processes read the log while events arrive; the older one is killed with whatever it was doing,
// another takes its place. In the end every object must have exactly the reads that were appended.
test('ingest processes that are killed again and again count every access once', async () => {
  const log = await openEventLog(testDatabase.database)
  const expected = new Map<string, number>()
  const appending = appendReads(log, expected)
  startProcess()
  for (let kill = 1; kill <= KILLS; kill++) {
    startProcess()
    await untilApplied((EVENTS * kill) / (KILLS + 2))
    const [oldest] = running
    oldest!.kill('SIGKILL')
    await once(oldest!, 'exit')
  }
  await appending
  await untilApplied(EVENTS)
  const heat = await readObjectHeat(testDatabase.database, [...expected.keys()])
  expect(new Map([...heat].map(([id, row]) => [id, row.reads]))).toEqual(expected)
}, 120_000)

function startProcess(): void {
  const file = path.join(import.meta.dirname, 'ingest-process.ts')
  const child = spawn(process.execPath, [file, testDatabase.connectionString], { stdio: 'inherit' })
  running.add(child)
  child.once('exit', () => running.delete(child))
}

/** Half of the batches are appended twice, as after an answer that was lost. */
async function appendReads(log: AccessEventLog, expected: Map<string, number>): Promise<void> {
  const bootId = randomUUID()
  const nextSequences = [1, 1, 1, 1]
  for (let batch = 0; batch < BATCHES; batch++) {
    const partition = batch % 4
    const events = readsOf(partition, batch)
    const appended = [{ partition, bootId, firstSequence: nextSequences[partition]!, events }]
    await log.append(appended)
    if (batch % 2 === 0) await log.append(appended)
    nextSequences[partition]! += events.length
    for (const { objectId } of events) expected.set(objectId, (expected.get(objectId) ?? 0) + 1)
  }
}

function readsOf(partition: number, seed: number) {
  const events = []
  for (let number = seed; events.length < BATCH_EVENTS; number += 7) {
    const event = accessEvent(`key-${number % OBJECTS}`, { at: Date.now() })
    if (partitionOf(event.objectId, 4) === partition) events.push(event)
  }
  return events
}

async function untilApplied(events: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await testDatabase.database.query(
      'select coalesce(sum(events_applied), 0) as applied from ingest_partition',
    )
    expect(Number(rows[0].applied)).toBeGreaterThanOrEqual(events)
  }, WAIT)
}
