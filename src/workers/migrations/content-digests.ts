import { createHash } from 'node:crypto'
import type { Bytes } from '../../domain/bytes.ts'
import { startCrc32c } from '../../domain/crc32c.ts'
import { startCrc64Nvme } from '../../domain/crc64-nvme.ts'

/** Number and digests of bytes that were seen to their end; digests are lower-case hexadecimal. */
export interface SeenContent {
  readonly size: Bytes
  readonly digests: {
    readonly crc64nvme: string
    /** These where they were asked for. */
    readonly sha256?: string
    readonly crc32c?: string
    readonly md5?: string
  }
}

/** As {@link SeenContent}, with SHA-256. */
export interface HashedContent extends SeenContent {
  readonly digests: SeenContent['digests'] & { readonly sha256: string }
}

/** The digests and the byte count of a content, grown while it passes. */
export interface ContentDigests {
  update(chunk: Uint8Array): void
  /** Called once, after the last chunk. */
  finish(): HashedContent
}

/** Starts SHA-256, CRC-64/NVME and, unless nobody can compare it, CRC-32C over a whole content. */
export function startContentDigests(options: { readonly needsCrc32c?: boolean } = {}): ContentDigests {
  const sha256 = createHash('sha256')
  const crc64nvme = startCrc64Nvme()
  const crc32c = options.needsCrc32c === false ? null : startCrc32c()
  let size = 0
  return {
    update(chunk) {
      size += chunk.byteLength
      sha256.update(chunk)
      crc64nvme.update(chunk)
      crc32c?.update(chunk)
    },
    finish: () => ({
      size,
      digests: {
        sha256: sha256.digest('hex'),
        crc64nvme: crc64nvme.finish(),
        ...(crc32c === null ? {} : { crc32c: crc32c.finish() }),
      },
    }),
  }
}

/** Reads a body to its end and tells what it was; keeps none of it. */
export async function digestBody(body: AsyncIterable<Uint8Array>): Promise<HashedContent> {
  const digests = startContentDigests()
  for await (const chunk of body) digests.update(chunk)
  return digests.finish()
}
