import type { StoreIdentity } from '../../domain/object.ts'
import type { StoreError, WriteCondition } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** The fields by which a request is about these bytes only. */
export function onlyIfFields(identity: StoreIdentity | undefined) {
  if (identity === undefined) return {}
  if (identity.versionId !== null) return { VersionId: identity.versionId }
  return { IfMatch: `"${identity.etag ?? ''}"` }
}

/** The fields of a conditional write. */
export function conditionFields(condition: WriteCondition | undefined) {
  if (condition === undefined) return {}
  return condition.kind === 'absent'
    ? { IfNoneMatch: '*' }
    : { IfMatch: `"${condition.identity.etag ?? ''}"` }
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
