/**
 * How user metadata travels in HTTP headers, which carry printable ASCII only: other values become one
 * RFC 2047 word, `=?UTF-8?B?<base64>?=`, the form in which AWS itself returns them. A value that would be
 * trimmed on the way, is empty, or looks like such a word is encoded too, so that decoding gives back
 * exactly what was given.
 */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const ENCODED_WORD = /^=\?utf-8\?([bq])\?([^?]*)\?=$/i

/** A metadata value as a header value. */
export function encodeMetadataValue(value: string): string {
  const isPlain = PLAIN.test(value) && !value.includes('  ') && !value.startsWith('=?')
  return isPlain ? value : `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`
}

/** The metadata value of a header value. Words of others are decoded as well; what is none is kept. */
export function decodeMetadataValue(header: string): string {
  const words = header.split(' ').map(decodeWord)
  return words.every(word => word !== null) ? Buffer.concat(words).toString('utf8') : header
}

function decodeWord(word: string): Buffer | null {
  const [, form, text] = ENCODED_WORD.exec(word) ?? []
  if (form === undefined || text === undefined) return null
  if (form.toLowerCase() === 'b') return Buffer.from(text, 'base64')
  const bytes = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
