import type { IncomingHttpHeaders } from 'node:http'
import type { ContentHeaders } from '../../domain/object.ts'
import { GatewayError } from '../error-table.ts'

/** What a client says about new content, apart from its bytes. */
export interface ContentFacts {
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** S3's limit for names and values of user metadata together. */
const METADATA_BYTES_MAX = 2_048
const METADATA_PREFIX = 'x-amz-meta-'
const TAGS_MAX = 10
const TAG_NAME_MAX = 128
const TAG_VALUE_MAX = 256

/** Canned ACLs that grant nothing beyond what holds anyway. */
const HARMLESS_ACLS = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read'])

/** Headers that ask for something the gateway does not do; taking them silently would be a lie. */
const REFUSED_HEADERS = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-website-redirect-location',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-legal-hold',
  'x-amz-grant-read',
  'x-amz-grant-write',
  'x-amz-grant-full-control',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
  'x-amz-write-offset-bytes',
]

/** Reads content headers, user metadata and tags from a request. */
export function contentFactsOf(headers: IncomingHttpHeaders): ContentFacts {
  refuseUnsupported(headers)
  return {
    headers: contentHeadersOf(headers),
    metadata: metadataOf(headers),
    tags: tagsOf(headers['x-amz-tagging']),
  }
}

/** Throws `NotImplemented` for headers whose meaning would be lost. */
export function refuseUnsupported(headers: IncomingHttpHeaders): void {
  for (const name of REFUSED_HEADERS) {
    if (headers[name] !== undefined) {
      throw new GatewayError('NotImplemented', undefined, { details: { Header: name } })
    }
  }
  const acl = headers['x-amz-acl']
  if (typeof acl === 'string' && !HARMLESS_ACLS.has(acl)) {
    throw new GatewayError('NotImplemented', 'Buckets here do not allow ACLs.', {
      details: { Header: 'x-amz-acl' },
    })
  }
}

/** The tags of an `x-amz-tagging` header, which has the form of a query. */
export function tagsOf(header: string | string[] | undefined): Record<string, string> {
  if (typeof header !== 'string' || header === '') return {}
  return checkTags([...new URLSearchParams(header)])
}

/** Checks tags against S3's limits and makes them a record. */
export function checkTags(
  pairs: readonly (readonly [name: string, value: string])[],
): Record<string, string> {
  const tags: Record<string, string> = Object.create(null)
  if (pairs.length > TAGS_MAX) throw new GatewayError('InvalidTag', `An object has at most ${TAGS_MAX} tags.`)
  for (const [name, value] of pairs) {
    if (name === '' || name.length > TAG_NAME_MAX)
      throw new GatewayError('InvalidTag', 'The TagKey is invalid.')
    if (value.length > TAG_VALUE_MAX) throw new GatewayError('InvalidTag', 'The TagValue is invalid.')
    if (name in tags) throw new GatewayError('InvalidTag', 'Cannot provide multiple Tags with the same key.')
    tags[name] = value
  }
  return { ...tags }
}

function contentHeadersOf(headers: IncomingHttpHeaders): ContentHeaders {
  const encoding = withoutFraming(headers['content-encoding'])
  const text = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const found: Record<keyof ContentHeaders, string | undefined> = {
    contentType: headers['content-type'],
    contentEncoding: encoding,
    contentDisposition: text('content-disposition'),
    contentLanguage: text('content-language'),
    cacheControl: text('cache-control'),
    expires: text('expires'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** `aws-chunked` frames the body on its way and is no property of the content. */
function withoutFraming(encoding: string | undefined): string | undefined {
  if (encoding === undefined) return undefined
  const rest = encoding
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '' && item.toLowerCase() !== 'aws-chunked')
  return rest.length === 0 ? undefined : rest.join(',')
}

function metadataOf(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {}
  let bytes = 0
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(METADATA_PREFIX) || typeof value !== 'string') continue
    const name = header.slice(METADATA_PREFIX.length)
    metadata[name] = value
    bytes += name.length + value.length
  }
  if (bytes > METADATA_BYTES_MAX) {
    throw new GatewayError('MetadataTooLarge', undefined, {
      details: { Size: String(bytes), MaxSizeAllowed: String(METADATA_BYTES_MAX) },
    })
  }
  return metadata
}
