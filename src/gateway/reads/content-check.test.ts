import { describe, expect, it } from 'vitest'
import { copyDescriptionMetadata } from '../../domain/copy-description.ts'
import type { Digests } from '../../domain/object.ts'
import { mayBeContentOf } from './content-check.ts'

const KNOWN = { sha256: 'aa', crc64nvme: 'bb' } as Digests
const UNKNOWN = { sha256: null, crc64nvme: null } as Digests

const written = (generation: number) =>
  copyDescriptionMetadata({
    bucket: 'photos',
    key: 'k',
    generation,
    sha256: null,
    etag: null,
    intentId: 'an-intent',
  })

describe('bytes whose identity is being changed', () => {
  it('are of the generation they say they are of', () => {
    const object = { generation: 4, digests: KNOWN }
    expect(mayBeContentOf(object, { metadata: written(4), digests: {} })).toBe(true)
    expect(mayBeContentOf(object, { metadata: written(5), digests: { sha256: 'aa' } })).toBe(false)
  })

  it.each([
    ['that came in parts', written(0)],
    ['that others wrote', {}],
  ])('%s are the content when a digest says so', (_, metadata) => {
    const object = { generation: 4, digests: KNOWN }
    expect(mayBeContentOf(object, { metadata, digests: { crc64nvme: 'bb' } })).toBe(true)
    expect(mayBeContentOf(object, { metadata, digests: { crc64nvme: 'cc' } })).toBe(false)
    expect(mayBeContentOf(object, { metadata, digests: { sha256: 'ab', crc64nvme: 'bb' } })).toBe(false)
  })

  it('without a digest are the content only when nothing was written through our door', () => {
    for (const digests of [KNOWN, UNKNOWN]) {
      const object = { generation: 4, digests }
      expect(mayBeContentOf(object, { metadata: {}, digests: {} })).toBe(true)
      expect(mayBeContentOf(object, { metadata: written(0), digests: {} })).toBe(false)
    }
  })
})
