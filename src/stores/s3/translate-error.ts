import { KIND_OF_STATUS, kindOfConnectionError, neverConnected } from '../connection-errors.ts'
import { StoreError, type StoreErrorKind } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** What an S3 error code means. Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const KIND_OF_CODE: Readonly<Record<string, StoreErrorKind>> = {
  NoSuchKey: 'not-found',
  NoSuchBucket: 'container-not-found',
  NoSuchVersion: 'precondition-failed',
  PreconditionFailed: 'precondition-failed',
  InvalidRange: 'range-not-satisfiable',
  IncompleteBody: 'truncated',
  BadDigest: 'digest-mismatch',
  InvalidDigest: 'digest-mismatch',
  XAmzContentSHA256Mismatch: 'digest-mismatch',
  XAmzContentChecksumMismatch: 'digest-mismatch',
  AccessDenied: 'access-denied',
  AllAccessDisabled: 'access-denied',
  AccountProblem: 'access-denied',
  // Google Cloud Storage.
  ObjectUnderActiveHold: 'locked',
  RetentionPolicyNotMet: 'locked',
  InvalidObjectState: 'archived',
  ObjectNotInActiveTierError: 'archived',
  InvalidAccessKeyId: 'access-denied',
  SignatureDoesNotMatch: 'access-denied',
  ExpiredToken: 'access-denied',
  InvalidToken: 'access-denied',
  RequestTimeTooSkewed: 'clock-skewed',
  AuthorizationHeaderMalformed: 'access-denied',
  KeyTooLongError: 'invalid-key',
  KeyTooLong: 'invalid-key',
  InvalidObjectName: 'invalid-key',
  XMinioInvalidObjectName: 'invalid-key',
  // versitygw: `c` beside `c/d`, and `trail/` with bytes.
  ObjectParentIsFile: 'invalid-key',
  ExistingObjectIsDirectory: 'invalid-key',
  DirectoryObjectContainsData: 'invalid-key',
  EntityTooLarge: 'too-large',
  MetadataTooLarge: 'metadata-too-large',
  NoSuchUpload: 'upload-not-found',
  InvalidPart: 'invalid-part',
  InvalidPartOrder: 'invalid-part',
  EntityTooSmall: 'invalid-part',
  InsufficientStorage: 'store-full',
  QuotaExceeded: 'store-full',
  XMinioStorageFull: 'store-full',
  XMinioAdminBucketQuotaExceeded: 'store-full',
  ServiceQuotaExceeded: 'store-full',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  RequestTimeout: 'timeout',
  InternalError: 'unexpected',
  NotImplemented: 'unsupported',
}

/**
 * Codes with which servers refuse to touch what an object lock holds, and their words for it, which alone
 * tell that from a missing right or a bad request: AWS and Ceph answer AccessDenied, MinIO and versitygw
 * InvalidRequest.
 */
const CODES_OF_LOCK = new Set(['AccessDenied', 'InvalidRequest', 'ObjectLocked', 'MethodNotAllowed'])
const WORDS_OF_LOCK = /object[ -]?lock|\bWORM\b|retention|legal[ -]?hold|immutab/i

/**
 * Codes with which servers refuse what a quota has no room for, and their words for it, which alone tell that from a
 * missing right: Garage and Backblaze answer AccessDenied.
 */
const CODES_OF_QUOTA = new Set(['AccessDenied', 'Forbidden', 'InvalidRequest'])
const WORDS_OF_QUOTA =
  /quota (is |was |has been )?(reached|exceeded)|exceeds? (the |its |your )?quota|storage cap exceeded|no space left/i

/** Codes with which a server says that it did not begin. */
const NEVER_BEGUN = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'Throttling',
  'TooManyRequests',
  'RequestLimitExceeded',
])

/**
 * Turns whatever the SDK throws into a {@link StoreError}. The only place where that happens; the SDK's
 * error stays behind, as it holds request and response. For a write (`mayHaveHappened`) without a clear
 * answer the outcome is unknown.
 */
export function translateS3Error(
  operation: StoreOperation,
  error: unknown,
  options: { mayHaveHappened: boolean },
): StoreError {
  if (error instanceof StoreError) return error
  const { code, status, message } = factsOf(error)
  const cause = new Error(`${code ?? 'no code'}, HTTP status ${status ?? 'none'}: ${message}`)

  if (code === 'ConditionalRequestConflict') {
    return storeFailure(operation, 'precondition-failed', message, { retry: 'yes', cause })
  }
  const kind = (options.mayHaveHappened ? kindByWords(code, message) : null) ?? kindOf(code, status)
  const isAnswered = status !== null && status < 500
  const neverHappened = isAnswered || neverConnected(code) || NEVER_BEGUN.has(code ?? '')
  if (options.mayHaveHappened && !neverHappened && kind !== 'unsupported' && kind !== 'store-full') {
    return storeFailure(operation, kind, message, { retry: 'unknown-outcome', cause })
  }
  const mayHelp = status !== null && status >= 500 && kind === 'unexpected'
  return storeFailure(operation, kind, message, mayHelp ? { retry: 'yes', cause } : { cause })
}

/** What only the words of a refused write tell. */
function kindByWords(code: string | null, message: string): StoreErrorKind | null {
  if (code === null) return null
  if (CODES_OF_QUOTA.has(code) && WORDS_OF_QUOTA.test(message)) return 'store-full'
  return CODES_OF_LOCK.has(code) && WORDS_OF_LOCK.test(message) ? 'locked' : null
}

function kindOf(code: string | null, status: number | null): StoreErrorKind {
  const byCode = code === null ? undefined : KIND_OF_CODE[code]
  if (byCode !== undefined) return byCode
  if (status !== null) return KIND_OF_STATUS[status] ?? 'unexpected'
  return kindOfConnectionError(code)
}

/** The code of S3 or of the connection, the HTTP status, and a text that is safe to show. */
function factsOf(error: unknown): { code: string | null; status: number | null; message: string } {
  if (!(error instanceof Error)) return { code: null, status: null, message: String(error) }
  const { name, message } = error
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown }
  const status = $metadata?.httpStatusCode ?? null
  const connectionCode = typeof code === 'string' ? code : null
  // The SDK calls broken connections time-outs too; their code tells.
  const isBroken = connectionCode === 'ECONNRESET' || connectionCode === 'EPIPE'
  if (name === 'TimeoutError' && !isBroken) return { code: name, status: null, message }
  return { code: status === null ? (connectionCode ?? name) : name, status, message: message || name }
}
