import type { AccessWindowRow } from '../../database/accesses/access-windows.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import { type AccessRings, addReads, emptyRings } from '../../heat/access-windows.ts'
import type { ObjectAccesses } from '../../heat/fold-accesses.ts'
import { decodeRings, encodeRings } from '../../heat/ring-encoding.ts'

/** The rings of the objects that were read, with the reads added. */
export function updateRings(
  objects: readonly (readonly [ObjectId, ObjectAccesses])[],
  ringsBefore: (objectId: ObjectId) => Uint8Array | undefined,
  onUnreadable: (objectId: ObjectId, error: unknown) => void,
): AccessWindowRow[] {
  const rows: AccessWindowRow[] = []
  for (const [objectId, accesses] of objects) {
    if (accesses.readMinutes.length === 0) continue
    const rings = readable(objectId, ringsBefore(objectId), onUnreadable)
    for (const minute of accesses.readMinutes) addReads(rings, minute, 1)
    rows.push({ objectId, rings: encodeRings(rings), lastAccessAt: accesses.lastAccessAt })
  }
  return rows
}

/** Rings that cannot be decoded begin anew: they forget a day at most, and must not stop everything after. */
function readable(
  objectId: ObjectId,
  bytes: Uint8Array | undefined,
  onUnreadable: (objectId: ObjectId, error: unknown) => void,
): AccessRings {
  if (bytes === undefined) return emptyRings()
  try {
    return decodeRings(bytes)
  } catch (error) {
    onUnreadable(objectId, error)
    return emptyRings()
  }
}
