import { StoreError, type StoreErrorKind } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** An error the server answered with. */
export class AnsweredError extends Error {
  override readonly name = 'AnsweredError'
  readonly status: number
  /** The JSON API's word for it, for example `conditionNotMet`, or null. */
  readonly reason: string | null

  constructor(status: number, reason: string | null, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

/** What an error reason means. Reasons: https://cloud.google.com/storage/docs/json_api/v1/status-codes */
const KIND_OF_REASON: Readonly<Record<string, StoreErrorKind>> = {
  conditionNotMet: 'precondition-failed',
  rateLimitExceeded: 'throttled',
  userRateLimitExceeded: 'throttled',
  quotaExceeded: 'throttled',
  dailyLimitExceeded: 'throttled',
  retentionPolicyNotMet: 'locked',
  objectUnderActiveHold: 'locked',
  uploadTooLarge: 'too-large',
  requestedRangeNotSatisfiable: 'range-not-satisfiable',
}

/** What an HTTP status means when the reason says nothing. */
const KIND_OF_STATUS: Readonly<Record<number, StoreErrorKind>> = {
  304: 'precondition-failed',
  401: 'access-denied',
  403: 'access-denied',
  404: 'not-found',
  408: 'timeout',
  410: 'upload-not-found',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'throttled',
  501: 'unsupported',
  502: 'unreachable',
  503: 'throttled',
  504: 'timeout',
  507: 'store-full',
}

/** What the text of a status 400 means, which has one reason for everything. */
const KIND_OF_BAD_REQUEST: readonly (readonly [RegExp, StoreErrorKind])[] = [
  [/(CRC32C|MD5).*(doesn't|does not) match/i, 'digest-mismatch'],
  [/metadata.*(too large|exceeds|limit)/i, 'metadata-too-large'],
  [/object name/i, 'invalid-key'],
  [/storage ?class/i, 'unsupported'],
]

/** Google refuses to touch what a hold or a retention keeps with status 403, as it does without rights. */
const WORDS_OF_LOCK = /retention polic|active (temporary|event-?based) hold|under active hold/i

/** Errors of a connection that was never made, so that nothing can have happened. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
])

const TIMED_OUT = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

const BROKEN =
  /^(E[A-Z]+|UND_ERR_SOCKET|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|UNABLE_TO_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*)$/

/**
 * Turns whatever came of a request into a {@link StoreError}; the only place where that happens. For a write
 * (`mayHaveHappened`) without a clear answer the outcome is unknown. Statuses from 500 on are no clear answer.
 */
export function translateGcsError(
  operation: StoreOperation,
  error: unknown,
  options: { mayHaveHappened: boolean },
): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof AnsweredError) {
    const { status, reason } = error
    const cause = new Error(`${reason ?? 'no reason'}, HTTP status ${status}: ${message}`)
    const kind = kindOfAnswer(error)
    if (options.mayHaveHappened && status >= 500 && kind !== 'unsupported' && kind !== 'store-full') {
      return storeFailure(operation, kind, message, { retry: 'unknown-outcome', cause })
    }
    return storeFailure(
      operation,
      kind,
      message,
      status >= 500 && kind === 'unexpected' ? { retry: 'yes', cause } : { cause },
    )
  }
  const code = codeOf(error)
  const cause = new Error(`${code}: ${message}`)
  const kind = kindOfCode(code)
  const isUnknown = options.mayHaveHappened && !NEVER_CONNECTED.has(code)
  return storeFailure(operation, kind, message, isUnknown ? { retry: 'unknown-outcome', cause } : { cause })
}

function kindOfAnswer({ status, reason, message }: AnsweredError): StoreErrorKind {
  const byReason = reason === null ? undefined : KIND_OF_REASON[reason]
  if (byReason !== undefined) return byReason
  if (status === 403 && WORDS_OF_LOCK.test(message)) return 'locked'
  if (status === 400) return KIND_OF_BAD_REQUEST.find(([text]) => text.test(message))?.[1] ?? 'unexpected'
  return KIND_OF_STATUS[status] ?? 'unexpected'
}

function kindOfCode(code: string): StoreErrorKind {
  if (TIMED_OUT.has(code)) return 'timeout'
  return BROKEN.test(code) ? 'unreachable' : 'unexpected'
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : 'no code'
}
