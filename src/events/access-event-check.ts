import { type AccessEvent, READER_CLASSES } from '../domain/access-event.ts'

/** The operations in the order of their stored numbers. */
export const ACCESS_OPERATIONS = ['read', 'head', 'write', 'delete'] as const

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The last moment a JavaScript date can tell. */
const INSTANT_MAX = 8.64e15

/** Why this is not an access event, in words that name the field; null when it is one. */
export function whyMalformed(event: AccessEvent): string | null {
  if (!UUID.test(event.objectId)) return 'objectId is not a lower-case UUID'
  if (!UUID.test(event.bucketId)) return 'bucketId is not a lower-case UUID'
  if (event.locationId !== null && !UUID.test(event.locationId)) return 'locationId is not a lower-case UUID'
  return whyValuesMalformed(event)
}

/** The same for everything but the ids, for events whose ids cannot be malformed. */
export function whyValuesMalformed(event: AccessEvent): string | null {
  if (!ACCESS_OPERATIONS.includes(event.operation)) return 'operation is unknown'
  if (!READER_CLASSES.includes(event.readerClass)) return 'readerClass is unknown'
  if (!(Math.abs(event.at) <= INSTANT_MAX)) return 'at is not an instant'
  if (!Number.isSafeInteger(event.bytes) || event.bytes < 0) return 'bytes is not a count of bytes'
  return null
}
