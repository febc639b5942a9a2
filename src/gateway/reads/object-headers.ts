import type { OutgoingHttpHeaders } from 'node:http'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import type { RequestContext } from '../request-context.ts'

/** Query parameters by which a reader replaces content headers of one answer. */
const OVERRIDES = [
  ['response-content-type', 'Content-Type'],
  ['response-content-language', 'Content-Language'],
  ['response-expires', 'Expires'],
  ['response-cache-control', 'Cache-Control'],
  ['response-content-disposition', 'Content-Disposition'],
  ['response-content-encoding', 'Content-Encoding'],
] as const

/** The headers that describe an object to a reader, wherever its bytes lie. */
export function objectHeaders(context: RequestContext, resolved: ResolvedObject): OutgoingHttpHeaders {
  const { headers } = resolved
  const sent: OutgoingHttpHeaders = {
    'x-amz-request-id': context.requestId,
    'Accept-Ranges': 'bytes',
    'Last-Modified': httpDate(resolved.lastModified),
    ETag: `"${resolved.etag}"`,
    'Content-Type': headers.contentType ?? 'binary/octet-stream',
  }
  if (headers.contentEncoding !== undefined) sent['Content-Encoding'] = headers.contentEncoding
  if (headers.contentDisposition !== undefined) sent['Content-Disposition'] = headers.contentDisposition
  if (headers.contentLanguage !== undefined) sent['Content-Language'] = headers.contentLanguage
  if (headers.cacheControl !== undefined) sent['Cache-Control'] = headers.cacheControl
  if (headers.expires !== undefined) sent.Expires = headers.expires
  for (const name in resolved.metadata) sent[`x-amz-meta-${name}`] = resolved.metadata[name]
  const tags = Object.keys(resolved.tags).length
  if (tags > 0) sent['x-amz-tagging-count'] = tags
  const { query } = context.target
  if (query.pairs.length > 0) {
    for (const [parameter, header] of OVERRIDES) {
      const value = query.get(parameter)
      if (value !== null) sent[header] = value
    }
  }
  return sent
}

/** Whole-object checksums, for readers that asked for them. */
export function addChecksumHeaders(
  sent: OutgoingHttpHeaders,
  context: RequestContext,
  resolved: ResolvedObject,
): void {
  if (context.header('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return
  const { crc64nvme, sha256 } = resolved.digests
  if (crc64nvme !== null) sent['x-amz-checksum-crc64nvme'] = base64OfHex(crc64nvme)
  if (sha256 !== null) sent['x-amz-checksum-sha256'] = base64OfHex(sha256)
  if (crc64nvme !== null || sha256 !== null) sent['x-amz-checksum-type'] = 'FULL_OBJECT'
}

/** Bytes given in hexadecimal, in base64. */
export function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

/** Formatting a date is not free, and the objects of one answer after another often share theirs. */
let formattedInstant = Number.NaN
let formatted = ''

/** A date as HTTP headers carry it, to the second. */
export function httpDate(instant: number): string {
  if (instant !== formattedInstant) {
    formatted = new Date(instant).toUTCString()
    formattedInstant = instant
  }
  return formatted
}
