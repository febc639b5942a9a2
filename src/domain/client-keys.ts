import { createHash } from 'node:crypto'

/** Names under which the credentials of a store hold keys of client-side encryption. */
export const CLIENT_KEY_NAMES = ['clientEncryptionKey', 'formerClientEncryptionKey'] as const

/** One key of client-side encryption among the credentials of a store, as it was given. */
export interface GivenClientKey {
  readonly name: (typeof CLIENT_KEY_NAMES)[number]
  /** Of the length that was given, which need not be the right one. */
  readonly bytes: Uint8Array
}

/**
 * The keys of client-side encryption in a store's credentials, base64 as they are given: the key for new objects
 * first, if it is there, then the former ones, of which there may be several with commas or blanks between them.
 */
export function clientKeysIn(credentials: Readonly<Record<string, unknown>>): GivenClientKey[] {
  return CLIENT_KEY_NAMES.flatMap(name => {
    const given = credentials[name]
    if (given === undefined) return []
    const texts =
      name === 'clientEncryptionKey'
        ? [String(given)]
        : String(given)
            .trim()
            .split(/[\s,]+/)
    return texts.map(text => ({ name, bytes: Buffer.from(text.trim(), 'base64') }))
  })
}

/** Names a key without telling anything of it: the first 64 bits of its SHA-256, hexadecimal. */
export function clientKeyId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
