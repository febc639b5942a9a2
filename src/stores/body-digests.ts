import { createHash } from 'node:crypto'
import { startCrc32c } from '../domain/crc32c.ts'
import { startCrc64Nvme } from '../domain/crc64-nvme.ts'
import type { ObjectDigests } from './object-store.ts'

/** The names of the digests a store can check. */
export type DigestName = keyof ObjectDigests

export const DIGEST_NAMES = ['sha256', 'md5', 'crc64nvme', 'crc32c'] as const satisfies readonly DigestName[]

/** Digests that grow with the bytes they are fed. */
export interface DigestAccumulator {
  update(chunk: Uint8Array): void
  /** The digests of everything fed so far; called once. */
  finish(): ObjectDigests
}

/** Starts the digests with these names. */
export function startDigests(names: readonly DigestName[]): DigestAccumulator {
  const running = names.map(name => ({ name, hash: startDigest(name) }))
  return {
    update(chunk) {
      for (const { hash } of running) hash.update(chunk)
    },
    finish() {
      return Object.fromEntries(running.map(({ name, hash }) => [name, hash.finish()]))
    },
  }
}

interface RunningDigest {
  update(chunk: Uint8Array): void
  finish(): string
}

function startDigest(name: DigestName): RunningDigest {
  if (name === 'crc64nvme') return startCrc64Nvme()
  if (name === 'crc32c') return startCrc32c()
  const hash = createHash(name)
  return { update: chunk => void hash.update(chunk), finish: () => hash.digest('hex') }
}
