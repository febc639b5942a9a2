import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc64Nvme, startCrc64Nvme } from './crc64-nvme.ts'

describe('CRC-64/NVME', () => {
  it('is the one with the check value of the catalogue of checksums', async () => {
    expect(await digestOf(Buffer.from('123456789'))).toBe('ae8b14860a799888')
  })

  it('of two contents is that of both one after the other, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(300), async (bytes, at) => {
        const [first, second] = [bytes.subarray(0, at), bytes.subarray(at)]
        const combined = combineCrc64Nvme(await digestOf(first), await digestOf(second), second.byteLength)
        expect(combined).toBe(await digestOf(bytes))
      }),
    )
  })
})

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await startCrc64Nvme()
  digest.update(bytes)
  return digest.finish()
}
