import { clientKeyId, clientKeysIn } from '../domain/client-keys.ts'
import type { Redacted } from '../domain/redacted.ts'
import { ApiError } from './problems.ts'
import type { StoreCredentials } from './schemas/store.ts'

/**
 * Throws a conflict when new credentials of a store would make what lies there unreadable, or would mix
 * sealed bytes with others. Its key of client-side encryption may be followed by another one, and no key that
 * was ever there, the former ones among them, may be left out; nor may the first one come later.
 */
export function checkClientKeys(before: Redacted | null, after: StoreCredentials): void {
  const had = keyIdsIn(before === null ? {} : JSON.parse(before.reveal()))
  const has = keyIdsIn(after)
  if (had.length === 0 && has.length > 0)
    throw new ApiError('conflict', 'client-side encryption begins with the store: add another store for it')
  const lost = [...new Set(had)].filter(id => !has.includes(id))
  if (lost.length > 0)
    throw new ApiError(
      'conflict',
      `what lies there may be sealed with the ${lost.length === 1 ? 'key' : 'keys'} ${lost.join(', ')}: no key may be left out; give every former one in formerClientEncryptionKey, with commas between them, beside the clientEncryptionKey`,
    )
  if (has.length > 0 && after.clientEncryptionKey === undefined)
    throw new ApiError(
      'conflict',
      'new objects need a key: give a clientEncryptionKey beside the former ones',
    )
}

function keyIdsIn(credentials: Readonly<Record<string, unknown>>): string[] {
  return clientKeysIn(credentials).map(({ bytes }) => clientKeyId(bytes))
}
