import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeReadBack, judgeReport, judgeSource } from './verification.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)
const read = { size: 10, digests: { sha256: A, crc64nvme: 'c1' } }

describe('what was read from the source', () => {
  it('is right when size and known digests agree, or when nothing is known', () => {
    expect(judgeSource(10, { sha256: A }, read).verdict).toBe('right')
    expect(judgeSource(10, { sha256: null, crc64nvme: null }, read).verdict).toBe('right')
  })

  it('is broken off when bytes are missing, whatever the digest says', () => {
    expect(judgeSource(11, { sha256: B }, read)).toEqual({
      verdict: 'broken-off',
      difference: { what: 'size', expected: '11', found: '10' },
    })
  })

  it('is corrupt when any digest of the catalog differs', () => {
    expect(judgeSource(10, { sha256: B }, read).verdict).toBe('corrupt')
    expect(judgeSource(10, { crc64nvme: 'other' }, read).verdict).toBe('corrupt')
  })

  it('is compared with what its store reports where the catalog knows nothing', () => {
    expect(judgeSource(10, {}, read, { sha256: B }).verdict).toBe('corrupt')
    expect(judgeSource(10, { sha256: A }, read, { crc64nvme: 'other' }).verdict).toBe('right')
  })
})

describe('what the target reports', () => {
  it('proves the copy by a digest that is trusted', () => {
    const reported = { size: 10, digests: { sha256: A } }
    expect(judgeReport(read, reported, ['sha256'])).toEqual({ verdict: 'verified', by: 'target-checksum' })
  })

  it('proves the copy by the CRC-32C of a store that keeps nothing else', () => {
    const seen = { size: 10, digests: { ...read.digests, crc32c: 'e3069283' } }
    const reported = { size: 10, digests: { md5: 'm', crc32c: 'e3069283' } }
    const proven = { verdict: 'verified', by: 'target-checksum' }
    expect(judgeReport(seen, reported, ['crc32c', 'md5'])).toEqual(proven)
    const other = { size: 10, digests: { crc32c: '00000000' } }
    expect(judgeReport(seen, other, ['crc32c']).verdict).toBe('mismatch')
  })

  it('proves nothing without a trusted digest that both sides know', () => {
    expect(judgeReport(read, { size: 10, digests: { sha256: A } }, []).verdict).toBe('must-read-back')
    expect(judgeReport(read, { size: 10, digests: {} }, ['sha256']).verdict).toBe('must-read-back')
    expect(judgeReport(read, { size: 10, digests: { md5: 'm' } }, ['md5']).verdict).toBe('must-read-back')
  })

  it('disproves it by another size or digest', () => {
    expect(judgeReport(read, { size: 9, digests: { sha256: A } }, ['sha256']).verdict).toBe('mismatch')
    expect(judgeReport(read, { size: 10, digests: { sha256: B } }, ['sha256']).verdict).toBe('mismatch')
  })
})

describe('what was read back', () => {
  it('proves the copy when every byte is the same', () => {
    expect(judgeReadBack(read, read)).toEqual({ verdict: 'verified', by: 'read-back' })
  })

  it('never proves it when size or any digest differs or none is known of both', () => {
    const digest = fc.constantFrom(A, B, undefined)
    const content = fc.record({
      size: fc.constantFrom(9, 10),
      digests: fc.record({ sha256: digest, crc64nvme: digest }, { requiredKeys: [] }),
    })
    fc.assert(
      fc.property(content, content, (left, right) => {
        const verdict = judgeReadBack(left as typeof read, right as typeof read).verdict
        const common = (['sha256', 'crc64nvme'] as const).filter(
          name => left.digests[name] !== undefined && right.digests[name] !== undefined,
        )
        const isSame =
          left.size === right.size && common.every(name => left.digests[name] === right.digests[name])
        if (!isSame || common.length === 0) expect(verdict).not.toBe('verified')
      }),
    )
  })
})
