import { describe, expect, it } from 'vitest'
import { s3Settings } from './config.ts'
import { comparesBodies, signedHashOf } from './payload-hash.ts'

const BYTES = Buffer.from('bytes')
const SHA256 = '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9'
const crc64nvme = '0011223344556677'

function hashFor(endpoint: string | undefined, options: { digests: object; reports?: readonly string[] }) {
  const { digests, reports = ['crc64nvme'] } = options
  const allowPlainHttp = ['elsewhere.example']
  const settings = s3Settings.parse({ endpoint, allowPlainHttp, region: 'here' })
  const capabilities = { reportedDigests: reports } as never
  return signedHashOf({ comparesBodies: comparesBodies(settings, capabilities) }, BYTES, digests)
}

describe('the hash that is signed of a body', () => {
  it.each(['https://elsewhere.example', 'http://127.0.0.1:9000', undefined])(
    'is none where the server compares a checksum and nobody else could change it on the way to %s',
    endpoint => {
      expect(hashFor(endpoint, { digests: { crc64nvme, sha256: SHA256 } })).toBe('UNSIGNED-PAYLOAD')
    },
  )

  it('is that of the body where others could change both', () => {
    const digests = { crc64nvme, sha256: SHA256 }
    expect(hashFor('http://elsewhere.example', { digests })).toBe(SHA256)
    expect(hashFor('http://elsewhere.example', { digests: { crc64nvme } })).toBe(SHA256)
  })

  it('is that of the body where the server is not known to compare checksums, or gets none', () => {
    const endpoint = 'https://elsewhere.example'
    expect(hashFor(endpoint, { digests: { crc64nvme }, reports: ['md5'] })).toBe(SHA256)
    expect(hashFor(endpoint, { digests: {} })).toBe(SHA256)
  })
})
