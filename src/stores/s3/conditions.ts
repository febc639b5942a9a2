import type { StoreIdentity } from '../../domain/object.ts'
import type { StoreError, WriteCondition } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { encodeForS3 } from './sign-request.ts'

/** What makes a request be about these bytes only: a header, or the version in the query. */
export function onlyIfParts(identity: StoreIdentity | undefined): {
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
} {
  if (identity === undefined) return { headers: {} }
  if (identity.versionId !== null) {
    return { query: `versionId=${encodeForS3(identity.versionId)}`, headers: {} }
  }
  return { headers: { 'if-match': `"${identity.etag ?? ''}"` } }
}

/** The headers by which a copy says which bytes it means; nothing else is copied. */
export function copySourceHeaders(
  container: string,
  key: string,
  identity: StoreIdentity,
): Readonly<Record<string, string>> {
  const source = `/${encodeForS3(container)}/${encodeForS3(key, { keepSlashes: true })}`
  return identity.versionId === null
    ? { 'x-amz-copy-source': source, 'x-amz-copy-source-if-match': `"${identity.etag ?? ''}"` }
    : { 'x-amz-copy-source': `${source}?versionId=${encodeForS3(identity.versionId)}` }
}

/** The headers of a conditional write. */
export function conditionHeaders(condition: WriteCondition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {}
  return condition.kind === 'absent'
    ? { 'if-none-match': '*' }
    : { 'if-match': `"${condition.identity.etag ?? ''}"` }
}

/** A write over bytes that are gone is answered with "no such key": then its condition failed. */
export function asFailedCondition(
  operation: StoreOperation,
  error: unknown,
  condition: WriteCondition | undefined,
): unknown {
  const isGone = condition?.kind === 'identity' && (error as StoreError).kind === 'not-found'
  return isGone
    ? storeFailure(operation, 'precondition-failed', 'nothing is there any more', { cause: error })
    : error
}
