import { isKnownToEncrypt, type StoreEncryption } from '../domain/encryption.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { PlacementLocation } from '../domain/placement-facts.ts'
import type { PolicyDocument } from '../domain/policy.ts'

/** The locations with what is known of the encryption of their stores, by the stores' ids. */
export function withKnownEncryption(
  locations: readonly PlacementLocation[],
  byStore: ReadonlyMap<Uuid, StoreEncryption | null>,
): PlacementLocation[] {
  return locations.map(location => ({ ...location, encryption: byStore.get(location.storeId) ?? null }))
}

/** Whether the policy requires encryption and the location's store is not known to encrypt. */
export function lacksEncryption(
  { encryption = null }: Pick<PlacementLocation, 'encryption'>,
  policy: Pick<PolicyDocument, 'encryption'>,
): boolean {
  return policy.encryption === 'required' && !isKnownToEncrypt(encryption)
}
