import fc from 'fast-check'
import { type AccessEvent, READER_CLASSES } from '../../domain/access-event.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { partitionOf } from '../access-event-log.ts'

const BUCKET_ID = '01890000-0000-7000-8000-000000000001'
const LOCATION_ID = '01890000-0000-7000-8000-000000000002'

/** A read of one kilobyte of an object by an application, at noon of the first of June 2026. */
export function accessEvent(key: string, changes: Partial<AccessEvent> = {}): AccessEvent {
  return {
    objectId: objectIdOf(BUCKET_ID, key),
    bucketId: BUCKET_ID,
    operation: 'read',
    at: Date.UTC(2026, 5, 1, 12),
    bytes: 1_000,
    readerClass: 'application',
    locationId: LOCATION_ID,
    ...changes,
  }
}

/** Any event of objects that lie in this partition. */
export function accessEvents(partition: number, partitionCount: number): fc.Arbitrary<AccessEvent> {
  return fc
    .record({
      key: fc
        .nat()
        .map(String)
        .filter(key => partitionOf(objectIdOf(BUCKET_ID, key), partitionCount) === partition),
      operation: fc.constantFrom('read', 'head', 'write', 'delete'),
      at: fc.double({ min: 0, max: 8e15, noNaN: true }),
      bytes: fc.maxSafeNat(),
      readerClass: fc.constantFrom(...READER_CLASSES),
      locationId: fc.option(fc.uuid()),
    })
    .map(({ key, ...changes }) => accessEvent(key, changes))
}

/** The first keys `prefix0`, `prefix1` … whose objects lie in this partition. */
export function keysOfPartition(partition: number, partitionCount: number, count: number): string[] {
  const keys: string[] = []
  for (let number = 0; keys.length < count; number++)
    if (partitionOf(objectIdOf(BUCKET_ID, `key-${number}`), partitionCount) === partition)
      keys.push(`key-${number}`)
  return keys
}
