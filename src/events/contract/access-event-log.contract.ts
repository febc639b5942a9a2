import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccessEvent } from '../../domain/access-event.ts'
import type { AccessEventLog } from '../access-event-log.ts'
import type { AccessEventSource, FetchedAccesses, LoggedAccess } from '../access-event-source.ts'
import { accessEvent, accessEvents, keysOfPartition } from './access-event-builder.ts'

export type LogUnderTest = AccessEventLog & AccessEventSource

const FETCHES_MAX = 10_000

/**
 * Every sentence of access-event-log.ts and access-event-source.ts as a test. `open` gives the log to test;
 * it may be the same one every time, with what earlier tests appended.
 */
export function accessEventLogContract(name: string, open: () => LogUnderTest): void {
  describe(`${name} keeps the contract of an access event log`, () => {
    test('gives back what was appended, in order, with its origin', async () => {
      const log = open()
      await fc.assert(
        fc.asyncProperty(
          fc.array(accessEvents(1, log.partitionCount), { minLength: 1, maxLength: 50 }),
          fc.integer({ min: 1, max: 60 }),
          async (events, limit) => {
            const start = await endOf(log, 1)
            const bootId = randomUUID()
            await log.append([{ partition: 1, bootId, firstSequence: 41, events }])
            const { accesses } = await readOn(log, 1, start, limit)
            expect(accesses.map(access => access.event)).toEqual(events)
            expect(accesses.map(access => access.offset)).toEqual(events.map((_, index) => start + index))
            expect(accesses.map(access => access.origin)).toEqual(
              events.map((_, index) => ({ bootId, sequence: 41 + index })),
            )
          },
        ),
        { numRuns: 20 },
      )
    })

    test('fetches at most the limit, and may begin and end inside a batch', async () => {
      const log = open()
      const start = await appendReads(log, 0, 10)
      const fetched = await log.fetch(0, start + 3, 4)
      expect(fetched.accesses.map(access => access.offset - start)).toEqual([3, 4, 5, 6])
      expect(fetched.endOffset).toBe(start + 7)
    })

    test('is at its end where endOffsets says', async () => {
      const log = open()
      const start = await appendReads(log, 2, 5)
      expect(await endOf(log, 2)).toBe(start + 5)
      expect(await log.fetch(2, start + 5, 100)).toEqual({
        endOffset: start + 5,
        accesses: [],
        malformed: [],
        missing: 0,
      })
    })

    test('appends to several partitions at once, or to none', async () => {
      const log = open()
      const before = await log.endOffsets()
      const batch = (partition: number) => ({
        partition,
        bootId: randomUUID(),
        firstSequence: 1,
        events: [accessEvent('any')],
      })
      await expect(log.append([batch(0), batch(log.partitionCount)])).rejects.toThrow()
      expect(await log.endOffsets()).toEqual(before)
      await log.append([batch(0), batch(3)])
      const after = await log.endOffsets()
      expect([0, 1, 2, 3].map(partition => after.get(partition)! - before.get(partition)!)).toEqual([
        1, 0, 0, 1,
      ])
    })

    test('rereads the JSON of an event, and says why anything else is none', () => {
      const log = open()
      const event = accessEvent('any')
      expect(log.reread(Buffer.from(JSON.stringify(event)))).toEqual({ events: [event], malformed: [] })
      const { events, malformed } = log.reread(Buffer.from('no event'))
      expect(events).toEqual([])
      expect(malformed).toMatchObject([{ reason: expect.any(String) }])
    })

    test('refuses an empty batch', async () => {
      const log = open()
      const empty = { partition: 0, bootId: randomUUID(), firstSequence: 1, events: [] }
      await expect(log.append([empty])).rejects.toThrow(RangeError)
    })

    test('keeps a repeated append apart by its numbers', async () => {
      const log = open()
      const start = await endOf(log, 0)
      const batch = { partition: 0, bootId: randomUUID(), firstSequence: 7, events: [accessEvent('again')] }
      await log.append([batch])
      await log.append([batch])
      const { accesses } = await readOn(log, 0, start, 10)
      expect(accesses.map(access => access.origin.sequence)).toEqual([7, 7])
    })

    test('a reader behind many appenders at once sees every event once and no gap', async () => {
      const log = open()
      const start = await log.endOffsets()
      const appended = Promise.all(
        Array.from({ length: 6 }, async () => {
          for (let round = 0; round < 10; round++) await appendToAll(log, 3)
        }),
      )
      const offsets = new Map([...start.keys()].map(partition => [partition, [] as number[]]))
      const positions = new Map(start)
      const total = (partition: number) => start.get(partition)! + 6 * 10 * 3
      for (let fetches = 0; fetches < FETCHES_MAX; fetches++) {
        const open = [...positions].filter(([partition, position]) => position < total(partition))
        if (open.length === 0) break
        for (const [partition, position] of open) {
          const fetched = await log.fetch(partition, position, 7)
          offsets.get(partition)!.push(...fetched.accesses.map(access => access.offset))
          positions.set(partition, fetched.endOffset)
        }
      }
      await appended
      for (const [partition, seen] of offsets)
        expect(seen).toEqual(Array.from({ length: 180 }, (_, index) => start.get(partition)! + index))
    })
  })
}

/** The end of a partition now. */
export async function endOf(log: AccessEventSource, partition: number): Promise<number> {
  return (await log.endOffsets()).get(partition)!
}

/** Reads one partition to its end, `limit` events at a time. */
export async function readOn(
  log: AccessEventSource,
  partition: number,
  offset: number,
  limit: number,
): Promise<FetchedAccesses> {
  const accesses: LoggedAccess[] = []
  const malformed: FetchedAccesses['malformed'][number][] = []
  let position = offset
  let missing = 0
  for (let fetches = 0; fetches < FETCHES_MAX; fetches++) {
    const fetched = await log.fetch(partition, position, limit)
    accesses.push(...fetched.accesses)
    malformed.push(...fetched.malformed)
    missing += fetched.missing
    if (fetched.endOffset === position) break
    position = fetched.endOffset
  }
  return { endOffset: position, accesses, malformed, missing }
}

/** Appends reads of different objects to one partition; returns the offset of the first. */
export async function appendReads(log: LogUnderTest, partition: number, count: number): Promise<number> {
  const start = await endOf(log, partition)
  const events: AccessEvent[] = keysOfPartition(partition, log.partitionCount, count).map(key =>
    accessEvent(key),
  )
  await log.append([{ partition, bootId: randomUUID(), firstSequence: 1, events }])
  return start
}

async function appendToAll(log: LogUnderTest, count: number): Promise<void> {
  await log.append(
    Array.from({ length: log.partitionCount }, (_, partition) => ({
      partition,
      bootId: randomUUID(),
      firstSequence: 1,
      events: keysOfPartition(partition, log.partitionCount, count).map(key => accessEvent(key)),
    })),
  )
}
