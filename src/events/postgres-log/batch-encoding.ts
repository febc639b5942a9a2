import { crc32 } from 'node:zlib'
import { type AccessEvent, READER_CLASSES } from '../../domain/access-event.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { ACCESS_OPERATIONS, whyValuesMalformed } from '../access-event-check.ts'

/*
 * The stored form of a batch, all numbers little endian:
 *
 *   version u8 = 1 | crc32 u32 of everything after it | events u16 | ids u16 | ids × 16 bytes
 *   then per event, EVENT_BYTES long:
 *   object id 16 bytes | at f64 | bytes f64 | bucket u16 | location u16 | operation u8 | reader class u8
 *
 * Buckets and locations are indexes into the batch's ids; location NO_ID is null. Events have a fixed length,
 * so one that makes no sense is set aside without losing the others. 38 bytes an event: a sixth of
 * JSON, which matters twice over because the driver carries bytea as hexadecimal text; both take about half a
 * microsecond an event to write and to read (measured with batches of 250 events).
 */
const VERSION = 1
const HEADER_BYTES = 9
const ID_BYTES = 16
/** The length of one stored event. */
export const EVENT_BYTES = 38
const NO_ID = 0xffff

/** The payload of a batch as a whole is not readable: cut short, changed, or of another version. */
export class UnreadableBatchError extends Error {
  override readonly name = 'UnreadableBatchError'
}

/** One event of a stored batch: the event, or why it is none. */
export type DecodedEvent =
  | { readonly event: AccessEvent }
  | { readonly reason: string; readonly payload: Uint8Array }

/**
 * Encodes well-formed events. Throws a RangeError when a batch names more than 65,535 buckets and locations.
 */
export function encodeBatch(events: readonly AccessEvent[]): Buffer {
  const ids = new Map<Uuid, number>()
  for (const event of events) {
    if (!ids.has(event.bucketId)) ids.set(event.bucketId, ids.size)
    if (event.locationId !== null && !ids.has(event.locationId)) ids.set(event.locationId, ids.size)
  }
  if (ids.size >= NO_ID || events.length > 0xffff) throw new RangeError('too many events or ids in one batch')
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + ids.size * ID_BYTES + events.length * EVENT_BYTES)
  bytes[0] = VERSION
  bytes.writeUInt16LE(events.length, 5)
  bytes.writeUInt16LE(ids.size, 7)
  let position = HEADER_BYTES
  for (const id of ids.keys()) position = writeId(bytes, position, id)
  for (const event of events) position = writeEvent(bytes, position, event, ids)
  bytes.writeUInt32LE(crc32(bytes.subarray(5)), 1)
  return bytes
}

/**
 * The reverse of {@link encodeBatch}. Throws an UnreadableBatchError when the payload as a whole is not of
 * that form; a single event that makes no sense is returned with the reason.
 */
export function decodeBatch(bytes: Buffer): DecodedEvent[] {
  if (bytes[0] !== VERSION) throw new UnreadableBatchError(`version ${bytes[0] ?? 'missing'} is unknown`)
  if (bytes.length < HEADER_BYTES) throw new UnreadableBatchError('the payload is cut short')
  if (bytes.readUInt32LE(1) !== crc32(bytes.subarray(5)))
    throw new UnreadableBatchError('the checksum does not match')
  const count = bytes.readUInt16LE(5)
  const idCount = bytes.readUInt16LE(7)
  const eventsStart = HEADER_BYTES + idCount * ID_BYTES
  if (bytes.length !== eventsStart + count * EVENT_BYTES)
    throw new UnreadableBatchError(`${bytes.length} bytes cannot hold ${count} events and ${idCount} ids`)
  const ids = Array.from({ length: idCount }, (_, index) => readId(bytes, HEADER_BYTES + index * ID_BYTES))
  return Array.from({ length: count }, (_, index) => readEvent(bytes, eventsStart + index * EVENT_BYTES, ids))
}

function writeEvent(
  bytes: Buffer,
  start: number,
  event: AccessEvent,
  ids: ReadonlyMap<Uuid, number>,
): number {
  const position = writeId(bytes, start, event.objectId)
  bytes.writeDoubleLE(event.at, position)
  bytes.writeDoubleLE(event.bytes, position + 8)
  bytes.writeUInt16LE(ids.get(event.bucketId)!, position + 16)
  bytes.writeUInt16LE(event.locationId === null ? NO_ID : ids.get(event.locationId)!, position + 18)
  bytes[position + 20] = ACCESS_OPERATIONS.indexOf(event.operation)
  bytes[position + 21] = READER_CLASSES.indexOf(event.readerClass)
  return start + EVENT_BYTES
}

function readEvent(bytes: Buffer, start: number, ids: readonly Uuid[]): DecodedEvent {
  const position = start + ID_BYTES
  const bucketId = ids[bytes.readUInt16LE(position + 16)]
  const location = bytes.readUInt16LE(position + 18)
  const locationId = location === NO_ID ? null : ids[location]
  const payload = () => bytes.subarray(start, start + EVENT_BYTES)
  if (bucketId === undefined || locationId === undefined)
    return { reason: 'it names a bucket or location that the batch does not list', payload: payload() }
  const event = {
    objectId: readId(bytes, start),
    bucketId,
    // What the numbers do not name is undefined, which the check below refuses.
    operation: ACCESS_OPERATIONS[bytes[position + 20]!]!,
    at: bytes.readDoubleLE(position),
    bytes: bytes.readDoubleLE(position + 8),
    readerClass: READER_CLASSES[bytes[position + 21]!]!,
    locationId,
  }
  const reason = whyValuesMalformed(event)
  return reason === null ? { event } : { reason, payload: payload() }
}

function writeId(bytes: Buffer, start: number, id: Uuid): number {
  bytes.write(id.replaceAll('-', ''), start, ID_BYTES, 'hex')
  return start + ID_BYTES
}

function readId(bytes: Buffer, start: number): Uuid {
  const hex = bytes.toString('hex', start, start + ID_BYTES)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
