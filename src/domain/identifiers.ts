import { hash, randomFillSync } from 'node:crypto'

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
  const hex = hash('sha256', `${bucketId}\0${key}`, 'hex')
  return formatUuid(hex.slice(0, 32))
}

/**
 * A new identifier whose text order is the order of creation (UUID version 7, RFC 9562): 48 bits of
 * wall-clock milliseconds, then randomness.
 */
export function newId(nowMs: number = Date.now()): Uuid {
  const bytes = takeRandomBytes()
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return formatUuid(bytes.toString('hex'))
}

/** Randomness for 256 identifiers: asking the system for each one costs more than all the rest. */
const randomness = Buffer.alloc(256 * 16)
let randomnessTaken = randomness.length

/** 16 random bytes that are used once. */
function takeRandomBytes(): Buffer {
  if (randomnessTaken === randomness.length) {
    randomFillSync(randomness)
    randomnessTaken = 0
  }
  randomnessTaken += 16
  return randomness.subarray(randomnessTaken - 16, randomnessTaken)
}

function formatUuid(hex: string): Uuid {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
