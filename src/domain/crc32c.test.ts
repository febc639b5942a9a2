import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startCrc32c } from './crc32c.ts'

function crc32cOf(...chunks: readonly Uint8Array[]): string {
  const running = startCrc32c()
  for (const chunk of chunks) running.update(chunk)
  return running.finish()
}

describe('CRC-32C', () => {
  it('is that of RFC 3720, B.4, and of the check value', () => {
    expect(crc32cOf(Buffer.from('123456789'))).toBe('e3069283')
    expect(crc32cOf(Buffer.alloc(32))).toBe('8a9136aa')
    expect(crc32cOf(Buffer.alloc(32, 0xff))).toBe('62a8ab43')
  })

  it('has eight digits, also of nothing', () => {
    expect(crc32cOf()).toBe('00000000')
    expect(crc32cOf(new Uint8Array())).toBe('00000000')
  })

  it('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        expect(crc32cOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(crc32cOf(bytes))
      }),
    )
  })
})
