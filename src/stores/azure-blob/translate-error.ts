import { KIND_OF_STATUS, kindOfConnectionError, neverConnected } from '../connection-errors.ts'
import { StoreError, type StoreErrorKind } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/**
 * What an Azure error code means. Bytes that may be seen and not touched, because of a lease, a retention
 * policy, a legal hold or snapshots, are `locked`. Codes:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 */
const KIND_OF_CODE: Readonly<Record<string, StoreErrorKind>> = {
  BlobNotFound: 'not-found',
  ResourceNotFound: 'not-found',
  ContainerNotFound: 'container-not-found',
  ContainerDisabled: 'container-not-found',
  ContainerBeingDeleted: 'container-not-found',
  ConditionNotMet: 'precondition-failed',
  TargetConditionNotMet: 'precondition-failed',
  BlobAlreadyExists: 'precondition-failed',
  BlobOverwritten: 'precondition-failed',
  InvalidRange: 'range-not-satisfiable',
  Md5Mismatch: 'digest-mismatch',
  InvalidMd5: 'digest-mismatch',
  Crc64Mismatch: 'digest-mismatch',
  LeaseIdMissing: 'locked',
  LeaseLost: 'locked',
  LeaseAlreadyPresent: 'locked',
  LeaseIdMismatchWithBlobOperation: 'locked',
  BlobImmutableDueToPolicy: 'locked',
  UnauthorizedBlobOverwrite: 'access-denied',
  SnapshotsPresent: 'locked',
  AuthenticationFailed: 'access-denied',
  AuthorizationFailure: 'access-denied',
  AuthorizationPermissionMismatch: 'access-denied',
  AuthorizationProtocolMismatch: 'access-denied',
  AuthorizationResourceTypeMismatch: 'access-denied',
  AuthorizationServiceMismatch: 'access-denied',
  AuthorizationSourceIPMismatch: 'access-denied',
  InsufficientAccountPermissions: 'access-denied',
  InvalidAuthenticationInfo: 'access-denied',
  KeyBasedAuthenticationNotPermitted: 'access-denied',
  NoAuthenticationInformation: 'access-denied',
  PublicAccessNotPermitted: 'access-denied',
  AccountIsDisabled: 'access-denied',
  InvalidResourceName: 'invalid-key',
  InvalidUri: 'invalid-key',
  RequestUrlFailedToParse: 'invalid-key',
  RequestBodyTooLarge: 'too-large',
  MetadataTooLarge: 'metadata-too-large',
  InvalidMetadata: 'unsupported',
  InvalidTag: 'unsupported',
  DuplicateTagNames: 'unsupported',
  TagsTooLarge: 'unsupported',
  EncryptionScopeNotFound: 'unsupported',
  EmptyMetadataKey: 'unsupported',
  InvalidBlobOrBlock: 'invalid-part',
  InvalidBlockId: 'invalid-part',
  InvalidBlockList: 'invalid-part',
  BlockCountExceedsLimit: 'invalid-part',
  BlockListTooLong: 'invalid-part',
  ServerBusy: 'throttled',
  OperationTimedOut: 'timeout',
  InternalError: 'unexpected',
  BlobArchived: 'archived',
  BlobBeingRehydrated: 'archived',
  InvalidBlobType: 'unsupported',
  InvalidBlobTier: 'unsupported',
  InvalidHeaderValue: 'unsupported',
  FeatureVersionMismatch: 'unsupported',
  UnsupportedHeader: 'unsupported',
}

/** What people are told besides, where Azure's own words do not say what to do. */
const ADVICE: Readonly<Record<string, string>> = {
  BlobArchived: 'it is in the archive tier: set its tier to Hot, Cool or Cold and wait until it is there',
  BlobBeingRehydrated: 'it is on its way out of the archive tier: try again when it is there',
  LeaseIdMissing: 'somebody holds a lease on it',
  SnapshotsPresent: 'it has snapshots, which are never deleted along with it',
  BlobImmutableDueToPolicy: 'a retention policy or legal hold locks it',
  InvalidBlobOrBlock: 'blocks of another tool, with ids of another length, wait under this key',
  InvalidBlockList: 'the blocks are gone: Azure forgets them when the key is written, and after a week',
}

/**
 * Turns whatever the SDK throws into a {@link StoreError}. The only place where that happens; the SDK's
 * error stays behind, as it holds request and response. For a write (`mayHaveHappened`) without a clear
 * answer the outcome is unknown.
 */
export function translateAzureError(
  operation: StoreOperation,
  error: unknown,
  options: { mayHaveHappened: boolean },
): StoreError {
  if (error instanceof StoreError) return error
  const { code, status, text } = factsOf(error)
  const advice = ADVICE[code ?? '']
  const message = advice === undefined ? text : `${text} (${advice})`
  const cause = new Error(`${code ?? 'no code'}, HTTP status ${status ?? 'none'}: ${text}`)
  const kind = kindOf(code, status)
  const isAnswered = status !== null && status >= 300 && status < 500
  const neverHappened = isAnswered || neverConnected(code) || code === 'ServerBusy'
  if (options.mayHaveHappened && !neverHappened && kind !== 'unsupported' && kind !== 'store-full') {
    return storeFailure(operation, kind, message, { retry: 'unknown-outcome', cause })
  }
  const mayHelp =
    code === 'ContainerBeingDeleted' || (status !== null && status >= 500 && kind === 'unexpected')
  return storeFailure(operation, kind, message, mayHelp ? { retry: 'yes', cause } : { cause })
}

function kindOf(code: string | null, status: number | null): StoreErrorKind {
  const byCode = code === null ? undefined : KIND_OF_CODE[code]
  if (byCode !== undefined) return byCode
  if (status !== null) return KIND_OF_STATUS[status] ?? 'unexpected'
  return kindOfConnectionError(code)
}

/** The code of Azure or of the connection, the HTTP status, and a text that is safe to show. */
function factsOf(error: unknown): { code: string | null; status: number | null; text: string } {
  if (!(error instanceof Error)) return { code: null, status: null, text: String(error) }
  const { code, statusCode, details } = error as {
    code?: unknown
    statusCode?: unknown
    details?: { errorCode?: unknown }
  }
  const status = typeof statusCode === 'number' ? statusCode : null
  const found = details?.errorCode ?? code
  const shown = typeof found === 'string' ? found : null
  // The lines after the first are ids and, for wrong credentials, what was signed. An answer to HEAD has no text.
  const text = error.message.split('\n', 1)[0]!.trim()
  return { code: shown, status, text: text === '' ? (shown ?? `HTTP status ${status}`) : text }
}
