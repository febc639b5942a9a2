import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapedPathOf, fromByteString, isNaturalKey, toByteString, unescapePiece } from './key-path.ts'

const keys = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
    fc
      .array(fc.constantFrom('.', '..', '', 'a', '%', '%41', '/', 'é', '\0', '😀', 'x'.repeat(64)), {
        minLength: 1,
      })
      .map(parts => parts.join('/')),
  )
  .filter(key => key.isWellFormed() && key !== '')

/** Reads an escaped path as the listing does. */
function unescapePath(path: string): string | null {
  let bytes = ''
  for (const name of path.split('/')) bytes += unescapePiece(name)!.bytes
  return fromByteString(bytes)
}

describe('escaped keys', () => {
  it('come back exactly', () => {
    fc.assert(
      fc.property(keys, key => {
        expect(unescapePath(escapedPathOf(key))).toBe(key)
      }),
    )
  })

  it('are paths that any file system takes and that stay where they are', () => {
    fc.assert(
      fc.property(keys, key => {
        const names = escapedPathOf(key).split('/')
        for (const name of names) {
          expect(name).toMatch(/^[A-Za-z0-9._~%-]{1,255}$/)
          expect(name).not.toMatch(/^\.{1,2}$/)
        }
        expect(names.slice(0, -1).every(name => name.endsWith('%'))).toBe(true)
        expect(names.at(-1)).not.toMatch(/%$/)
      }),
    )
  })

  it('are read only in the form in which they are written', () => {
    for (const name of ['%2f', '%41', 'a%', '%', '..', '%2', '%zz', 'ä']) {
      const piece = unescapePiece(name)
      if (name === 'a%') expect(piece).toEqual({ bytes: 'a', continues: true })
      else expect(piece, name).toBeNull()
    }
  })
})

describe('keys under their own names', () => {
  it('never lead out of their folder', () => {
    fc.assert(
      fc.property(keys, key => {
        if (!isNaturalKey(key)) return
        expect(key.split('/').some(segment => segment === '' || segment === '.' || segment === '..')).toBe(
          false,
        )
        expect(key).not.toContain('\0')
        expect(key.startsWith('.data-in-motion/')).toBe(false)
      }),
    )
  })

  it('are byte strings in the order of UTF-8', () => {
    fc.assert(
      fc.property(keys, keys, (left, right) => {
        const order = Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)))
        const [a, b] = [toByteString(left), toByteString(right)]
        expect(a === b ? 0 : a < b ? -1 : 1).toBe(order)
        expect(fromByteString(a)).toBe(left)
      }),
    )
  })
})
