import type { ResolvedObject } from '../../database/catalog/objects.ts'
import { decodeCopyDescription } from '../../domain/copy-description.ts'
import type { StoredObject } from '../../stores/object-store.ts'

/** Digests in which a store's word and the catalog's can be compared, the strongest first. */
const COMPARED = ['sha256', 'crc64nvme'] as const

/**
 * Whether bytes can be an object's content although the catalog does not know their identity, because the store
 * is just giving them another storage class. A client may have put newer content in the same place meanwhile:
 * what was written through our door says of which generation it is, unless it came in parts. Then, and of what
 * others wrote, a digest decides; without one only what never went through our door is taken for the former.
 */
export function mayBeContentOf(
  object: Pick<ResolvedObject, 'generation' | 'digests'>,
  found: Pick<StoredObject, 'metadata' | 'digests'>,
): boolean {
  const said = decodeCopyDescription(found.metadata)
  if (said !== null && said.generation > 0) return said.generation === object.generation
  for (const name of COMPARED) {
    const [known, reported] = [object.digests[name], found.digests[name]]
    if (known !== null && reported !== undefined) return known === reported
  }
  return said === null
}
