import { describe, expect, it } from 'vitest'
import { GIB, MIB } from './bytes.ts'
import {
  type PublicationReports,
  provenBytesMaxOf,
  publicationWayOf,
  publishedBytesMaxOf,
  WHOLE_BYTES_MAX,
} from './publication-way.ts'

const PARTS = { partSizeMax: GIB, partsMax: 10, reportedDigests: [] }
const BLOCKS: PublicationReports = { putSizeMax: 5 * GIB, multipart: PARTS, reportedDigests: ['md5'] }

describe('the way in which a copy is published', () => {
  it.each([
    [WHOLE_BYTES_MAX, 'whole'],
    [WHOLE_BYTES_MAX + 1, 'parts'],
    [10 * GIB, 'parts'],
    [10 * GIB + 1, null],
  ])('of %d bytes is %s', (size, way) => {
    expect(publicationWayOf(size, BLOCKS)).toBe(way)
  })

  it('is a stream where the store has no parts, or too few', () => {
    expect(publicationWayOf(WHOLE_BYTES_MAX + 1, { ...BLOCKS, multipart: null })).toBe('stream')
    expect(publicationWayOf(2 * GIB, { ...BLOCKS, multipart: { partSizeMax: MIB, partsMax: 9 } })).toBe(
      'stream',
    )
  })

  it('is never whole where the store takes less at once', () => {
    expect(publicationWayOf(MIB + 1, { ...BLOCKS, putSizeMax: MIB })).toBe('parts')
    expect(publishedBytesMaxOf({ ...BLOCKS, putSizeMax: 20 * GIB })).toBe(20 * GIB)
  })
})

describe('the largest copy that its store proves', () => {
  const provenBy = (whole: string[], parts: string[] | null) =>
    provenBytesMaxOf({
      ...BLOCKS,
      reportedDigests: whole,
      multipart: parts === null ? null : { ...PARTS, reportedDigests: parts },
    })

  it.each([
    ['none where it reports nothing', [], [], 0],
    ['what it takes at once, where it says nothing of parts', ['md5'], [], WHOLE_BYTES_MAX],
    ['any where it tells one of the whole', ['sha256', 'crc64nvme'], ['crc64nvme'], null],
    ['not by parts whose only digest the mover does not compute', ['crc32c'], ['crc32c'], WHOLE_BYTES_MAX],
    ['not by a digest that is trusted only of parts', ['sha256'], ['crc64nvme'], WHOLE_BYTES_MAX],
    ['any that is streamed and has a CRC', ['crc32c', 'md5'], null, null],
    ['not a stream that has only an MD5', ['md5'], null, WHOLE_BYTES_MAX],
  ])('is %s', (_, whole, parts, proven) => {
    expect(provenBy(whole, parts)).toBe(proven)
  })
})
