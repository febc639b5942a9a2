import { checkKey } from '../call-rules.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

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
  if (key.startsWith('.well-known/acme-challenge/')) {
    throw storeFailure(operation, 'invalid-key', 'no name begins with .well-known/acme-challenge/')
  }
}
