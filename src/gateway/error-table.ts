import { StoreError, type StoreErrorKind } from '../stores/object-store.ts'

/**
 * Every error the gateway answers: S3 code, HTTP status, and the message unless a better one is given.
 *
 * Amazon's S3 is never full, so `InsufficientStorage` is not of its table. A 503 would be tried again by every
 * SDK, body and all, and a full store stays full until somebody makes room. 507 is in no SDK's list of
 * statuses to try again; other S3 servers answer it too, and it tells a gateway in front of ours the same.
 */
export const S3_ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  AuthorizationQueryParametersError: [400, 'The authorization query parameters are malformed.'],
  BadDigest: [400, 'The digest you specified did not match what was received.'],
  BucketAlreadyExists: [409, 'The requested bucket name is not available.'],
  BucketAlreadyOwnedByYou: [409, 'The bucket you tried to create already exists, and you own it.'],
  BucketNotEmpty: [409, 'The bucket you tried to delete is not empty.'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size.'],
  IncompleteBody: [400, 'You did not provide the number of bytes specified by the Content-Length header.'],
  InsufficientStorage: [507, 'The store of this bucket is full; nothing was written.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid argument.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidBucketState: [409, 'The request is not valid with the current state of the bucket.'],
  InvalidDigest: [400, 'The Content-MD5 you specified is not valid.'],
  InvalidLocationConstraint: [400, 'The specified location constraint is not valid.'],
  InvalidObjectState: [403, 'The object is archived at its store and must be restored first.'],
  InvalidPart: [
    400,
    'One or more of the specified parts could not be found, or its entity tag did not match.',
  ],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable.'],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'Invalid request.'],
  InvalidTag: [400, 'The tag provided was not a valid tag.'],
  InvalidToken: [400, 'The provided token is malformed or otherwise not valid.'],
  InvalidURI: [400, 'The specified URI could not be parsed.'],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedXML: [400, 'The XML you provided was not well formed or did not match what is expected.'],
  MaxMessageLengthExceeded: [400, 'Your request was too large.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size.'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingSecurityHeader: [400, 'Your request was missing a required header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist.'],
  NoSuchPublicAccessBlockConfiguration: [404, 'The public access block configuration was not found.'],
  NoSuchTagSet: [404, 'The TagSet does not exist.'],
  NoSuchUpload: [404, 'The specified upload does not exist. It may have been aborted or completed.'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration.'],
  NotImplemented: [501, 'A header or query you provided implies functionality that is not implemented.'],
  NotModified: [304, 'Not Modified'],
  ObjectLockConfigurationNotFoundError: [404, 'Object Lock configuration does not exist for this bucket.'],
  OperationAborted: [409, 'A conflicting operation is in progress against this resource. Please try again.'],
  OwnershipControlsNotFoundError: [404, 'The bucket ownership controls were not found.'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold.'],
  ReplicationConfigurationNotFoundError: [404, 'The replication configuration was not found.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the server time is too large.'],
  RequestTimeout: [400, 'Your socket connection to the server was not read from or written to in time.'],
  ServerSideEncryptionConfigurationNotFoundError: [
    404,
    'The server side encryption configuration was not found.',
  ],
  ServiceUnavailable: [503, 'The service cannot answer just now. Please try again.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  XAmzContentSHA256Mismatch: [
    400,
    'The provided x-amz-content-sha256 header does not match what was received.',
  ],
} as const satisfies Record<string, readonly [status: number, message: string]>

/** An S3 error code the gateway can answer. */
export type S3ErrorCode = keyof typeof S3_ERRORS

/** Seconds after which a client may ask again when a store or the database is not there. */
const RETRY_AFTER_SECONDS = 2

/** A request ends with this S3 error. Its message goes to the client: no secrets, no inner addresses. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: S3ErrorCode
  readonly status: number
  /** Further elements of the XML body, for example `BucketName`. */
  readonly details: Readonly<Record<string, string>>
  readonly retryAfterSeconds: number | null

  constructor(
    code: S3ErrorCode,
    message?: string,
    facts: { details?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message ?? S3_ERRORS[code][1], facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.status = S3_ERRORS[code][0]
    this.details = facts.details ?? {}
    this.retryAfterSeconds = this.status === 503 ? RETRY_AFTER_SECONDS : null
  }
}

/**
 * What was asked for may have happened although it failed: bytes may be visible, a deletion committed. The
 * intent of such a write is kept, and its client is never told that nothing happened.
 */
export class UnknownOutcome extends Error {
  override readonly name = 'UnknownOutcome'

  constructor(cause: unknown) {
    super('the outcome of a write is not known', { cause })
  }
}

/**
 * What a client is told when a store fails. A store that is down, or whose bytes are not what the catalog
 * knows, never becomes a 404: clients would take the object for deleted.
 */
const STORE_ERRORS: Readonly<Record<StoreErrorKind, S3ErrorCode>> = {
  'not-found': 'SlowDown',
  'container-not-found': 'SlowDown',
  'precondition-failed': 'SlowDown',
  'range-not-satisfiable': 'SlowDown',
  truncated: 'IncompleteBody',
  'digest-mismatch': 'BadDigest',
  'access-denied': 'ServiceUnavailable',
  'clock-skewed': 'ServiceUnavailable',
  locked: 'AccessDenied',
  archived: 'InvalidObjectState',
  'invalid-key': 'InvalidArgument',
  'too-large': 'EntityTooLarge',
  'metadata-too-large': 'MetadataTooLarge',
  'upload-not-found': 'NoSuchUpload',
  'invalid-part': 'InvalidPart',
  'store-full': 'InsufficientStorage',
  throttled: 'SlowDown',
  unreachable: 'SlowDown',
  timeout: 'SlowDown',
  unsupported: 'NotImplemented',
  aborted: 'RequestTimeout',
  unexpected: 'InternalError',
}

/** PostgreSQL's error for a lock that did not become free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/** Errors by which the database or the way to it says that it is not there now. */
const DATABASE_AWAY =
  /^(08...|53...|57...|40001|40P01|25006|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|ENOTFOUND)$/

/**
 * Turns whatever was thrown into the S3 error the client gets. `SlowDown` and `ServiceUnavailable` say that
 * nothing was begun, and clients that keep a catalog of their own rely on it; of an unknown outcome only
 * `InternalError` is said, after which clients ask again too.
 */
export function gatewayErrorOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof UnknownOutcome || (error instanceof StoreError && error.retry === 'unknown-outcome')) {
    return new GatewayError('InternalError', undefined, { cause: error.cause ?? error })
  }
  if (error instanceof StoreError) {
    return new GatewayError(STORE_ERRORS[error.kind], undefined, { cause: error })
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === LOCK_NOT_AVAILABLE) {
    return new GatewayError('SlowDown', 'Too many writes to this key at once.', { cause: error })
  }
  return isDatabaseAway(error)
    ? new GatewayError('ServiceUnavailable', undefined, { cause: error })
    : new GatewayError('InternalError', undefined, { cause: error })
}

/** Whether an error says that the database cannot be reached now, so that the same statement may work later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof StoreError || error instanceof GatewayError) return false
  if ('code' in error && DATABASE_AWAY.test(String(error.code))) return true
  // The driver reports these two without a code.
  return /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
}
