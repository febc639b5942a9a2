import { type AccessRings, emptyRings, MINUTES_KEPT, QUARTERS_KEPT, quarterOf } from './access-windows.ts'

/**
 * The stored form of rings. Byte 0 is the form's version (1), bytes 1 to 4 the head minute (big endian),
 * then the minutes and the quarters, each as one byte with the number of non-empty buckets followed by, for
 * each from the newest, one byte with its age in buckets and the count as a varint (7 bits a byte, low
 * first). One read takes 11 bytes; the busiest object about 900.
 */
const VERSION = 1
const HEADER_BYTES = 5
const VARINT_BYTES_MAX = 5
const ENCODED_BYTES_MAX = HEADER_BYTES + 2 + (MINUTES_KEPT + QUARTERS_KEPT) * (1 + VARINT_BYTES_MAX)

/** Encodes rings for the access_window table. */
export function encodeRings(rings: AccessRings): Uint8Array {
  const bytes = new Uint8Array(ENCODED_BYTES_MAX)
  bytes[0] = VERSION
  new DataView(bytes.buffer).setUint32(1, rings.headMinute)
  const afterMinutes = encodeRing(bytes, HEADER_BYTES, rings.minutes, rings.headMinute)
  const end = encodeRing(bytes, afterMinutes, rings.quarters, quarterOf(rings.headMinute))
  return bytes.slice(0, end)
}

/** The reverse of {@link encodeRings}. Throws a RangeError when the bytes are not of that form. */
export function decodeRings(bytes: Uint8Array): AccessRings {
  if (bytes.length < HEADER_BYTES + 2 || bytes[0] !== VERSION)
    throw new RangeError(`not access rings: ${bytes.length} bytes, version ${bytes[0] ?? 'missing'}`)
  const rings = emptyRings()
  rings.headMinute = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
  const afterMinutes = decodeRing(bytes, HEADER_BYTES, rings.minutes, rings.headMinute)
  const end = decodeRing(bytes, afterMinutes, rings.quarters, quarterOf(rings.headMinute))
  if (end !== bytes.length) throw new RangeError(`access rings end at byte ${end} of ${bytes.length}`)
  return rings
}

function encodeRing(bytes: Uint8Array, start: number, ring: Uint32Array, head: number): number {
  let position = start + 1
  let entries = 0
  for (let age = 0; age < ring.length && age <= head; age++) {
    let count = ring[(head - age) % ring.length]!
    if (count === 0) continue
    entries++
    bytes[position++] = age
    while (count > 0x7f) {
      bytes[position++] = (count % 0x80) | 0x80
      count = Math.floor(count / 0x80)
    }
    bytes[position++] = count
  }
  bytes[start] = entries
  return position
}

function decodeRing(bytes: Uint8Array, start: number, ring: Uint32Array, head: number): number {
  const entries = bytes[start]
  if (entries === undefined || entries > ring.length) throw new RangeError('access rings are cut short')
  let position = start + 1
  for (let entry = 0; entry < entries; entry++) {
    const age = bytes[position++]
    if (age === undefined || age >= ring.length || age > head)
      throw new RangeError('access rings name a bucket outside of the ring')
    let count = 0
    for (let place = 1, more = true; more; place *= 0x80) {
      const byte = bytes[position++]
      if (byte === undefined || place > 2 ** 28) throw new RangeError('access rings are cut short')
      count += (byte & 0x7f) * place
      more = byte > 0x7f
    }
    ring[(head - age) % ring.length] = count
  }
  return position
}
