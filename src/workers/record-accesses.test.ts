import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { AccessEvent } from '../domain/access-event.ts'
import type { AccessEventBatch } from '../events/access-event-log.ts'
import { accessEvent } from '../events/contract/access-event-builder.ts'
import { silentLogger } from '../telemetry/logger.ts'
import {
  ACCESS_RECORDER_DEFAULTS,
  type AccessRecorderOptions,
  createAccessRecorder,
} from './record-accesses.ts'

/** A recorder whose log does what the test says: `append` may fail, also after it stored the batches. */
function recorderOn(
  append: (batches: readonly AccessEventBatch[]) => Promise<void>,
  changes: Partial<AccessRecorderOptions> = {},
) {
  const counts = { appended: 0, dropped: 0, malformed: 0 }
  const counter = (name: keyof typeof counts) => ({
    inc: (by: number) => {
      counts[name] += by
    },
  })
  const recorder = createAccessRecorder({
    ...ACCESS_RECORDER_DEFAULTS,
    flushMs: 1,
    eventLog: { partitionCount: 4, append },
    bootId: randomUUID(),
    log: silentLogger,
    metrics: {
      appended: counter('appended'),
      dropped: counter('dropped'),
      malformed: counter('malformed'),
    },
    ...changes,
  })
  return { recorder, counts }
}

const events = (count: number): AccessEvent[] =>
  Array.from({ length: count }, (_, index) => accessEvent(`key-${index}`))

/** Per partition the sequences of all batches, in the order of the appends. */
function sequences(batches: readonly AccessEventBatch[]): number[][] {
  return [0, 1, 2, 3].map(partition =>
    batches
      .filter(batch => batch.partition === partition)
      .flatMap(batch => batch.events.map((_, index) => batch.firstSequence + index)),
  )
}

test('appends every event once, numbered from 1 without a gap in each partition', async () => {
  const stored: AccessEventBatch[] = []
  const { recorder, counts } = recorderOn(async batches => {
    stored.push(...batches)
  })
  for (const event of events(500)) recorder.record(event)
  await vi.waitFor(() => expect(recorder.waiting()).toBe(0))
  for (const event of events(500)) recorder.record(event)
  await recorder.close()
  for (const numbers of sequences(stored))
    expect(numbers).toEqual(Array.from(numbers, (_, index) => index + 1))
  expect(sequences(stored).flat()).toHaveLength(1_000)
  expect(counts).toEqual({ appended: 1_000, dropped: 0, malformed: 0 })
})

test('repeats the very same batches when the outcome is unknown, before anything later', async () => {
  const attempts: (readonly AccessEventBatch[])[] = []
  const { recorder, counts } = recorderOn(async batches => {
    attempts.push(batches)
    if (attempts.length < 3) throw new Error('connection lost after commit')
  })
  for (const event of events(10)) recorder.record(event)
  await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(0))
  recorder.record(accessEvent('later'))
  await recorder.close()
  expect(attempts).toHaveLength(4)
  expect(attempts[1]).toEqual(attempts[0])
  expect(attempts[2]).toEqual(attempts[0])
  expect(attempts[3]!.flatMap(batch => batch.events)).toEqual([accessEvent('later')])
  expect(counts).toMatchObject({ appended: 11, dropped: 0 })
})

test('keeps up to its bound while the log is away, then counts what it drops', async () => {
  let isAway = true
  const { recorder, counts } = recorderOn(
    async () => {
      if (isAway) throw new Error('the database is down')
    },
    { queueEventsMax: 100 },
  )
  for (const event of events(150)) recorder.record(event)
  expect(recorder.waiting()).toBe(100)
  expect(counts.dropped).toBe(50)
  isAway = false
  await vi.waitFor(() => expect(recorder.waiting()).toBe(0))
  recorder.record(accessEvent('fits again'))
  await recorder.close()
  expect(counts).toMatchObject({ appended: 101, dropped: 50 })
})

test('gives up in the end when it must close while the log is away', async () => {
  const { recorder, counts } = recorderOn(
    async () => {
      throw new Error('the database is down')
    },
    { closeMsMax: 10 },
  )
  for (const event of events(30)) recorder.record(event)
  await recorder.close()
  recorder.record(accessEvent('too late'))
  expect(counts).toEqual({ appended: 0, dropped: 31, malformed: 0 })
})

test('drops a malformed event and goes on', async () => {
  const { recorder, counts } = recorderOn(async () => undefined)
  recorder.record(accessEvent('a', { at: Number.NaN }))
  recorder.record({ ...accessEvent('a'), objectId: 'not an id' })
  recorder.record(accessEvent('a'))
  await recorder.close()
  expect(counts).toEqual({ appended: 1, dropped: 0, malformed: 2 })
})

test('never sends more of a partition at once than a batch may hold', async () => {
  const sizes: number[] = []
  const { recorder } = recorderOn(
    async batches => {
      sizes.push(...batches.map(batch => batch.events.length))
    },
    { batchEventsMax: 20 },
  )
  for (const event of events(1_000)) recorder.record(event)
  await recorder.close()
  expect(Math.max(...sizes)).toBe(20)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_000)
})
