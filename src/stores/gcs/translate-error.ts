import { KIND_OF_STATUS, kindOfConnectionError, neverConnected } from '../connection-errors.ts'
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

/** What Google means by statuses that others give another meaning, or none. */
const KIND_OF_GOOGLE_STATUS: Readonly<Record<number, StoreErrorKind>> = {
  408: 'timeout',
  410: 'upload-not-found',
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
  const kind = kindOfConnectionError(code)
  const isUnknown = options.mayHaveHappened && !neverConnected(code)
  return storeFailure(operation, kind, message, isUnknown ? { retry: 'unknown-outcome', cause } : { cause })
}

function kindOfAnswer({ status, reason, message }: AnsweredError): StoreErrorKind {
  const byReason = reason === null ? undefined : KIND_OF_REASON[reason]
  if (byReason !== undefined) return byReason
  if (status === 403 && WORDS_OF_LOCK.test(message)) return 'locked'
  if (status === 400) return KIND_OF_BAD_REQUEST.find(([text]) => text.test(message))?.[1] ?? 'unexpected'
  return KIND_OF_GOOGLE_STATUS[status] ?? KIND_OF_STATUS[status] ?? 'unexpected'
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : 'no code'
}
