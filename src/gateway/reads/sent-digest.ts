import { createHash } from 'node:crypto'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import { startCrc64Nvme } from '../../domain/crc64-nvme.ts'

/** The digest of a whole content on its way to a reader. */
export interface SentDigest {
  update(bytes: Uint8Array): void
  /** Whether everything fed is another content than the catalog knows. Called once, last. */
  differs(): boolean
}

/** Starts the cheapest digest that the catalog knows of an object; null where it knows none. */
export function startSentDigest({ digests }: Pick<ResolvedObject, 'digests'>): SentDigest | null {
  const { crc64nvme, sha256 } = digests
  if (crc64nvme !== null) {
    const running = startCrc64Nvme()
    return { update: bytes => running.update(bytes), differs: () => running.finish() !== crc64nvme }
  }
  if (sha256 === null) return null
  const running = createHash('sha256')
  return { update: bytes => void running.update(bytes), differs: () => running.digest('hex') !== sha256 }
}
