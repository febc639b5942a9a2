/**
 * Azure's metadata names are C# identifiers and the same in either case. Names of lower-case letters, digits
 * and `_` that do not begin with a digit or with our prefix travel as they are, so that other tools meet the
 * names they know; all others as `dim_n_` and every other character as `_` and its code in two hexadecimal
 * digits.
 */
const PLAIN_NAME = /^(?!dim_)[a-z_][a-z0-9_]*$/
const ENCODED_PREFIX = 'dim_n_'
const ESCAPE = /_([0-9a-f]{2})/g

/** A lower-case token as an identifier. */
export function encodeMetadataName(name: string): string {
  if (PLAIN_NAME.test(name)) return name
  const encoded = name.replaceAll(
    /[^a-z0-9]/g,
    sign => `_${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return ENCODED_PREFIX + encoded
}

/** The name an identifier stands for; those of other writers stand for themselves. */
export function decodeMetadataName(identifier: string): string {
  const name = identifier.toLowerCase()
  if (!name.startsWith(ENCODED_PREFIX)) return name
  const decoded = name
    .slice(ENCODED_PREFIX.length)
    .replaceAll(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return encodeMetadataName(decoded) === name ? decoded : name
}
