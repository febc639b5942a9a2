import fc from 'fast-check'
import { expect, it } from 'vitest'
import { GIB, MIB, TIB } from '../../domain/bytes.ts'
import { partBytesOf } from './stage-target.ts'

const S3 = { partSizeMin: 5 * MIB, partSizeMax: 5 * GIB, partsMax: 10_000 }

it('cuts into parts of 8 MiB unless the store asks for larger ones', () => {
  expect(partBytesOf(9 * MIB, S3)).toBe(8 * MIB)
  expect(partBytesOf(9 * MIB, { ...S3, partSizeMin: 16 * MIB })).toBe(16 * MIB)
})

it('always fits into the parts a store allows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * TIB }), size => {
      expect(Math.ceil(size / partBytesOf(size, S3))).toBeLessThanOrEqual(S3.partsMax)
    }),
  )
})
