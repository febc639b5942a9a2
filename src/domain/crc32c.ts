import { crc32c } from '@node-rs/crc32'

/** A CRC-32C that grows with the bytes it is fed. */
export interface Crc32c {
  update(bytes: Uint8Array): void
  /** The digest of everything fed so far: 4 bytes, big-endian, as 8 lower-case hexadecimal digits. */
  finish(): string
}

/** Starts a CRC-32C (Castagnoli), the digest Google Cloud Storage keeps of every object. */
export function startCrc32c(): Crc32c {
  let value = 0
  return {
    update(bytes) {
      value = crc32c(bytes, value)
    },
    finish: () => (value >>> 0).toString(16).padStart(8, '0'),
  }
}
