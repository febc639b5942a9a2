import { createCRC64, type IHasher } from 'hash-wasm'

/** The polynomial of CRC-64/NVME as hash-wasm wants it: reflected. Its check value is ae8b14860a799888. */
const POLYNOMIAL = '9a6c9329ac4bc9b5'

/** Each hasher is a WebAssembly instance, which takes longer to make than a small object to hash: used again. */
const idle: IHasher[] = []
const IDLE_MAX = 64

/** A CRC-64/NVME that grows with the bytes it is fed. One that is dropped unfinished is just forgotten. */
export interface Crc64Nvme {
  update(bytes: Uint8Array): void
  /** The digest of everything fed, 16 lower-case hexadecimal digits. Called once, last. */
  finish(): string
}

/** Starts a CRC-64/NVME, the digest S3 keeps of every object. */
export async function startCrc64Nvme(): Promise<Crc64Nvme> {
  const hasher = (idle.pop() ?? (await createCRC64(POLYNOMIAL))).init()
  return {
    update: bytes => void hasher.update(bytes),
    finish() {
      const digest = hasher.digest('hex')
      if (idle.length < IDLE_MAX) idle.push(hasher)
      return digest
    },
  }
}
