import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CopyDescription,
  copyDescriptionMetadata,
  decodeCopyDescription,
  publishingIntentOf,
  withoutCopyDescription,
} from './copy-description.ts'

const text = fc.string({ unit: 'binary', maxLength: 60 }).filter(value => value.isWellFormed())
const descriptions: fc.Arbitrary<CopyDescription> = fc.record({
  bucket: text,
  key: fc.option(text),
  generation: fc.nat(),
  sha256: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
  etag: fc.option(text),
  intentId: fc.option(fc.uuid()),
})

describe('copy description', () => {
  it('comes back from metadata as it was given', () => {
    fc.assert(
      fc.property(descriptions, description => {
        const metadata = copyDescriptionMetadata(description)
        expect(decodeCopyDescription(metadata)).toEqual(description)
        expect(publishingIntentOf(metadata)).toBe(description.intentId)
      }),
    )
  })

  it('is printable ASCII without spaces, whatever the key', () => {
    fc.assert(
      fc.property(descriptions, description => {
        for (const value of Object.values(copyDescriptionMetadata(description)))
          expect(value).toMatch(/^[\x21-\x7e]*$/)
      }),
    )
  })

  it('is told from metadata of others', () => {
    const described = copyDescriptionMetadata({
      bucket: 'photos',
      key: 'a b/ü',
      generation: 3,
      sha256: null,
      etag: null,
      intentId: null,
    })
    expect(described['dim-key']).toBe('a%20b%2F%C3%BC')
    expect(withoutCopyDescription({ ...described, author: 'x', 'dim-other': 'y' })).toEqual({
      author: 'x',
      'dim-other': 'y',
    })
  })

  it('is null when any part of it is not ours', () => {
    const right = { 'dim-bucket': 'b', 'dim-key': 'k', 'dim-generation': '1' }
    expect(decodeCopyDescription(right)).not.toBeNull()
    expect(decodeCopyDescription({})).toBeNull()
    for (const wrong of [{ 'dim-key': '%zz' }, { 'dim-generation': '-1' }, { 'dim-sha256': 'ABC' }]) {
      expect(decodeCopyDescription({ ...right, ...wrong })).toBeNull()
    }
  })
})
