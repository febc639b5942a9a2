import type { Bytes } from '../domain/bytes.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { PlacementLocation } from '../domain/placement-facts.ts'

/**
 * The locations as an object sees them whose own open decision holds room in one of them: that room is free
 * for it. Without this, an object would be refused the place it is waiting to go to.
 */
export function withOwnReservation(
  locations: readonly PlacementLocation[],
  reserved: { readonly toLocationId: Uuid } | null,
  size: Bytes,
): readonly PlacementLocation[] {
  if (reserved === null) return locations
  return locations.map(location =>
    location.id === reserved.toLocationId && location.freeBytes !== null
      ? { ...location, freeBytes: location.freeBytes + size }
      : location,
  )
}
