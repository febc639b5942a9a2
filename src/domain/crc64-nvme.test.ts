import fc from 'fast-check'
import { createCRC64 } from 'hash-wasm'
import { describe, expect, it } from 'vitest'
import { combineCrc64Nvme, startCrc64Nvme } from './crc64-nvme.ts'

describe('CRC-64/NVME', () => {
  it('is the one with the check value of the catalogue of checksums', () => {
    expect(digestOf(Buffer.from('123456789'))).toBe('ae8b14860a799888')
  })

  it('is what another implementation makes of the same bytes, however they come', async () => {
    const oracle = await createCRC64('9a6c9329ac4bc9b5')
    const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.nat()), { maxLength: 4 })
    fc.assert(
      fc.property(pieces, sizes => {
        oracle.init()
        const digest = startCrc64Nvme()
        for (const [size, seed] of sizes) {
          const piece = Buffer.from(
            Array.from({ length: size }, (_, at) => (seed + at * 167 + (at >> 8) * 59) & 255),
          )
          oracle.update(piece)
          digest.update(piece)
        }
        expect(digest.finish()).toBe(oracle.digest('hex'))
      }),
    )
  })

  it('of two contents is that of both one after the other, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
        const [first, second] = [bytes.subarray(0, at), bytes.subarray(at)]
        const combined = combineCrc64Nvme(digestOf(first), digestOf(second), second.byteLength)
        expect(combined).toBe(digestOf(bytes))
      }),
    )
  })
})

function digestOf(bytes: Uint8Array): string {
  const digest = startCrc64Nvme()
  digest.update(bytes)
  return digest.finish()
}
