import type { BucketMode } from './bucket.ts'
import type { Bytes } from './bytes.ts'
import type { ContentHeaders, Copy, StoreIdentity } from './object.ts'

/** What a store says of the bytes that lie in a place: its HEAD. */
export interface FoundBytes {
  readonly size: Bytes
  readonly identity: StoreIdentity
  readonly lastModified: number
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Who met a place that is not as the catalog says. A `listing` shows what others wrote wherever they write,
 * so that new bytes there are the object's new content. A `read` asks for one copy: only where it was the
 * primary do other bytes say what the object is now.
 */
export type ForeignChangeWitness = 'listing' | 'read'

/** Everything that says whether a place was changed by others, seen while the object is locked. */
export interface ForeignChangeFacts {
  readonly mode: BucketMode
  readonly witness: ForeignChangeWitness
  readonly object: {
    readonly generation: number
    readonly isPresent: boolean
    /** Of the present content; null when there is none. */
    readonly lastModified: number | null
  }
  /** The object's copies whose bytes lie in the place, in any state. */
  readonly copiesThere: readonly Copy[]
  /** What lies in the place; null when the store says that nothing does. */
  readonly found: FoundBytes | null
  /**
   * What is known of the intent the bytes name: a write or a move under way, one that is over, or none of
   * ours.
   */
  readonly intent: 'open' | 'over' | 'unknown'
}

/**
 * What to make of a place. `as-known`: it is as the catalog says, or none of its business. `under-way`: a
 * write or a move of our own is not finished there. `adopt`: the bytes are a new generation of the object.
 * `changed-aside` and `removed`: the copy that lay there is no copy any more. `conflicting` and `missing`:
 * the same in a bucket only we write, which is evidence of damage and changes nothing.
 */
export type ForeignChangeVerdict =
  | 'as-known'
  | 'under-way'
  | 'adopt'
  | 'changed-aside'
  | 'removed'
  | 'conflicting'
  | 'missing'

/** Judges a place that looked other than the catalog says. Pure. */
export function judgeForeignChange(facts: ForeignChangeFacts): ForeignChangeVerdict {
  const { copiesThere, found, intent, mode, object, witness } = facts
  const current = currentCopyOf(facts)
  if (found === null) {
    if (current === null) return 'as-known'
    return mode === 'exclusive' ? 'missing' : 'removed'
  }
  const isTellable = found.identity.etag !== null || found.identity.versionId !== null
  if (!isTellable || copiesThere.some(copy => isSameBytes(copy, found))) return 'as-known'
  if (intent === 'open') return 'under-way'
  if (current !== null) {
    if (mode === 'exclusive') return 'conflicting'
    return current.isPrimary || witness === 'listing' ? 'adopt' : 'changed-aside'
  }
  // Nothing of the present content is known to lie here: somebody may have written the object anew.
  if (witness === 'read' || mode === 'exclusive' || intent === 'over') return 'as-known'
  if (copiesThere.some(copy => copy.state === 'staging' || copy.state === 'deleting')) return 'under-way'
  const isNewer = object.lastModified === null || found.lastModified > object.lastModified
  return !object.isPresent || isNewer ? 'adopt' : 'as-known'
}

/** The copy of the present content that should lie in the place; the primary before others. */
export function currentCopyOf({
  copiesThere,
  object,
}: {
  readonly copiesThere: readonly Copy[]
  readonly object: Pick<ForeignChangeFacts['object'], 'generation' | 'isPresent'>
}): Copy | null {
  if (!object.isPresent) return null
  const current = copiesThere.filter(
    copy => copy.generation === object.generation && copy.state !== 'staging' && copy.state !== 'deleting',
  )
  return current.find(copy => copy.isPrimary) ?? current[0] ?? null
}

/**
 * Whether the bytes that were found are the ones a copy's row speaks of. A row that an import entered knows
 * no version id, because a listing tells none.
 */
export function isSameBytes(
  copy: Pick<Copy, 'size' | 'identity'>,
  found: Pick<FoundBytes, 'size' | 'identity'>,
): boolean {
  if (copy.size !== found.size) return false
  const { etag, versionId } = copy.identity
  if (etag === null && versionId === null) return false
  if (versionId !== null && versionId !== found.identity.versionId) return false
  return etag === null || etag === found.identity.etag
}
