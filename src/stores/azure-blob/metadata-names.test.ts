import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMetadataName, encodeMetadataName } from './metadata-names.ts'

describe('metadata names at Azure', () => {
  it('come back exactly, and are identifiers in lower case', () => {
    const token = fc.stringMatching(/^[a-z0-9!#$&'*+.^_`|~-]{1,30}$/)
    const name = fc.oneof(
      token,
      fc.constantFrom('dim_n_a', 'dim_h_expires', '_', '0', '_2d', 'dim-x', 'a__b'),
    )
    fc.assert(
      fc.property(name, given => {
        expect(encodeMetadataName(given)).toMatch(/^[a-z_][a-z0-9_]*$/)
        expect(decodeMetadataName(encodeMetadataName(given))).toBe(given)
      }),
    )
  })

  it('never meet one another', () => {
    const token = fc.stringMatching(/^[a-z_0-9-]{1,6}$/)
    fc.assert(
      fc.property(token, token, (one, other) => {
        fc.pre(one !== other)
        expect(encodeMetadataName(one)).not.toBe(encodeMetadataName(other))
      }),
    )
  })

  it('stay readable where they can, also those of others', () => {
    expect(encodeMetadataName('mtime')).toBe('mtime')
    expect(encodeMetadataName('my_2dname')).toBe('my_2dname')
    expect(encodeMetadataName('content-sha')).toBe('dim_n_content_2dsha')
    expect(decodeMetadataName('hdi_isfolder')).toBe('hdi_isfolder')
    expect(decodeMetadataName('HDI_IsFolder')).toBe('hdi_isfolder')
    expect(decodeMetadataName('dim_n_zz_z')).toBe('dim_n_zz_z')
  })
})
