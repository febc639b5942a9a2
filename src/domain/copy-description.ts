/**
 * What a copy says about itself, as user metadata of the bytes (or a sidecar where a store has none): if the
 * catalog is lost, bucket, key, generation and digest can be read from the copies alone.
 */
export interface CopyDescription {
  /** The bucket's name as clients see it. */
  readonly bucket: string
  /** The object's own key; null where there was no room for it: then it is the native key. */
  readonly key: string | null
  /** The generation of the content; 0 when an upload in parts was described before its turn had come. */
  readonly generation: number
  /** SHA-256 of the whole content, lower-case hexadecimal; null when nobody had seen all bytes yet. */
  readonly sha256: string | null
  /** The ETag clients see, without quotes, which the store's own may differ from; null when not known. */
  readonly etag: string | null
  /**
   * The intent that published these bytes: by it, a crash in between is rolled forward; null for found bytes.
   */
  readonly intentId: string | null
}

/** The metadata names of a description. All begin with `dim-`, so that they can be told from a client's own. */
const COPY_DESCRIPTION_NAMES = {
  bucket: 'dim-bucket',
  key: 'dim-key',
  generation: 'dim-generation',
  sha256: 'dim-sha256',
  etag: 'dim-etag',
  intentId: 'dim-intent',
} as const satisfies Record<keyof CopyDescription, string>

const RESERVED_NAMES: ReadonlySet<string> = new Set(Object.values(COPY_DESCRIPTION_NAMES))

/** Whether a metadata name is one of ours; clients may not set it and do not see it. */
function isCopyDescriptionName(name: string): boolean {
  return RESERVED_NAMES.has(name)
}

/**
 * A description as user metadata. Bucket, key and ETag are percent-encoded, so every value is printable ASCII
 * without spaces and survives every store.
 *
 * Throws a `URIError` for text that is not valid Unicode.
 */
export function copyDescriptionMetadata(description: CopyDescription): Record<string, string> {
  const { bucket, key, generation, sha256, etag, intentId } = description
  return {
    [COPY_DESCRIPTION_NAMES.bucket]: encodeURIComponent(bucket),
    ...(key === null ? {} : { [COPY_DESCRIPTION_NAMES.key]: encodeURIComponent(key) }),
    [COPY_DESCRIPTION_NAMES.generation]: String(generation),
    ...(sha256 === null ? {} : { [COPY_DESCRIPTION_NAMES.sha256]: sha256 }),
    ...(etag === null ? {} : { [COPY_DESCRIPTION_NAMES.etag]: encodeURIComponent(etag) }),
    ...(intentId === null ? {} : { [COPY_DESCRIPTION_NAMES.intentId]: encodeURIComponent(intentId) }),
  }
}

/**
 * The description in an object's user metadata, or null when there is none or it is not one of ours: then the
 * bytes are somebody else's.
 */
export function decodeCopyDescription(metadata: Readonly<Record<string, string>>): CopyDescription | null {
  const bucket = decodeText(metadata[COPY_DESCRIPTION_NAMES.bucket])
  const key = decodeText(metadata[COPY_DESCRIPTION_NAMES.key])
  const generation = metadata[COPY_DESCRIPTION_NAMES.generation] ?? ''
  const sha256 = metadata[COPY_DESCRIPTION_NAMES.sha256] ?? null
  if (bucket === null || (key === null && COPY_DESCRIPTION_NAMES.key in metadata)) return null
  if (!/^\d{1,15}$/.test(generation)) return null
  if (sha256 !== null && !/^[0-9a-f]{64}$/.test(sha256)) return null
  return {
    bucket,
    key,
    generation: Number(generation),
    sha256,
    etag: decodeText(metadata[COPY_DESCRIPTION_NAMES.etag]),
    intentId: decodeText(metadata[COPY_DESCRIPTION_NAMES.intentId]),
  }
}

/** The intent that published these bytes, or null when they say nothing of one. */
export function publishingIntentOf(metadata: Readonly<Record<string, string>>): string | null {
  return decodeText(metadata[COPY_DESCRIPTION_NAMES.intentId])
}

/** The metadata that belongs to the object itself, without the description. */
export function withoutCopyDescription(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !isCopyDescriptionName(name)))
}

function decodeText(text: string | undefined): string | null {
  if (text === undefined) return null
  try {
    return decodeURIComponent(text)
  } catch {
    // Not an encoding of ours: `%` without two digits, or bytes that are no UTF-8.
    return null
  }
}
