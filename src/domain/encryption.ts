/**
 * What is known of a store's encryption. `always`: it encrypts whatever it keeps. `on-request`: what is written
 * with the wish. `none`: it was not found to encrypt, and refuses to be asked.
 */
export type StoreEncryption = 'always' | 'on-request' | 'none'

/**
 * Whether copies may be sent to a store where a policy requires encryption: the planner offers no other place, and
 * the mover refuses every other one. Null: nothing is known of the store, which counts as no encryption.
 */
export function isKnownToEncrypt(encryption: StoreEncryption | null): boolean {
  return encryption === 'always' || encryption === 'on-request'
}
