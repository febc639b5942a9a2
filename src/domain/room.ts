import type { Bytes } from './bytes.ts'
import type { Uuid } from './identifiers.ts'

/** Bytes that somebody wants to bring to a location. */
export interface RoomClaim {
  readonly id: Uuid
  readonly locationId: Uuid
  readonly bytes: Bytes
  /** Higher is admitted first. */
  readonly priority: number
}

/** A location that had no room for all that was wanted. */
export interface LackingRoom {
  readonly locationId: Uuid
  /** Of those that were not admitted. */
  readonly neededBytes: Bytes
  /** After those that were. */
  readonly freeBytes: Bytes
  readonly claims: number
}

/**
 * Splits claims into those a location still has room for and the rest: by priority, then in the order given; a
 * smaller one may follow where a larger one does not fit. Together, what is admitted is never more than what is
 * free; a location without an entry has no capacity and takes all. Pure.
 */
export function admitByRoom<T extends RoomClaim>(
  claims: readonly T[],
  freeBytes: ReadonlyMap<Uuid, Bytes>,
): { admitted: T[]; lacking: T[]; locations: LackingRoom[] } {
  const left = new Map(freeBytes)
  const admitted = new Set<T>()
  for (const claim of claims.toSorted((one, other) => other.priority - one.priority)) {
    const free = left.get(claim.locationId)
    if (free !== undefined && claim.bytes > free) continue
    if (free !== undefined) left.set(claim.locationId, free - claim.bytes)
    admitted.add(claim)
  }
  const lacking = claims.filter(claim => !admitted.has(claim))
  const locations = [...Map.groupBy(lacking, claim => claim.locationId)].map(([locationId, refused]) => ({
    locationId,
    neededBytes: refused.reduce((sum, claim) => sum + claim.bytes, 0),
    freeBytes: Math.max(0, left.get(locationId) ?? 0),
    claims: refused.length,
  }))
  return { admitted: claims.filter(claim => admitted.has(claim)), lacking, locations }
}
