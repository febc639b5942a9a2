import type { BucketMode } from '../domain/bucket.ts'
import { deletionWayOf, type FoundBytes } from './deletion.ts'
import type { PrimaryFinding } from './last-copy.ts'

/** All that says whether bytes nobody needs may be deleted, seen while their object is locked. */
export interface OrphanFacts {
  /** What a scan saw there. */
  readonly seen: FoundBytes
  /** What lies there now; null when nothing does. */
  readonly found: FoundBytes | null
  /** What the bytes say they are, and whether this is the object that was meant. */
  readonly described: { readonly generation: number; readonly isThisObject: boolean } | null
  /** The migration that published them, as our ledger has it; null when it knows none with this very place. */
  readonly publisher: { readonly hasEnded: boolean } | null
  readonly object: { readonly generation: number; readonly isPresent: boolean } | null
  /** A copy of the catalog, a write or a move has its bytes there, or may soon. */
  readonly isInUse: boolean
  /** The object's primary copy, as its store says now. */
  readonly primary: PrimaryFinding
  /** Another store reaches the same bytes for a copy that is needed. */
  readonly isShared: boolean
  readonly mode: BucketMode | null
  readonly capabilities: { readonly conditionalDelete: boolean; readonly versions: boolean }
}

/**
 * What becomes of them: deleted, on condition of their identity where the store can; kept; or looked at anew.
 */
export type OrphanVerdict =
  | { readonly kind: 'delete'; readonly conditionally: boolean }
  | { readonly kind: 'gone' }
  /** Other bytes than were seen: they have to be seen twice again. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'keep'; readonly because: string }

/**
 * Judges bytes that a scan found and the catalog knows no copy of. They are deleted only if it is proven that
 * they are ours, that the migration which made them has ended, and that nobody may need them any more. Pure.
 */
export function judgeOrphan(facts: OrphanFacts): OrphanVerdict {
  const { described, found, mode, object, publisher, seen } = facts
  if (found === null) return { kind: 'gone' }
  if (!isSameIdentity(seen, found)) return { kind: 'changed' }
  if (described === null) return keep('they do not say that they are ours')
  if (publisher === null) return keep('this catalog knows no migration that brought them here')
  if (!publisher.hasEnded) return keep('the migration that brings them has not ended')
  if (facts.isInUse) return keep('the catalog uses what lies there, or is about to')
  if (!described.isThisObject) return keep('they say that they are of another object')
  if (object === null || mode === null) return keep('the catalog does not know their object')
  if (described.generation > object.generation) return keep('they are newer than what the catalog knows')
  const isPresentContent = object.isPresent && described.generation === object.generation
  if (isPresentContent && facts.primary !== 'sound')
    return keep('they may be the last good copy: the primary copy was not seen to be sound')
  if (facts.isShared) return keep('another store reaches the same bytes for a copy that is needed')
  const way = deletionWayOf(facts.capabilities, mode)
  if (way === 'not-at-all') return keep('others write there and the store cannot compare')
  return { kind: 'delete', conditionally: way === 'conditionally' }
}

function keep(because: string): OrphanVerdict {
  return { kind: 'keep', because }
}

/** Without an ETag or a version nobody can tell bytes from others of the same length. */
function isSameIdentity(seen: FoundBytes, found: FoundBytes): boolean {
  const { etag, versionId } = seen.identity
  if (seen.size !== found.size || (etag === null && versionId === null)) return false
  return (
    (etag === null || etag === found.identity.etag) &&
    (versionId === null || versionId === found.identity.versionId)
  )
}
