import type { StoreIdentity } from '../../domain/object.ts'
import type { WriteCondition } from '../object-store.ts'

/** Conditions as the SDK takes them. */
export interface BlobConditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
}

/**
 * What makes a request be about these bytes only. The ETag serves also where versions are kept: the present
 * version cannot be deleted by its id, and every write has an ETag of its own.
 */
export function onlyIfConditions(identity: StoreIdentity | undefined): BlobConditions {
  return identity === undefined ? {} : { ifMatch: `"${identity.etag ?? ''}"` }
}

/** The conditions of a write. */
export function writeConditions(condition: WriteCondition | undefined): BlobConditions {
  if (condition === undefined) return {}
  return condition.kind === 'absent' ? { ifNoneMatch: '*' } : onlyIfConditions(condition.identity)
}
