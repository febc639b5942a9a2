import { checkKey } from '../call-rules.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** Where uploads in parts lie until they are put together. Keys under it are refused and never listed. */
export const UPLOADS_PREFIX = '.data-in-motion/uploads/'

/**
 * Throws kind `invalid-key` for a key Google Cloud Storage does not take.
 *
 * Source: https://cloud.google.com/storage/docs/objects#naming
 */
export function checkObjectName(operation: StoreOperation, keyBytesMax: number): void {
  checkKey(operation, keyBytesMax)
  const key = operation.key!
  if (key === '.' || key === '..') throw storeFailure(operation, 'invalid-key', 'no object is named . or ..')
  if (/[\r\n]/.test(key)) throw storeFailure(operation, 'invalid-key', 'no name has a line break')
  if (key.startsWith(UPLOADS_PREFIX)) {
    throw storeFailure(
      operation,
      'invalid-key',
      `keys that begin with "${UPLOADS_PREFIX}" are kept for uploads`,
    )
  }
  if (key.startsWith('.well-known/acme-challenge/')) {
    throw storeFailure(operation, 'invalid-key', 'no name begins with .well-known/acme-challenge/')
  }
}
