/**
 * The first string, in the order of UTF-8 bytes, that comes after everything that starts with the prefix:
 * the prefix with its last character raised by one. Null when there is none, as after the empty prefix.
 */
export function firstStringAfterPrefix(prefix: string): string | null {
  const characters = [...prefix]
  while (characters.length > 0) {
    const last = characters.pop()!.codePointAt(0)!
    if (last < 0x10ffff) {
      // The order of code points is the order of UTF-8 bytes; the gap of the surrogates is stepped over.
      const next = last === 0xd7ff ? 0xe000 : last + 1
      return characters.join('') + String.fromCodePoint(next)
    }
  }
  return null
}
