import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../error-table.ts'
import type { Query } from '../request-target.ts'

/** The signature a request carries, in its header or in its query, before anything is verified. */
export interface ClaimedSignature {
  readonly presigned: boolean
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string
  /** Seconds from the timestamp; null when signed by header. */
  readonly expiresSeconds: number | null
}

/** A presigned address is good for at most 7 days. */
export const EXPIRES_SECONDS_MAX = 7 * 24 * 3_600

const ALGORITHM = 'AWS4-HMAC-SHA256'
const HEADER =
  /^AWS4-HMAC-SHA256\s+Credential=(?<credential>[^,\s]+)\s*,\s*SignedHeaders=(?<headers>[^,\s]+)\s*,\s*Signature=(?<signature>[0-9a-f]{64})\s*$/
const CREDENTIAL = /^(?<id>.{1,128})\/(?<day>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request$/

/** Finds the claimed signature. Throws `AccessDenied` when there is none: nobody is anonymous here. */
export function claimedSignatureOf(headers: IncomingMessage['headers'], query: Query): ClaimedSignature {
  const authorization = headers.authorization
  const presigned = query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm')
  if (authorization !== undefined && presigned) {
    throw new GatewayError('InvalidArgument', 'Only one auth mechanism allowed.')
  }
  if (authorization !== undefined) return fromHeader(authorization, headers)
  if (presigned) return fromQuery(query)
  if (query.has('AWSAccessKeyId') || query.has('Signature')) throw unsupportedMechanism()
  throw new GatewayError('AccessDenied', 'Anonymous access is not allowed: sign the request.')
}

/** The moment of a `YYYYMMDDTHHMMSSZ` timestamp in milliseconds, or null when it is none. */
export function instantOf(timestamp: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp)
  if (match === null) return null
  const instant = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}.000Z`)
  return Number.isNaN(instant) ? null : instant
}

function fromHeader(authorization: string, headers: IncomingMessage['headers']): ClaimedSignature {
  if (!authorization.startsWith(ALGORITHM)) throw unsupportedMechanism()
  const groups = HEADER.exec(authorization)?.groups
  if (groups === undefined) throw new GatewayError('AuthorizationHeaderMalformed')
  const malformed = (message: string) => new GatewayError('AuthorizationHeaderMalformed', message)
  return {
    presigned: false,
    ...credentialOf(groups.credential!, malformed),
    signedHeaders: signedHeadersOf(groups.headers!, malformed),
    signature: groups.signature!,
    timestamp: timestampOf(headers),
    expiresSeconds: null,
  }
}

function fromQuery(query: Query): ClaimedSignature {
  const malformed = (message: string) => new GatewayError('AuthorizationQueryParametersError', message)
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) {
    throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}".`)
  }
  const expires = query.get('X-Amz-Expires') ?? ''
  if (!/^\d{1,10}$/.test(expires)) throw malformed('X-Amz-Expires should be a number.')
  const expiresSeconds = Number(expires)
  if (expiresSeconds < 1 || expiresSeconds > EXPIRES_SECONDS_MAX) {
    throw malformed('X-Amz-Expires must be less than a week (in seconds) and positive.')
  }
  const signature = query.get('X-Amz-Signature') ?? ''
  if (!/^[0-9a-f]{64}$/.test(signature)) throw malformed('X-Amz-Signature is malformed.')
  return {
    presigned: true,
    ...credentialOf(query.get('X-Amz-Credential') ?? '', malformed),
    signedHeaders: signedHeadersOf(query.get('X-Amz-SignedHeaders') ?? '', malformed),
    signature,
    timestamp: query.get('X-Amz-Date') ?? '',
    expiresSeconds,
  }
}

function credentialOf(text: string, malformed: (message: string) => GatewayError) {
  const groups = CREDENTIAL.exec(text)?.groups
  if (groups === undefined) throw malformed('The credential is malformed.')
  if (groups.service !== 's3') throw malformed('Incorrect service. This endpoint belongs to "s3".')
  return { accessKeyId: groups.id!, day: groups.day!, region: groups.region! }
}

function signedHeadersOf(text: string, malformed: (message: string) => GatewayError): string[] {
  const names = text.split(';')
  const inOrder = names.every((name, index) => index === 0 || names[index - 1]! < name)
  if (!inOrder || text !== text.toLowerCase()) {
    throw malformed('SignedHeaders must be sorted, in lower case, and name each header once.')
  }
  return names
}

/** `x-amz-date`, or else `date` in either form it comes in. */
function timestampOf(headers: IncomingMessage['headers']): string {
  const given = headers['x-amz-date']
  if (typeof given === 'string') return given
  if (headers.date === undefined) {
    throw new GatewayError('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.')
  }
  const instant = Date.parse(headers.date)
  if (Number.isNaN(instant)) return headers.date
  return `${new Date(instant).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function unsupportedMechanism(): GatewayError {
  return new GatewayError(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256 (signature version s3v4).',
  )
}
