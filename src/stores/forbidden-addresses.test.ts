import type { lookup } from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { expectFailure } from './contract/samples.ts'
import { guardedLookup, isForbiddenAddress } from './forbidden-addresses.ts'
import { s3Credentials, s3Settings } from './s3/config.ts'
import { createS3Store } from './s3/s3-store.ts'

/** A resolver that knows one name. */
function resolving(addresses: readonly string[]): typeof lookup {
  const answer = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
  return ((_name: string, _options: object, callback: (error: null, found: unknown) => void) =>
    callback(null, answer)) as unknown as typeof lookup
}

const lookUp = (hostname: string, addresses: readonly string[], allowLinkLocal: readonly string[] = []) =>
  new Promise((resolve, reject) => {
    guardedLookup({ allowLinkLocal }, resolving(addresses))(hostname, {}, (error, address) =>
      error === null ? resolve(address) : reject(error),
    )
  })

describe('addresses where no store may be', () => {
  it('are refused whatever name leads there, unless it is allowed by name', async () => {
    const metadata = ['10.0.0.1', '169.254.169.254']
    await expect(lookUp('rebound.example', metadata)).rejects.toMatchObject({ code: 'FORBIDDEN_ADDRESS' })
    await expect(lookUp('rebound.example', ['fd00:ec2::254'])).rejects.toThrow('rebound.example')
    expect(await lookUp('a.rebound.example', metadata, ['rebound.example'])).toBe('10.0.0.1')
    await expect(lookUp('notrebound.example', metadata, ['rebound.example'])).rejects.toThrow()
    expect(await lookUp('s3.example', ['10.0.0.1', '2001:db8::1'])).toBe('10.0.0.1')
  })

  it('are told from all others', () => {
    for (const host of ['169.254.0.1', '[fe80::1]', '::ffff:169.254.169.254', '100.100.100.200'])
      expect(isForbiddenAddress(host), host).toBe(true)
    for (const host of [
      '127.0.0.1',
      '::1',
      '192.168.1.1',
      '169.253.1.1',
      's3.example.org',
      '100.100.100.201',
    ])
      expect(isForbiddenAddress(host), host).toBe(false)
  })

  it('leave names of this machine reachable', async () => {
    const server = createServer((_, response) => response.end())
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    const { port } = server.address() as AddressInfo
    const settings = s3Settings.parse({ endpoint: `http://localhost:${port}` })
    const credentials = s3Credentials.parse({ accessKeyId: 'a', secretAccessKey: 'b' })
    const store = createS3Store({ name: 'local', settings, credentials })
    // It answers, though not as a store would.
    await expectFailure(store.head('c', 'k'), 'unexpected')
    await store.close()
    await new Promise(resolve => server.close(resolve))
  })
})
