import { createHash, randomBytes } from 'node:crypto'

/** A 128-bit identifier in the text form of a UUID: lower case, with hyphens. */
export type Uuid = string

/** The identifier of an object: see {@link objectIdOf}. */
export type ObjectId = Uuid

/**
 * The identifier of the object with this key in this bucket: the first 128 bits of
 * SHA-256(bucket id, key). Anyone who knows bucket and key can compute it, on any machine, so a hot
 * statement can name the object (and its partition) without looking it up first.
 *
 * The key is hashed as its exact UTF-8 bytes; it is never normalised.
 */
export function objectIdOf(bucketId: Uuid, key: string): ObjectId {
  const hex = createHash('sha256').update(bucketId).update('\0').update(key, 'utf8').digest('hex')
  return formatUuid(hex.slice(0, 32))
}

/**
 * A new identifier whose text order is the order of creation (UUID version 7, RFC 9562): 48 bits of
 * wall-clock milliseconds, then randomness.
 */
export function newId(nowMs: number = Date.now()): Uuid {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return formatUuid(bytes.toString('hex'))
}

function formatUuid(hex: string): Uuid {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
