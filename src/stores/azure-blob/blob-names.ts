import { checkKey } from '../call-rules.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** Where uploads in parts remember what they are. Keys under it are refused and never listed. */
export const UPLOADS_PREFIX = '.data-in-motion/uploads/'

/**
 * Characters Azure does not promise to keep: control characters, private use and what is no character
 * (RFC 3987, `ucschar`), and the backslash, which is taken for a slash.
 */
const NOT_KEPT = /[\p{Cc}\p{Co}\p{Noncharacter_Code_Point}\\\ufff0-\uffff\u{e0000}-\u{e0fff}]/u

/** Azure's limit for the parts of a name between slashes. */
const SEGMENTS_MAX = 254

/**
 * Throws kind `invalid-key` for a key Azure would not keep exactly. Of names that end in a dot, or have a
 * segment that does, Azure says to keep off; `.` and `..` are resolved on the way.
 *
 * Source:
 * https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
 */
export function checkBlobName(operation: StoreOperation, keyBytesMax: number): void {
  checkKey(operation, keyBytesMax)
  const key = operation.key!
  const refuse = (message: string) => storeFailure(operation, 'invalid-key', message)
  const segments = key.split('/')
  if (segments.length > SEGMENTS_MAX) throw refuse(`the key has more than ${SEGMENTS_MAX} segments`)
  if (segments.some(segment => segment.endsWith('.'))) throw refuse('a segment of the key ends with a dot')
  if (NOT_KEPT.test(key)) {
    throw refuse('the key has a backslash, a control, private-use or unassigned character')
  }
  if (key.startsWith(UPLOADS_PREFIX)) {
    throw refuse(`keys that begin with "${UPLOADS_PREFIX}" are kept for uploads in parts`)
  }
}
