import { type KeyObject, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { MINUTE, SECOND } from '../../domain/duration.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestTarget } from '../request-target.ts'
import { type Caller, hmac } from './caller.ts'
import {
  type CanonicalParts,
  canonicalQueryOf,
  canonicalRequestHash,
  reencodedPath,
} from './canonical-request.ts'
import { type ClaimedSignature, claimedSignatureOf, instantOf } from './credential.ts'
import { type PayloadMode, payloadModeOf } from './payload-mode.ts'

/** Clocks of client and gateway may differ by so much. */
export const SKEW_MS_MAX = 15 * MINUTE

/** A request whose signature is right: who signed it, and what its body will be checked with. */
export interface VerifiedRequest {
  readonly caller: Caller
  readonly payload: PayloadMode
  /** From which the signatures of chunks follow. */
  readonly seed: ChunkSeed
}

/** What the signature of the first chunk is derived from. */
export interface ChunkSeed {
  readonly signature: string
  readonly signingKey: KeyObject
  readonly timestamp: string
  readonly scope: string
}

/** What verifying needs beside the request. */
export interface VerifyOptions {
  readonly region: string
  readonly nowMs: number
  /** The caller with this access key; null when there is none. */
  findCaller(accessKeyId: string): Caller | null | Promise<Caller | null>
}

/** Headers that decide what a request means: sent twice, the parts of a system may read different ones. */
const ONCE = /^(host|authorization|content-length|content-md5|content-type|range|transfer-encoding|x-amz-.*)$/

/**
 * Verifies an AWS Signature Version 4 by header or by query. Throws the S3 error that says what is wrong;
 * comparing takes the same time wherever two signatures differ.
 */
export async function verifyRequest(
  request: IncomingMessage,
  target: RequestTarget,
  options: VerifyOptions,
): Promise<VerifiedRequest> {
  const { headers } = request
  const claimed = claimedSignatureOf(headers, target.query)
  checkHeaders(request.rawHeaders, claimed)
  if (headers['x-amz-security-token'] !== undefined || target.query.has('X-Amz-Security-Token')) {
    throw new GatewayError('InvalidToken')
  }
  const { signedValue, mode } = payloadModeOf(headers, target.query, claimed)
  const found = options.findCaller(claimed.accessKeyId)
  const caller = found instanceof Promise ? await found : found
  if (caller === null) {
    throw new GatewayError('InvalidAccessKeyId', undefined, {
      details: { AWSAccessKeyId: claimed.accessKeyId },
    })
  }
  checkRegion(claimed, options.region)
  checkTime(claimed, options.nowMs)

  const parts: CanonicalParts = {
    method: request.method ?? 'GET',
    canonicalQuery: canonicalQueryOf(target.query),
    signedHeaders: claimed.signedHeaders,
    headers,
    payloadHash: signedValue,
  }
  const scope = `${claimed.day}/${claimed.region}/s3/aws4_request`
  const signingKey = caller.signingKey(claimed.day, claimed.region)
  const signs = (path: string) => {
    const text = `AWS4-HMAC-SHA256\n${claimed.timestamp}\n${scope}\n${canonicalRequestHash(path, parts)}`
    return timingSafeEqual(hmac(signingKey, text), Buffer.from(claimed.signature, 'hex'))
  }
  if (!signs(target.rawPath)) {
    // Some clients sign the strictly encoded path and send a laxer one; both decode to the same key.
    const reencoded = reencodedPath(target.rawPath)
    if (reencoded === target.rawPath || !signs(reencoded)) throw new GatewayError('SignatureDoesNotMatch')
  }
  return {
    caller,
    payload: mode,
    seed: { signature: claimed.signature, signingKey, timestamp: claimed.timestamp, scope },
  }
}

function checkHeaders(rawHeaders: readonly string[], claimed: ClaimedSignature): void {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    if (!ONCE.test(name)) continue
    if (seen.has(name))
      throw new GatewayError('InvalidRequest', `The header ${name} was sent more than once.`)
    seen.add(name)
    if (name.startsWith('x-amz-') && !claimed.signedHeaders.includes(name)) {
      // A presigned address cannot know the digest of what will be sent with it.
      if (claimed.presigned && name === 'x-amz-content-sha256') continue
      throw new GatewayError(
        'AccessDenied',
        'There were headers present in the request which were not signed',
        {
          details: { HeadersNotSigned: name },
        },
      )
    }
  }
  if (!claimed.signedHeaders.includes('host')) {
    throw new GatewayError('AccessDenied', 'The host header must be signed.', {
      details: { HeadersNotSigned: 'host' },
    })
  }
}

function checkRegion(claimed: ClaimedSignature, region: string): void {
  if (claimed.region === region) return
  const code = claimed.presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed'
  throw new GatewayError(code, `The region '${claimed.region}' is wrong; expecting '${region}'`, {
    details: { Region: region },
  })
}

function checkTime(claimed: ClaimedSignature, nowMs: number): void {
  const signedAt = instantOf(claimed.timestamp)
  if (signedAt === null || !claimed.timestamp.startsWith(claimed.day)) {
    throw claimed.presigned
      ? new GatewayError(
          'AuthorizationQueryParametersError',
          'X-Amz-Date must be in the ISO8601 Long Format.',
        )
      : new GatewayError('AccessDenied', 'The date of the request is missing, malformed, or not its scope’s.')
  }
  const tooEarly = signedAt - nowMs > SKEW_MS_MAX
  if (claimed.expiresSeconds !== null && !tooEarly) {
    const expiresAt = signedAt + claimed.expiresSeconds * SECOND
    if (nowMs <= expiresAt) return
    throw new GatewayError('AccessDenied', 'Request has expired', {
      details: {
        'X-Amz-Expires': String(claimed.expiresSeconds),
        Expires: new Date(expiresAt).toISOString(),
        ServerTime: new Date(nowMs).toISOString(),
      },
    })
  }
  if (tooEarly || nowMs - signedAt > SKEW_MS_MAX) {
    throw new GatewayError('RequestTimeTooSkewed', undefined, {
      details: {
        RequestTime: claimed.timestamp,
        ServerTime: new Date(nowMs).toISOString(),
        MaxAllowedSkewMilliseconds: String(SKEW_MS_MAX),
      },
    })
  }
}
