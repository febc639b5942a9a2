import type { BucketMode } from '../domain/bucket.ts'
import type { StoreIdentity } from '../domain/object.ts'

/** What a store's HEAD said about bytes; null when there are none. */
export interface FoundBytes {
  readonly size: number
  readonly identity: StoreIdentity
}

/** Whether the bytes that were found are the ones a copy's row speaks of. */
export function isSameCopy(known: FoundBytes, found: FoundBytes): boolean {
  if (known.size !== found.size) return false
  const { etag, versionId } = known.identity
  if (etag === null && versionId === null) return false
  if (versionId !== null && versionId !== found.identity.versionId) return false
  return etag === null || etag === found.identity.etag
}

/** How the bytes of a copy may be deleted. */
export type DeletionWay =
  /** The store itself compares the identity in the moment of the deletion. */
  | 'conditionally'
  /** Nobody else writes, or a wrong deletion could be undone. */
  | 'plainly'
  /** Others may write between our look and our deletion, and it could not be undone. */
  | 'not-at-all'

/**
 * How bytes that were found to be ours may be deleted. A store without a conditional delete is deleted from
 * only where bytes are versioned or the bucket is exclusively ours; what is only observed never.
 */
export function deletionWayOf(
  capabilities: { readonly conditionalDelete: boolean; readonly versions: boolean },
  bucketMode: BucketMode,
): DeletionWay {
  if (bucketMode === 'observed') return 'not-at-all'
  if (capabilities.conditionalDelete) return 'conditionally'
  return capabilities.versions || bucketMode === 'exclusive' ? 'plainly' : 'not-at-all'
}
