import type { AccessEvent } from '../../domain/access-event.ts'
import { whyMalformed } from '../access-event-check.ts'
import type { RereadPayload } from '../access-event-source.ts'
import { decodeBatch, EVENT_BYTES, UnreadableBatchError } from './batch-encoding.ts'

/**
 * Reads anew what was set aside: a whole batch, or the JSON of an event that was refused when it was applied.
 * A single event cut out of its batch has lost the list of buckets and locations and stays malformed.
 */
export function rereadPayload(payload: Uint8Array): RereadPayload {
  const bytes = Buffer.from(payload)
  if (bytes.length === EVENT_BYTES && bytes[0] !== OPENING_BRACE)
    return malformed(bytes, 'one event without the list of buckets and locations of its batch')
  return bytes[0] === OPENING_BRACE ? rereadJson(bytes) : rereadBatch(bytes)
}

const OPENING_BRACE = '{'.charCodeAt(0)

function rereadBatch(bytes: Buffer): RereadPayload {
  try {
    const decoded = decodeBatch(bytes)
    return {
      events: decoded.flatMap(one => ('event' in one ? [one.event] : [])),
      malformed: decoded.flatMap(one => ('event' in one ? [] : [one])),
    }
  } catch (error) {
    if (error instanceof UnreadableBatchError) return malformed(bytes, error.message)
    throw error
  }
}

function rereadJson(bytes: Buffer): RereadPayload {
  let read: Partial<AccessEvent>
  try {
    read = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return malformed(bytes, 'the JSON is cut short or changed')
    throw error
  }
  const { objectId, bucketId, operation, at, bytes: count, readerClass, locationId } = read
  // What is missing or of another type is refused by the check.
  const event = { objectId, bucketId, operation, at, bytes: count, readerClass, locationId } as AccessEvent
  const reason = typeof at === 'number' ? whyMalformed(event) : 'at is not an instant'
  return reason === null ? { events: [event], malformed: [] } : malformed(bytes, reason)
}

function malformed(payload: Buffer, reason: string): RereadPayload {
  return { events: [], malformed: [{ payload, reason }] }
}
