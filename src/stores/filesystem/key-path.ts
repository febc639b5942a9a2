import { isUtf8 } from 'node:buffer'

/**
 * How keys become paths.
 *
 * A key lies under its own name wherever a path can express it: key `a/b.txt` is file `a/b.txt` of the
 * container's folder. Keys that no path expresses (an empty, `.` or `..` segment, a NUL, a segment of more
 * than 255 bytes, a first segment `.data-in-motion`), and keys whose path is taken by a folder or runs
 * through a file (`c` beside `c/d`), lie escaped under `.data-in-motion/keys/`.
 *
 * The escape: the key's UTF-8 bytes are cut into pieces of 64; each piece is a path segment in which every
 * byte except `A-Z a-z 0-9 . _ - ~` is `%XX` (a piece of dots only is escaped too). Every piece but the
 * last carries a `%` at its end, which no escape ends with: so a folder never has the name of a file.
 */

/** The folder in every container that holds what is not an object under its own name. */
export const HIDDEN_FOLDER = '.data-in-motion'

/** The longest name of a file on the file systems of Linux and macOS. */
const SEGMENT_BYTES_MAX = 255

/** Three characters a byte and the mark stay below {@link SEGMENT_BYTES_MAX}. */
const PIECE_BYTES = 64

/** A string with one character per byte, whose order is the order of the bytes. */
export type ByteString = string

/** The UTF-8 bytes of a text. */
export function toByteString(text: string): ByteString {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of UTF-8 bytes, or null when they are none. */
export function fromByteString(bytes: ByteString): string | null {
  if (isAscii(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  return isUtf8(buffer) ? buffer.toString('utf8') : null
}

/** A path of bytes in the form the file system functions take. */
export function fsPathOf(path: ByteString): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1')
}

/** Whether a key can lie under its own name, as far as the key alone tells. */
export function isNaturalKey(key: string): boolean {
  if (key.includes('\0')) return false
  const segments = key.split('/')
  return segments[0] !== HIDDEN_FOLDER && segments.every(isNaturalSegment)
}

function isNaturalSegment(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false
  return segment.length * 3 <= SEGMENT_BYTES_MAX || Buffer.byteLength(segment) <= SEGMENT_BYTES_MAX
}

/** The path of a key's escaped form, relative to `.data-in-motion/keys`. */
export function escapedPathOf(key: string): string {
  const bytes = Buffer.from(key, 'utf8')
  const pieces: string[] = []
  for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
    const isLast = offset + PIECE_BYTES >= bytes.length
    pieces.push(escapedNameOf(bytes.toString('latin1', offset, offset + PIECE_BYTES), !isLast))
  }
  return pieces.join('/')
}

/** The name of one piece of a key in its escaped form. */
export function escapedNameOf(piece: ByteString, continues: boolean): string {
  const unsafe = /^\.+$/.test(piece) ? /\./g : /[^A-Za-z0-9._~-]/g
  return piece.replaceAll(unsafe, percent) + (continues ? '%' : '')
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** One name inside `.data-in-motion/keys`: the bytes it stands for, and whether more pieces follow. */
export function unescapePiece(name: string): { bytes: ByteString; continues: boolean } | null {
  const continues = name.endsWith('%')
  const piece = continues ? name.slice(0, -1) : name
  const bytes = piece.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const isCanonical = escapedNameOf(bytes, continues) === name
  return isCanonical && bytes.length > 0 ? { bytes, continues } : null
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are ASCII too.
  return /^[\x00-\x7f]*$/.test(text)
}
