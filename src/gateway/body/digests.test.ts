import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc64 } from './crc64-combine.ts'
import { BodyDigests } from './digests.ts'

async function crc64(bytes: Uint8Array): Promise<string> {
  const digests = BodyDigests.start(['crc64nvme'])
  digests.update(bytes)
  return digests.finish().get('crc64nvme')!.toString('hex')
}

describe('digests', () => {
  it('knows the check values of the algorithms', async () => {
    const digests = BodyDigests.start(['crc64nvme', 'crc32', 'crc32c'])
    digests.update(Buffer.from('1234'))
    digests.update(Buffer.from('56789'))
    const results = digests.finish()
    expect(results.get('crc64nvme')?.toString('hex')).toBe('ae8b14860a799888')
    expect(results.get('crc32')?.toString('hex')).toBe('cbf43926')
    expect(results.get('crc32c')?.toString('hex')).toBe('e3069283')
  })

  it('combines the CRCs of pieces to that of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5_000), fc.nat(5_000), async (first, second) => {
        const left = randomBytes(first)
        const right = randomBytes(second)
        const whole = await crc64(Buffer.concat([left, right]))
        expect(combineCrc64(await crc64(left), await crc64(right), second)).toBe(whole)
      }),
      { numRuns: 200 },
    )
  })
})
