import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMetadataValue, encodeMetadataValue } from './metadata-encoding.ts'

describe('metadata values in headers', () => {
  it('come back exactly, and are plain ASCII that nobody trims on the way', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('=?UTF-8?B?eA==?=', '=?utf-8?q?x?=', ' x', 'x ', '', '=?x'),
    )
    fc.assert(
      fc.property(
        text.filter(value => value.isWellFormed()),
        value => {
          const header = encodeMetadataValue(value)
          expect(header).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/)
          expect(decodeMetadataValue(header)).toBe(value)
        },
      ),
    )
  })

  it('stay readable where they can', () => {
    expect(encodeMetadataValue('plain text, 100%')).toBe('plain text, 100%')
  })

  it('of other writers are decoded too', () => {
    expect(decodeMetadataValue('=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?=')).toBe('Grüße an')
    expect(decodeMetadataValue('=?UTF-8?B?R3LDvA==?= =?UTF-8?B?w59l?=')).toBe('Grüße')
    expect(decodeMetadataValue('=?ISO-8859-1?Q?Gr=FC?=')).toBe('=?ISO-8859-1?Q?Gr=FC?=')
  })
})
