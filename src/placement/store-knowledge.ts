import { isKnownToEncrypt } from '../domain/encryption.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { PlacementLocation, StoreKnowledge } from '../domain/placement-facts.ts'
import type { PolicyDocument } from '../domain/policy.ts'
import { provenBytesMaxOf } from '../domain/publication-way.ts'

/** The locations with what is known of their stores, by the stores' ids; null: nothing is known. */
export function withStoreKnowledge(
  locations: readonly PlacementLocation[],
  byStore: ReadonlyMap<Uuid, StoreKnowledge | null>,
): PlacementLocation[] {
  return locations.map(location => {
    const known = byStore.get(location.storeId) ?? null
    return {
      ...location,
      encryption: known?.encryption ?? null,
      provenBytesMax: known === null ? null : provenBytesMaxOf(known),
      canRestore: known !== null && known.archiveRestore !== 'none',
    }
  })
}

/** Whether the policy requires encryption and the location's store is not known to encrypt. */
export function lacksEncryption(
  { encryption = null }: Pick<PlacementLocation, 'encryption'>,
  policy: Pick<PolicyDocument, 'encryption'>,
): boolean {
  return policy.encryption === 'required' && !isKnownToEncrypt(encryption)
}
