import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { chunked, expectFailure, readAll, sampleBytes } from '../contract/samples.ts'
import type { ObjectStore } from '../object-store.ts'
import { createAzureBlobStore } from './azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from './config.ts'

/** What a server does on the wire that Azurite would not do on request. */

const open: { server: Server; store: ObjectStore }[] = []
afterEach(async () => {
  for (const { server, store } of open.splice(0)) {
    await store.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** A store whose server answers as the test says, and the requests it saw. */
async function storeAgainst(
  answer: (request: Seen, response: ServerResponse, attempt: number) => void,
  settings: object = {},
  secret: object = { sasToken: 'sv=1&sig=very-secret' },
): Promise<{ store: ObjectStore; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    request.resume()
    request.on('error', () => response.destroy())
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers })
      answer({ method, url, headers }, response, seen.length)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const store = createAzureBlobStore({
    name: 'wire',
    settings: azureBlobSettings.parse({
      account: 'acme',
      endpoint: `http://127.0.0.1:${port}/acme`,
      ...settings,
    }),
    credentials: azureBlobCredentials.parse(secret),
  })
  open.push({ server, store })
  return { store, seen }
}

const written = (_: Seen, response: ServerResponse) => response.writeHead(201, { ETag: '"0x1"' }).end()
const error = (status: number, code: string) => (_: Seen, response: ServerResponse) =>
  response
    .writeHead(status, { 'x-ms-error-code': code, 'Content-Type': 'application/xml' })
    .end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>says the server\nRequestId:1</Message></Error>`,
    )
const reset = (_: Seen, response: ServerResponse) => response.socket?.resetAndDestroy()
const put = (store: ObjectStore) => store.put('container', 'k', sampleBytes(3), { size: 3 })

describe('azure-blob store on the wire', () => {
  it('sends keys exactly', async () => {
    const { store, seen } = await storeAgainst(written)
    const keys = ['x//y', '/a', 'a/', '//', 'a+b %41?c#d', 'é/日本/😀', "!'()*~", 'a;b=c&d', '%2F']
    for (const key of keys) await store.put('container', key, sampleBytes(3), { size: 3 })
    const sent = seen.map(({ url }) =>
      decodeURIComponent(url.replace(/\?.*$/, '').slice('/acme/container/'.length)),
    )
    expect(sent).toEqual(keys)
  })

  it('sends the digest, the tier and the condition with the bytes, in one request', async () => {
    const { store, seen } = await storeAgainst(written)
    const bytes = sampleBytes(200_000)
    const md5 = '0123456789abcdef0123456789abcdef'
    const wrong = store.put('container', 'k', chunked(bytes), { size: bytes.length, digests: { md5 } })
    await expectFailure(wrong, 'digest-mismatch')
    await store.put('container', 'k', chunked(bytes), {
      size: bytes.length,
      storageClass: 'Cool',
      condition: { kind: 'absent' },
    })
    expect(seen.at(-1)!.headers).toMatchObject({
      'content-length': '200000',
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-access-tier': 'Cool',
      'if-none-match': '*',
    })
    expect(seen.at(-1)!.headers['transfer-encoding']).toBeUndefined()
  })

  it('asks an archived blob to come back once, and says that it is on its way', async () => {
    let isAsked = false
    const { store, seen } = await storeAgainst((request, response) => {
      const status = isAsked ? { 'x-ms-archive-status': 'rehydrate-pending-to-hot' } : {}
      if (request.method === 'PUT') {
        isAsked = true
        response.writeHead(202).end()
      } else {
        const headers = { ETag: '"abc"', 'Content-Length': '3', 'x-ms-access-tier': 'Archive', ...status }
        response.writeHead(200, headers).end()
      }
    })
    const onlyIf = { etag: 'abc', versionId: null }
    for (let time = 0; time < 2; time++) {
      const asked = await store.restore!('container', 'k', { onlyIf, readableDays: 1 })
      expect(asked.archive).toEqual({ kind: 'restoring' })
    }
    const asked = seen.filter(({ method }) => method === 'PUT')
    expect(asked).toHaveLength(1)
    expect(asked[0]!.url).toContain('comp=tier')
    expect(asked[0]!.headers).toMatchObject({
      'x-ms-access-tier': 'Hot',
      'x-ms-rehydrate-priority': 'Standard',
    })
  })

  it('does not take a web page with status 200 for an empty container', async () => {
    const { store } = await storeAgainst((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>Welcome</body></html>'),
    )
    await expectFailure(store.list('container'), 'unexpected')
  })

  it('tries writes once and says that their outcome is unknown', async () => {
    const { store, seen } = await storeAgainst(reset)
    const lost = { retry: 'unknown-outcome' }
    expect(await expectFailure(put(store), 'unreachable')).toMatchObject(lost)
    expect(await expectFailure(store.delete('container', 'k'), 'unreachable')).toMatchObject(lost)
    expect(seen).toHaveLength(2)
    const { store: failing } = await storeAgainst(error(500, 'InternalError'))
    expect(await expectFailure(put(failing), 'unexpected')).toMatchObject(lost)
    const { store: late } = await storeAgainst(error(500, 'OperationTimedOut'))
    expect(await expectFailure(put(late), 'timeout')).toMatchObject(lost)
  })

  it('tries reads again, within bounds', async () => {
    const { store, seen } = await storeAgainst((request, response, attempt) =>
      attempt < 3
        ? reset(request, response)
        : response.writeHead(200, { ETag: '"0x1"', 'Content-Length': 9 }).end(),
    )
    expect((await store.head('container', 'k')).size).toBe(9)
    expect(seen).toHaveLength(3)
    const { store: broken, seen: seenBroken } = await storeAgainst(reset)
    expect(await expectFailure(broken.head('container', 'k'), 'unreachable')).toMatchObject({ retry: 'yes' })
    expect(seenBroken).toHaveLength(3)
  })

  it('says that nothing happened when there was no connection or the service did not begin', async () => {
    const { store } = await storeAgainst(error(503, 'ServerBusy'))
    expect(await expectFailure(put(store), 'throttled')).toMatchObject({ retry: 'yes' })
    const nowhere = createAzureBlobStore({
      name: 'nowhere',
      settings: azureBlobSettings.parse({ account: 'acme', endpoint: 'http://127.0.0.1:1/acme' }),
      credentials: azureBlobCredentials.parse({ sasToken: 'sv=1&sig=very-secret' }),
    })
    expect(await expectFailure(put(nowhere), 'unreachable')).toMatchObject({ retry: 'yes' })
    await nowhere.close()
  })

  it('gives up a server that takes a request and stays silent', async () => {
    const { store } = await storeAgainst(() => undefined, {
      requestTimeoutMs: 100,
      socketIdleTimeoutMs: 150,
      readAttemptsMax: 1,
    })
    const lost = { retry: 'unknown-outcome' }
    expect(await expectFailure(store.head('container', 'k'), 'timeout')).toMatchObject({ retry: 'yes' })
    expect(await expectFailure(store.delete('container', 'k'), 'timeout')).toMatchObject(lost)
    expect(await expectFailure(put(store), 'timeout')).toMatchObject(lost)
  })

  it('lets go of the connection when a refusal comes before the body is over', async () => {
    const server = createServer((request, response) => {
      request.on('error', () => response.destroy()).resume()
      error(409, 'BlobAlreadyExists')({} as Seen, response)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const endpoint = `http://127.0.0.1:${port}/acme`
    const store = createAzureBlobStore({
      name: 'wire',
      settings: azureBlobSettings.parse({ account: 'acme', endpoint, socketsMax: 1 }),
      credentials: azureBlobCredentials.parse({ sasToken: 'sv=1&sig=very-secret' }),
    })
    open.push({ server, store })
    async function* endless() {
      yield sampleBytes(100_000)
      yield sampleBytes(100_000)
      await new Promise(() => undefined)
    }
    for (let round = 0; round < 3; round++) {
      const upload = store.put('container', 'k', endless(), { size: 1_000_000 })
      await expectFailure(upload, 'precondition-failed')
    }
  })

  it('takes a body that breaks off for truncated, never for the end', async () => {
    const { store } = await storeAgainst((_, response) => {
      response.writeHead(200, { ETag: '"0x1"', 'Content-Length': 1000 })
      response.write(Buffer.alloc(500), () => response.destroy())
    })
    const { body } = await store.get('container', 'k')
    expect(await expectFailure(readAll(body), 'truncated')).toMatchObject({ retry: 'yes' })
  })

  it('gives up a body over which nothing moves any more', async () => {
    const { store } = await storeAgainst(
      (_, response) => {
        response.writeHead(200, { ETag: '"0x1"', 'Content-Length': 1000 })
        response.write(Buffer.alloc(500))
      },
      { socketIdleTimeoutMs: 1_000 },
    )
    const { body } = await store.get('container', 'k')
    await expectFailure(readAll(body), 'timeout', 'truncated')
  })

  it('does not take the whole object for the range that was asked for', async () => {
    const { store } = await storeAgainst((_, response) =>
      response.writeHead(200, { ETag: '"0x1"', 'Content-Length': 10 }).end('0123456789'),
    )
    await expectFailure(store.get('container', 'k', { range: { start: 2, end: 4 } }), 'unexpected')
  })

  it('asks for a retention, a legal hold and an encryption scope, and tells what holds a blob', async () => {
    const { store, seen } = await storeAgainst(
      (request, response) => {
        if (request.method === 'PUT') {
          written(request, response)
          return
        }
        const held = {
          'x-ms-immutability-policy-until-date': 'Fri, 01 Jan 2027 00:00:00 GMT',
          'x-ms-immutability-policy-mode': 'locked',
          'x-ms-legal-hold': 'true',
          'x-ms-server-encrypted': 'true',
          'x-ms-encryption-scope': 'ours',
        }
        response.writeHead(200, { ETag: '"0x1"', 'Content-Length': 5, ...held }).end()
      },
      { immutability: true },
    )
    const until = Date.parse('2027-01-01T00:00:00Z')
    const lock = { retention: { mode: 'compliance', until }, legalHold: true } as const
    const encryption = { kind: 'kms', keyId: 'ours' } as const
    await store.put('container', 'k', sampleBytes(5), { size: 5, lock, encryption })
    expect(seen[0]!.headers).toMatchObject({
      'x-ms-immutability-policy-until-date': 'Fri, 01 Jan 2027 00:00:00 GMT',
      'x-ms-immutability-policy-mode': 'Locked',
      'x-ms-legal-hold': 'true',
      'x-ms-encryption-scope': 'ours',
    })
    expect(await store.head('container', 'k')).toMatchObject({ lock, encryption })
    const nameless = store.put('container', 'k', sampleBytes(5), { size: 5, encryption: { kind: 'kms' } })
    await expectFailure(nameless, 'unsupported')
  })

  it('says what holds bytes that may be seen and not touched', async () => {
    for (const [status, code, words] of [
      [409, 'BlobImmutableDueToPolicy', 'retention'],
      [412, 'LeaseIdMissing', 'lease'],
      [409, 'SnapshotsPresent', 'snapshots'],
    ] as const) {
      const { store } = await storeAgainst(error(status, code))
      const failure = await expectFailure(store.delete('container', 'k'), 'locked')
      expect(failure).toMatchObject({ retry: 'no', message: expect.stringContaining(words) })
    }
  })

  it('tells refused credentials, and never shows the secret', async () => {
    for (const secret of [{ sasToken: 'sv=1&sig=very-secret' }, { accountKey: 'dmVyeS1zZWNyZXQ=' }]) {
      const { store } = await storeAgainst(error(403, 'AuthenticationFailed'), {}, secret)
      const failure = await expectFailure(store.list('container'), 'access-denied')
      expect(failure.message).toBe('wire: list: says the server')
      for (const shown of [failure, store]) {
        const text = inspect(shown, { depth: 9, showHidden: true })
        expect(text).not.toMatch(/very-secret|dmVyeS1zZWNyZXQ|RequestId/)
      }
    }
  })
})
