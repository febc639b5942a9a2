import type { Redacted } from './redacted.ts'

/**
 * Seals secrets for the database and opens them again. What is sealed can only be opened by whoever holds the
 * key, unchanged, and for the same purpose: a sealed value moved to another row does not open.
 */
export interface SecretBox {
  /** `purpose` names the row, for example {@link storeCredentialsPurpose}. */
  seal(secret: Redacted, purpose: string): Buffer
  /** Throws a {@link SecretBoxError} when the key is missing, or bytes or purpose are not what was sealed. */
  open(sealed: Uint8Array, purpose: string): Redacted
}

/** A sealed secret cannot be opened: `unknown-key` (sealed with a key we do not have) or `not-authentic`. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError'
  readonly kind: 'unknown-key' | 'not-authentic'

  constructor(kind: 'unknown-key' | 'not-authentic', message: string) {
    super(message)
    this.kind = kind
  }
}

/**
 * The purpose under which a store's credentials are sealed. Their plain form is the JSON of the credentials.
 */
export function storeCredentialsPurpose(storeId: string): string {
  return `store/${storeId}/credentials`
}

/** The purpose under which the secret of an S3 client's access key is sealed. */
export function accessKeyPurpose(accessKeyId: string): string {
  return `access-key/${accessKeyId}/secret`
}
