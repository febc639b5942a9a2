import type { Redacted } from '../domain/redacted.ts'
import { ApiError } from './problems.ts'
import type { StoreCredentials } from './schemas/store.ts'

/**
 * Throws a conflict when new credentials of a store would make what lies there unreadable, or would mix
 * sealed bytes with others: its key of client-side encryption may be followed by another one, with the first
 * kept as the former, and neither be taken away nor come later.
 */
export function checkClientKeys(before: Redacted | null, after: StoreCredentials): void {
  const had = keysIn(before === null ? {} : JSON.parse(before.reveal()))
  const has = keysIn(after)
  if (had.length === 0 && has.length > 0)
    throw new ApiError('conflict', 'client-side encryption begins with the store: add another store for it')
  if (had[0] !== undefined && !has.includes(had[0]))
    throw new ApiError(
      'conflict',
      'what lies there is sealed with the clientEncryptionKey: give it again, or as formerClientEncryptionKey beside a new one',
    )
}

function keysIn(credentials: Readonly<Record<string, unknown>>): string[] {
  const { clientEncryptionKey, formerClientEncryptionKey } = credentials
  return [clientEncryptionKey, formerClientEncryptionKey].filter(key => typeof key === 'string')
}
