import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { type Crc64Nvme, startCrc64Nvme } from '../../domain/crc64-nvme.ts'

/** Digests the gateway computes while bytes pass. */
export const DIGEST_ALGORITHMS = ['md5', 'sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme'] as const
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number]

/** The algorithms clients may declare in `x-amz-checksum-*`. */
export const CHECKSUM_ALGORITHMS = ['crc64nvme', 'crc32', 'crc32c', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

/** Length of each checksum in bytes. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc64nvme: 8,
  crc32: 4,
  crc32c: 4,
  sha1: 20,
  sha256: 32,
}

/** Several digests of one stream of bytes. */
export class BodyDigests {
  readonly #hashes = new Map<DigestAlgorithm, Hash>()
  readonly #crcs = new Map<'crc32' | 'crc32c', number>()
  #crc64: Crc64Nvme | null = null
  #results: ReadonlyMap<DigestAlgorithm, Buffer> | null = null

  private constructor() {}

  /** Starts computing these digests. */
  static start(algorithms: Iterable<DigestAlgorithm>): BodyDigests {
    const digests = new BodyDigests()
    for (const algorithm of algorithms) {
      if (algorithm === 'crc64nvme') digests.#crc64 = startCrc64Nvme()
      else if (algorithm === 'crc32' || algorithm === 'crc32c') digests.#crcs.set(algorithm, 0)
      else digests.#hashes.set(algorithm, createHash(algorithm))
    }
    return digests
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
    this.#crc64?.update(bytes)
    for (const [algorithm, value] of this.#crcs) {
      this.#crcs.set(algorithm, algorithm === 'crc32' ? crc32(bytes, value) : crc32c(asBuffer(bytes), value))
    }
  }

  /** The digests of everything seen; nothing can be added afterwards. */
  finish(): ReadonlyMap<DigestAlgorithm, Buffer> {
    if (this.#results !== null) return this.#results
    const results = new Map<DigestAlgorithm, Buffer>()
    for (const [algorithm, hash] of this.#hashes) results.set(algorithm, hash.digest())
    for (const [algorithm, value] of this.#crcs) {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value >>> 0)
      results.set(algorithm, bytes)
    }
    if (this.#crc64 !== null) {
      results.set('crc64nvme', Buffer.from(this.#crc64.finish(), 'hex'))
      this.#crc64 = null
    }
    this.#results = results
    return results
  }

  /** Gives up without a result. */
  discard(): void {
    this.#crc64 = null
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
