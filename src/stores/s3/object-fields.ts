import type { ContentHeaders, StoreIdentity } from '../../domain/object.ts'
import { checkHeaderValue } from '../call-rules.ts'
import { decodeMetadataValue, encodeMetadataValue } from '../metadata-encoding.ts'
import type { ObjectDigests, PutFacts, PutOptions, StoreCapabilities, StoredObject } from '../object-store.ts'
import type { StoreOperation } from '../store-operation.ts'
import { archiveStateOf, encryptionOf, extraHeadersOf, lockOf } from './object-extras.ts'
import { elementOf } from './xml-elements.ts'

type Headers = Readonly<Record<string, string>>

/** What clients call a header of the content, and S3. */
const HEADER_NAMES = {
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  contentDisposition: 'content-disposition',
  contentLanguage: 'content-language',
  cacheControl: 'cache-control',
  expires: 'expires',
} as const satisfies Record<keyof ContentHeaders, string>

const METADATA_PREFIX = 'x-amz-meta-'

/** The headers of a request that carry what travels with the bytes. */
export function factHeadersOf(operation: StoreOperation, facts: PutFacts): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(facts.headers ?? {})) {
    checkHeaderValue(operation, value)
    headers[HEADER_NAMES[name as keyof ContentHeaders]] = value
  }
  if (facts.storageClass !== undefined) headers['x-amz-storage-class'] = facts.storageClass
  for (const [name, value] of Object.entries(encodedMetadata(facts))) {
    headers[`${METADATA_PREFIX}${name}`] = value
  }
  return { ...headers, ...extraHeadersOf(facts) }
}

/** The metadata as it travels: names without the `x-amz-meta-` prefix, encoded values. */
export function encodedMetadata(facts: PutFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts.metadata ?? {}).map(([name, value]) => [name, encodeMetadataValue(value)]),
  )
}

/**
 * The headers of a put by which the server checks the bytes itself. S3 takes one checksum; SHA-256 can be
 * the signed hash of the payload besides.
 */
export function digestHeadersOf(digests: NonNullable<PutOptions['digests']>): Headers {
  const { md5, sha256, crc64nvme, crc32c } = digests
  return {
    ...(md5 === undefined ? {} : { 'content-md5': base64Of(md5) }),
    ...(crc64nvme === undefined ? {} : { 'x-amz-checksum-crc64nvme': base64Of(crc64nvme) }),
    ...(sha256 === undefined || crc64nvme !== undefined ? {} : { 'x-amz-checksum-sha256': base64Of(sha256) }),
    ...(crc32c === undefined || sha256 !== undefined || crc64nvme !== undefined
      ? {}
      : { 'x-amz-checksum-crc32c': base64Of(crc32c) }),
  }
}

/** The name of the checksum that goes along, which S3 wants to hear of a locked object. */
export function checksumAlgorithmHeader({ sha256, crc64nvme, crc32c }: ObjectDigests): Headers {
  const name =
    (crc64nvme !== undefined && 'CRC64NVME') ||
    (sha256 !== undefined && 'SHA256') ||
    (crc32c !== undefined && 'CRC32C')
  return name === false ? {} : { 'x-amz-sdk-checksum-algorithm': name }
}

/**
 * Facts of an object from the headers of the answer to HEAD or GET. `size` is that of the whole object. S3 says
 * nothing of the class STANDARD, which is what an object has of which it says nothing, where there are classes.
 */
export function storedObjectOf(
  headers: Headers,
  size: number,
  {
    versions,
    storageClasses,
    archiveClasses,
  }: Pick<StoreCapabilities, 'versions' | 'storageClasses' | 'archiveClasses'>,
): StoredObject {
  const lastModified = Date.parse(headers['last-modified'] ?? '')
  return {
    size,
    identity: identityOf(headers, versions),
    lastModified: Number.isNaN(lastModified) ? 0 : lastModified,
    headers: contentHeadersOf(headers),
    metadata: metadataOf(headers),
    storageClass: headers['x-amz-storage-class'] ?? (storageClasses.includes('STANDARD') ? 'STANDARD' : null),
    archive: archiveStateOf(headers, archiveClasses),
    tags: null,
    encryption: encryptionOf(headers),
    lock: lockOf(headers),
    digests: digestsOf(headers),
  }
}

/** The identity S3 gives to bytes. */
export function identityOf(headers: Headers, keepsVersions: boolean): StoreIdentity {
  return {
    etag: unquote(headers.etag),
    versionId: keepsVersions ? (headers['x-amz-version-id'] ?? null) : null,
  }
}

/** An ETag without its quotes. */
export function unquote(etag: string | undefined): string | null {
  if (etag === undefined || etag === '') return null
  return etag.length > 1 && etag.startsWith('"') && etag.endsWith('"') ? etag.slice(1, -1) : etag
}

// Thousands of answers are read in a second: these walk over the headers without making lists of them.

function contentHeadersOf(headers: Headers): ContentHeaders {
  const found: Record<string, string> = {}
  for (const name in HEADER_NAMES) {
    const value = headers[HEADER_NAMES[name as keyof ContentHeaders]]
    if (value) found[name] = value
  }
  return found
}

function metadataOf(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name in headers) {
    if (name.startsWith(METADATA_PREFIX))
      found[name.slice(METADATA_PREFIX.length)] = decodeMetadataValue(headers[name]!)
  }
  return found
}

/** Checksums of the whole object; those of a multipart upload's parts (`…-3`) say nothing about the whole. */
export function digestsOf(headers: Headers): ObjectDigests {
  const isWhole = headers['x-amz-checksum-type'] !== 'COMPOSITE'
  const sha256 = headers['x-amz-checksum-sha256']
  const crc64nvme = headers['x-amz-checksum-crc64nvme']
  return {
    ...(isWhole && isBase64(sha256, 32) ? { sha256: hexOf(sha256) } : {}),
    ...(isWhole && isBase64(crc64nvme, 8) ? { crc64nvme: hexOf(crc64nvme) } : {}),
  }
}

/** The checksums of the whole object in the answer to a completion or a copy. */
export function digestsOfDocument(document: string): ObjectDigests {
  return digestsOf({
    'x-amz-checksum-type': elementOf(document, 'ChecksumType') ?? '',
    'x-amz-checksum-sha256': elementOf(document, 'ChecksumSHA256') ?? '-',
    'x-amz-checksum-crc64nvme': elementOf(document, 'ChecksumCRC64NVME') ?? '-',
  })
}

function isBase64(text: string | undefined, length: number): text is string {
  return text !== undefined && !text.includes('-') && Buffer.from(text, 'base64').length === length
}

function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}
