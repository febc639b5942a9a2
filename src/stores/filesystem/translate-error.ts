import { StoreError, type StoreErrorKind } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** What error codes of the operating system mean to callers of a store. */
const KIND_OF_CODE: Readonly<Record<string, StoreErrorKind>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EISDIR: 'not-found',
  // O_NOFOLLOW met a symbolic link: links are no objects.
  ELOOP: 'not-found',
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  EROFS: 'access-denied',
  ENOSPC: 'store-full',
  EDQUOT: 'store-full',
  EFBIG: 'too-large',
  ENAMETOOLONG: 'invalid-key',
  EMFILE: 'throttled',
  ENFILE: 'throttled',
  EBUSY: 'throttled',
  ETIMEDOUT: 'timeout',
}

/** Turns an error of the operating system into a {@link StoreError}. The only place where that happens. */
export function translateFilesystemError(operation: StoreOperation, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const code = errorCodeOf(error)
  const kind = (code === null ? undefined : KIND_OF_CODE[code]) ?? 'unexpected'
  return storeFailure(operation, kind, error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}

/** The code of an operating system error, for example `ENOENT`, or null for other errors. */
export function errorCodeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** Whether an error says that nothing is at the path. */
export function isMissing(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
