import { type Bytes, MIB } from './bytes.ts'

/** Objects up to this size are published by one request and share transactions, with others about as large. */
export const WHOLE_BYTES_MAX = 8 * MIB

/** What decides how an object is published at a store. */
export interface PublicationLimits {
  /** The largest object a single request takes. */
  readonly putSizeMax: Bytes
  /** Null: uploads in parts are not possible. */
  readonly multipart: { readonly partSizeMax: Bytes; readonly partsMax: number } | null
}

/**
 * How a copy is published. `whole`: by one request, from memory. `parts`: by an upload in parts. `stream`: by one
 * request while it is read.
 */
export type PublicationWay = 'whole' | 'parts' | 'stream'

/** How a copy of so many bytes is published; null where the store cannot take it. */
export function publicationWayOf(size: Bytes, limits: PublicationLimits): PublicationWay | null {
  if (size <= Math.min(WHOLE_BYTES_MAX, limits.putSizeMax)) return 'whole'
  if (limits.multipart !== null && size <= partedBytesMaxOf(limits)) return 'parts'
  return size <= limits.putSizeMax ? 'stream' : null
}

/** The largest copy a store takes, in whatever way. */
export function publishedBytesMaxOf(limits: PublicationLimits): Bytes {
  return Math.max(limits.putSizeMax, partedBytesMaxOf(limits))
}

/** The largest object that fits into the parts a store allows; 0 where it takes none. */
function partedBytesMaxOf({ multipart }: PublicationLimits): Bytes {
  return multipart === null ? 0 : multipart.partSizeMax * multipart.partsMax
}

/** What a store can be trusted to report of the copies it takes. */
export interface PublicationReports extends PublicationLimits {
  readonly reportedDigests: readonly string[]
  /** `reportedDigests`: of what was uploaded in parts. */
  readonly multipart:
    | (PublicationLimits['multipart'] & { readonly reportedDigests: readonly string[] })
    | null
}

/** The digests the mover knows of what it publishes in each way: the others cannot be put together, or are slow. */
const KNOWN_DIGESTS = {
  whole: ['sha256', 'crc64nvme', 'crc32c', 'md5'],
  parts: ['sha256', 'crc64nvme'],
  stream: ['sha256', 'crc64nvme', 'crc32c'],
} as const satisfies Record<PublicationWay, readonly string[]>

/**
 * The largest copy that is proven by what its store reports; larger ones are read back. 0: every copy is read back.
 * Null: none is.
 */
export function provenBytesMaxOf(store: PublicationReports): Bytes | null {
  if (!isProven('whole', store.reportedDigests)) return 0
  const wholeMax = Math.min(WHOLE_BYTES_MAX, store.putSizeMax)
  const beyond = publicationWayOf(wholeMax + 1, store)
  if (beyond === null) return null
  const trusted = store.reportedDigests.filter(
    name => beyond !== 'parts' || store.multipart!.reportedDigests.includes(name),
  )
  return isProven(beyond, trusted) ? null : wholeMax
}

function isProven(way: PublicationWay, reported: readonly string[]): boolean {
  return KNOWN_DIGESTS[way].some(name => reported.includes(name))
}
