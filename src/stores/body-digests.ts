import { createHash } from 'node:crypto'
import { createCRC64 } from 'hash-wasm'

/** Digests of a whole body, lower-case hexadecimal. */
export interface BodyDigests {
  readonly sha256?: string
  readonly md5?: string
  readonly crc64nvme?: string
}

/** The names of the digests a store can check. */
export type DigestName = keyof BodyDigests

export const DIGEST_NAMES = ['sha256', 'md5', 'crc64nvme'] as const satisfies readonly DigestName[]

/** The polynomial of CRC-64/NVME in the notation of hash-wasm; its check value is ae8b14860a799888. */
const CRC64NVME_POLYNOMIAL = '9a6c9329ac4bc9b5'

/** Digests that grow with the bytes they are fed. */
export interface DigestAccumulator {
  update(chunk: Uint8Array): void
  /** The digests of everything fed so far; called once. */
  finish(): BodyDigests
}

/** Starts the digests with these names. */
export async function startDigests(names: readonly DigestName[]): Promise<DigestAccumulator> {
  const running = await Promise.all(names.map(async name => ({ name, hash: await startDigest(name) })))
  return {
    update(chunk) {
      for (const { hash } of running) hash.update(chunk)
    },
    finish() {
      return Object.fromEntries(running.map(({ name, hash }) => [name, hash.digest('hex')]))
    },
  }
}

interface RunningDigest {
  update(chunk: Uint8Array): unknown
  digest(form: 'hex'): string
}

async function startDigest(name: DigestName): Promise<RunningDigest> {
  if (name !== 'crc64nvme') return createHash(name)
  return (await createCRC64(CRC64NVME_POLYNOMIAL)).init()
}
