import type { Bytes } from '../domain/bytes.ts'
import type { Copy } from '../domain/object.ts'

/** Digests of a whole content, lower-case hexadecimal; absent where nobody knows them. */
export interface KnownDigests {
  readonly sha256?: string | null
  readonly crc64nvme?: string | null
  readonly crc32c?: string | null
  readonly md5?: string | null
}

export type DigestName = keyof KnownDigests

/** Digests in the order in which they are believed. */
const DIGEST_NAMES = ['sha256', 'crc64nvme', 'md5', 'crc32c'] as const satisfies readonly DigestName[]

/** What was found out about bytes that were read to their end. */
export interface ReadContent {
  readonly size: Bytes
  readonly digests: KnownDigests
}

/** What differs, so that a person can see it. */
interface Difference {
  readonly what: 'size' | DigestName
  readonly expected: string
  readonly found: string
}

/** Whether the bytes read from the source are the ones the catalog knows. */
export type SourceVerdict =
  | { readonly verdict: 'right' }
  /** Fewer or more bytes than promised: says nothing about what the source holds. */
  | { readonly verdict: 'broken-off'; readonly difference: Difference }
  /** Bytes of the right number whose digest is another one. */
  | { readonly verdict: 'corrupt'; readonly difference: Difference }

/**
 * Judges what was read from the source. A digest the catalog does not have cannot differ; where it has none
 * that could, what the source's store is trusted to report of the whole object decides (`reported`).
 */
export function judgeSource(
  promisedSize: Bytes,
  catalog: KnownDigests,
  read: ReadContent,
  reported: KnownDigests = {},
): SourceVerdict {
  const size = sizeDifference(promisedSize, read.size)
  if (size !== null) return { verdict: 'broken-off', difference: size }
  const isKnown = DIGEST_NAMES.some(name => catalog[name] != null && read.digests[name] != null)
  const digest = digestDifference(isKnown ? catalog : reported, read.digests, DIGEST_NAMES)
  return digest === null ? { verdict: 'right' } : { verdict: 'corrupt', difference: digest }
}

/** Whether the target holds what was read from the source. */
export type TargetVerdict =
  | { readonly verdict: 'verified'; readonly by: 'target-checksum' | 'read-back' }
  /** The target reports nothing that can be trusted: every byte must be read back. */
  | { readonly verdict: 'must-read-back' }
  | { readonly verdict: 'mismatch'; readonly difference: Difference }

/**
 * Judges what the target reports about the published bytes without sending them. Only digests named in
 * `trusted` (the store's capabilities) can prove anything, but any digest that differs disproves it.
 */
export function judgeReport(
  read: ReadContent,
  reported: { readonly size: Bytes; readonly digests: KnownDigests },
  trusted: readonly DigestName[],
): TargetVerdict {
  const size = sizeDifference(read.size, reported.size)
  if (size !== null) return { verdict: 'mismatch', difference: size }
  const digest = digestDifference(read.digests, reported.digests, trusted)
  if (digest !== null) return { verdict: 'mismatch', difference: digest }
  const isProven = trusted.some(name => reported.digests[name] != null && read.digests[name] != null)
  return isProven ? { verdict: 'verified', by: 'target-checksum' } : { verdict: 'must-read-back' }
}

/** Judges the bytes read back from the target. Without a common digest nothing is proven. */
export function judgeReadBack(read: ReadContent, readBack: ReadContent): TargetVerdict {
  const difference =
    sizeDifference(read.size, readBack.size) ?? digestDifference(read.digests, readBack.digests, DIGEST_NAMES)
  if (difference !== null) return { verdict: 'mismatch', difference }
  const isProven = (['sha256', 'crc64nvme'] as const).some(
    name => read.digests[name] != null && readBack.digests[name] != null,
  )
  if (!isProven) return { verdict: 'must-read-back' }
  return { verdict: 'verified', by: 'read-back' }
}

/** Whether a copy gave a reader wrong bytes and nobody proved it since: only reading it does. */
export function isDoubted({ doubts = 0, verifiedAt }: Pick<Copy, 'doubts' | 'verifiedAt'>): boolean {
  return doubts > 0 && verifiedAt === null
}

function sizeDifference(expected: Bytes, found: Bytes): Difference | null {
  return expected === found ? null : { what: 'size', expected: String(expected), found: String(found) }
}

function digestDifference(
  expected: KnownDigests,
  found: KnownDigests,
  names: readonly DigestName[],
): Difference | null {
  for (const name of names) {
    const left = expected[name]
    const right = found[name]
    if (left != null && right != null && left !== right) return { what: name, expected: left, found: right }
  }
  return null
}
