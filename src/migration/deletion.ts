import type { BucketMode } from '../domain/bucket.ts'
import { isSameBytes } from '../domain/foreign-change.ts'
import type { Copy, StoreIdentity } from '../domain/object.ts'

/** What a store's HEAD said about bytes; null when there are none. */
export interface FoundBytes {
  readonly size: number
  readonly identity: StoreIdentity
}

/** Whether the bytes that were found are the ones a copy's row speaks of. */
export function isSameCopy(known: FoundBytes, found: FoundBytes): boolean {
  return isSameBytes(known, found)
}

/**
 * Whether another copy of the object, whose row names the same place, has its bytes there, so that they are
 * not the ones to delete. `found` is what a look showed; null before one. A copy that is being written has
 * bytes only from its publication on: until then what lies there is still the former copy's. One that was left
 * behind or found bad may have lost them to another copy since: a look has to say.
 */
export function hasItsBytesThere(
  other: Pick<Copy, 'state' | 'size' | 'identity'>,
  found: FoundBytes | null,
): boolean {
  switch (other.state) {
    case 'complete':
    case 'grace':
      return true
    case 'retained':
    case 'suspect':
      return found !== null
    case 'staging':
      return found !== null && isSameCopy(other, found)
    case 'deleting':
      return false
    default:
      return other.state satisfies never
  }
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

/**
 * The condition under which bytes that were found are deleted, or null for none. A store that keeps versions deletes
 * one by its name: without, it only marks the key as deleted, and keeps the bytes, which are paid for.
 */
export function deletionConditionOf(
  way: Exclude<DeletionWay, 'not-at-all'>,
  capabilities: { readonly versions: boolean },
  found: StoreIdentity,
): StoreIdentity | null {
  const isNamed = capabilities.versions && found.versionId !== null
  return way === 'conditionally' || isNamed ? found : null
}
