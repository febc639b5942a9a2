import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../error-table.ts'
import type { Query } from '../request-target.ts'
import type { ClaimedSignature } from './credential.ts'

/** How the body of a request is protected: the meaning of `x-amz-content-sha256`. */
export type PayloadMode =
  | { readonly kind: 'whole'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  /** `aws-chunked`: the body is framed; chunks may be signed, a trailer may follow. */
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean }

const MODES: Readonly<Record<string, PayloadMode>> = {
  'UNSIGNED-PAYLOAD': { kind: 'unsigned' },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
}

/** SHA-256 of nothing. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const EMPTY: PayloadMode = { kind: 'whole', sha256: EMPTY_SHA256 }

/**
 * The value that was signed, and what it means. A presigned address may carry it in its query; without one
 * the body is unsigned, whatever header came along unsigned.
 */
export function payloadModeOf(
  headers: IncomingMessage['headers'],
  query: Query,
  claimed: ClaimedSignature,
): { readonly signedValue: string; readonly mode: PayloadMode } {
  const value = claimed.presigned
    ? (query.get('X-Amz-Content-Sha256') ?? signedHeader(headers, claimed) ?? 'UNSIGNED-PAYLOAD')
    : headers['x-amz-content-sha256']
  if (value === undefined) {
    throw new GatewayError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  if (value === EMPTY_SHA256) return { signedValue: value, mode: EMPTY }
  if (typeof value === 'string') {
    const mode = MODES[value]
    if (mode !== undefined) return { signedValue: value, mode }
    if (/^[0-9a-f]{64}$/i.test(value)) {
      return { signedValue: value, mode: { kind: 'whole', sha256: value.toLowerCase() } }
    }
  }
  throw new GatewayError(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING-… mode we know, or a valid sha256 value.',
  )
}

function signedHeader(headers: IncomingMessage['headers'], claimed: ClaimedSignature) {
  return claimed.signedHeaders.includes('x-amz-content-sha256') ? headers['x-amz-content-sha256'] : undefined
}
