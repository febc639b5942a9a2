import type { Copy } from '../../domain/object.ts'
import type { InventoryEntry } from './inventories/inventory.ts'

/**
 * What an inventory's entry is to the catalog. `known`: as a copy's row says. `under-way`: a write, a move or
 * a deletion of our own is not finished there. `changed`: a copy should lie there and other bytes do.
 * `unknown`: no copy should.
 */
export type EntryVerdict = 'known' | 'under-way' | 'changed' | 'unknown'

/** Judges an entry by the copies whose bytes lie in its place, in any state. Pure. */
export function judgeEntry(facts: {
  readonly entry: Pick<InventoryEntry, 'size' | 'etag'>
  readonly copiesThere: readonly Copy[]
  /** A write or a move of the object is under way. */
  readonly isUnderWay: boolean
}): EntryVerdict {
  const { copiesThere, entry, isUnderWay } = facts
  const whole = copiesThere.filter(isWhole)
  if (whole.some(copy => isListedAs(copy, entry))) return 'known'
  if (isUnderWay || copiesThere.length > whole.length) return 'under-way'
  return whole.length > 0 ? 'changed' : 'unknown'
}

/** Whether the bytes of a copy must lie in their place. */
export function isWhole(copy: Pick<Copy, 'state'>): boolean {
  return copy.state !== 'staging' && copy.state !== 'deleting'
}

/** Inventories do not tell every fact of an identity: what both tell must be equal. */
function isListedAs(copy: Copy, entry: Pick<InventoryEntry, 'size' | 'etag'>): boolean {
  if (copy.size !== entry.size) return false
  return copy.identity.etag === null || entry.etag === null || copy.identity.etag === entry.etag
}
