import type { Bytes } from './bytes.ts'
import type { Instant } from './clock.ts'
import type { ObjectId, Uuid } from './identifiers.ts'

/** An object: a key in a bucket. Its content is in its versions, its bytes in their copies. */
export interface CatalogObject {
  readonly id: ObjectId
  readonly bucketId: Uuid
  /** At most 1,024 bytes of UTF-8, kept exactly. */
  readonly key: string
  /** Changes with content. 0 when nothing was ever published under this key. */
  readonly generation: number
  /** Changes with every switch, roll back, copy added or dropped. */
  readonly placementVersion: number
  readonly latencySlaMs: number | null
  /** The only location the object may live in, until {@link pinnedUntil}. */
  readonly pinnedLocationId: Uuid | null
  readonly pinnedUntil: Instant | null
}

/** Content headers that belong to the object and are shown to every reader, wherever the bytes lie. */
export interface ContentHeaders {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly contentDisposition?: string
  readonly contentLanguage?: string
  readonly cacheControl?: string
  readonly expires?: string
}

/** Where a digest comes from: the stream a client wrote, or bytes we read from a copy. */
export type DigestSource = 'client-write' | 'mover-read' | 'scrub-read' | 'store-report'

/** Digests of the whole content, lower-case hexadecimal. Null where nobody has seen all bytes yet. */
export interface Digests {
  readonly sha256: string | null
  readonly sha256Source: DigestSource | null
  readonly crc64nvme: string | null
}

/** One part of a multipart upload as the client made it; the client's view survives every move. */
export interface PartLayoutEntry {
  readonly number: number
  readonly size: Bytes
  readonly etag: string
}

/** One generation of an object's content. ETag, part layout and dates are the object's, not the copy's. */
export interface ObjectVersion {
  readonly objectId: ObjectId
  readonly generation: number
  readonly size: Bytes
  /** As clients see it, without quotes: MD5, or MD5-of-MD5s with `-N`. Never changed by a move. */
  readonly etag: string
  readonly headers: ContentHeaders
  /** User metadata: names lower case without the `x-amz-meta-` prefix. */
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly partLayout: readonly PartLayoutEntry[] | null
  readonly digests: Digests
  readonly lastModified: Instant
}

/** What a store says the bytes are: the means by which we recognise our copy before we read or delete it. */
export interface StoreIdentity {
  /** The store's own ETag for these bytes, without quotes. */
  readonly etag: string | null
  /** The store's version id or generation where it keeps versions. */
  readonly versionId: string | null
}

/**
 * What a copy is: `staging` (being written, not to be read), `complete`, `grace` (superseded, still whole,
 * may become primary again), `deleting`, `retained` (superseded, but may not be deleted), `suspect` (its
 * identity no longer matches, its bytes failed a check, or a move left it and nobody ever proved it).
 */
export const COPY_STATES = ['staging', 'complete', 'grace', 'deleting', 'retained', 'suspect'] as const
export type CopyState = (typeof COPY_STATES)[number]

/** One complete physical replica of one version in one location. Exactly one copy of a version is primary. */
export interface Copy {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly generation: number
  readonly locationId: Uuid
  readonly state: CopyState
  readonly isPrimary: boolean
  /** The key under which the store keeps the bytes; the object's own key unless the store cannot. */
  readonly nativeKey: string
  readonly identity: StoreIdentity
  readonly size: Bytes
  /** Model time of arrival, from which minimum durations are counted. */
  readonly enteredAt: Instant
  readonly graceUntil: Instant | null
  /** Model time of the last proof that the bytes are right, or null. */
  readonly verifiedAt: Instant | null
  /** How often a reader was given other bytes by it; each time its proof was forgotten. Left out: never. */
  readonly doubts?: number
}
