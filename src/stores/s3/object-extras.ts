import type { ArchiveState, ObjectEncryption, ObjectLock, PutFacts } from '../object-store.ts'
import { encodeForS3 } from './sign-request.ts'

type Headers = Readonly<Record<string, string>>

const TAGGING = 'x-amz-tagging'
const ENCRYPTION = 'x-amz-server-side-encryption'
const ENCRYPTION_KEY = `${ENCRYPTION}-aws-kms-key-id`
const CUSTOMER_ALGORITHM = `${ENCRYPTION}-customer-algorithm`
const LOCK_MODE = 'x-amz-object-lock-mode'
const LOCK_UNTIL = 'x-amz-object-lock-retain-until-date'
const LOCK_HOLD = 'x-amz-object-lock-legal-hold'

/** The headers of a write that carry tags, encryption and lock. */
export function extraHeadersOf({ tags = {}, encryption, lock }: PutFacts): Headers {
  const tagging = Object.entries(tags).map(([name, value]) => `${encodeForS3(name)}=${encodeForS3(value)}`)
  return {
    ...(tagging.length === 0 ? {} : { [TAGGING]: tagging.join('&') }),
    ...encryptionHeadersOf(encryption ?? null),
    ...(lock?.retention
      ? {
          [LOCK_MODE]: lock.retention.mode.toUpperCase(),
          [LOCK_UNTIL]: new Date(lock.retention.until).toISOString(),
        }
      : {}),
    ...(lock?.legalHold === true ? { [LOCK_HOLD]: 'ON' } : {}),
  }
}

/** The headers that ask for an encryption; none for the bucket's own. */
export function encryptionHeadersOf(encryption: ObjectEncryption | null): Headers {
  if (encryption === null || encryption.kind === 'client') return {}
  if (encryption.kind === 'store') return { [ENCRYPTION]: 'AES256' }
  return {
    [ENCRYPTION]: 'aws:kms',
    ...(encryption.keyId === undefined ? {} : { [ENCRYPTION_KEY]: encryption.keyId }),
  }
}

/** How the answer to a HEAD or GET says the object is encrypted. */
export function encryptionOf(headers: Headers): ObjectEncryption | null {
  if (headers[CUSTOMER_ALGORITHM] !== undefined) return { kind: 'client' }
  const algorithm = headers[ENCRYPTION]
  if (algorithm === undefined || algorithm === '') return null
  if (!algorithm.startsWith('aws:kms')) return { kind: 'store' }
  const keyId = headers[ENCRYPTION_KEY]
  return keyId === undefined ? { kind: 'kms' } : { kind: 'kms', keyId }
}

/**
 * How far the restore of an archived object is, by the answer to a HEAD or GET; null when it is in no archive.
 * Objects that INTELLIGENT_TIERING archived say so in a header of their own.
 */
export function archiveStateOf(headers: Headers, archiveClasses: readonly string[]): ArchiveState | null {
  const storageClass = headers['x-amz-storage-class']
  const isArchiveClass = storageClass !== undefined && archiveClasses.includes(storageClass)
  if (!isArchiveClass && headers['x-amz-archive-status'] === undefined) return null
  const restore = headers['x-amz-restore']
  if (restore === undefined || restore === '') return { kind: 'archived' }
  if (/ongoing-request="true"/.test(restore)) return { kind: 'restoring' }
  const until = Date.parse(/expiry-date="([^"]*)"/.exec(restore)?.[1] ?? '')
  return { kind: 'restored', until: Number.isNaN(until) ? null : until }
}

/** What the answer to a HEAD or GET says holds the object. Servers say nothing to who may not know. */
export function lockOf(headers: Headers): ObjectLock | null {
  const until = Date.parse(headers[LOCK_UNTIL] ?? '')
  const legalHold = headers[LOCK_HOLD] === 'ON'
  if (Number.isNaN(until)) return legalHold ? { retention: null, legalHold } : null
  const mode = headers[LOCK_MODE] === 'GOVERNANCE' ? 'governance' : 'compliance'
  return { retention: { mode, until }, legalHold }
}
