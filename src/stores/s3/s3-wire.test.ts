import { createHash, hash } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { chunked, expectFailure, readAll, sampleBytes } from '../contract/samples.ts'
import type { ObjectStore } from '../object-store.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { createS3Store } from './s3-store.ts'

/** What a server does on the wire that no well-behaved server would do on request. */

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
): Promise<{ store: ObjectStore; seen: Seen[] }> {
  const seen: Seen[] = []
  const listener: RequestListener = (request, response) => {
    request.resume()
    request.on('error', () => response.destroy())
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers })
      answer({ method, url, headers }, response, seen.length)
    })
  }
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const store = createS3Store({
    name: 'wire',
    settings: s3Settings.parse({ endpoint: `http://127.0.0.1:${port}`, ...settings }),
    credentials: s3Credentials.parse({ accessKeyId: 'id', secretAccessKey: 'very-secret' }),
  })
  open.push({ server, store })
  return { store, seen }
}

const ok = (_: Seen, response: ServerResponse) => response.writeHead(200, { ETag: '"abc"' }).end()
const error = (status: number, code: string) => (_: Seen, response: ServerResponse) =>
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>says the server</Message></Error>`)
const reset = (_: Seen, response: ServerResponse) => response.socket?.resetAndDestroy()

describe('s3 store on the wire', () => {
  it('sends keys exactly', async () => {
    const { store, seen } = await storeAgainst(ok)
    const keys = [
      'a/../b',
      '..',
      './a',
      'x//y',
      '/a',
      'a/',
      '//',
      'a+b %41?c#d',
      'é/日本/😀',
      "!'()*~",
      'a\nb',
      'a;b=c&d',
    ]
    for (const key of keys) await store.put('bucket', key, sampleBytes(3), { size: 3 })
    const sent = seen.map(({ url }) => decodeURIComponent(url.replace(/\?.*$/, '').slice('/bucket/'.length)))
    expect(sent).toEqual(keys)
  })

  it('signs the hash of bytes in memory, so that a server can tell a broken body', async () => {
    const { store, seen } = await storeAgainst(ok)
    const bytes = sampleBytes(5000)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await store.put('bucket', 'k', bytes, { size: 5000 })
    await store.put('bucket', 'k', chunked(bytes), { size: 5000, digests: { sha256 } })
    for (const { headers } of seen) {
      expect(headers).toMatchObject({ 'x-amz-content-sha256': sha256, 'content-length': '5000' })
      expect(headers.authorization).toContain('x-amz-content-sha256')
      expect(headers['transfer-encoding']).toBeUndefined()
    }
  })

  it('sends a stream without a digest as one request where broken bodies are refused', async () => {
    const { store, seen } = await storeAgainst(ok, { incompleteBodies: 'refused' })
    await store.put('bucket', 'k', chunked(sampleBytes(200_000)), { size: 200_000 })
    expect(seen).toHaveLength(1)
    expect(seen[0]!.headers).toMatchObject({
      'content-length': '200000',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    })
  })

  it('takes a completion with status 200 and an error inside for an error', async () => {
    const { store, seen } = await storeAgainst(error(200, 'InternalError'))
    const parts = [{ partNumber: 1, etag: 'x' }]
    const failure = await expectFailure(store.multipart!.complete('bucket', 'k', 'id', parts), 'unexpected')
    expect(failure.retry).toBe('unknown-outcome')
    expect(seen).toHaveLength(1)
  })

  it('does not take a web page with status 200 for an empty bucket or a write', async () => {
    const page = (_: Seen, response: ServerResponse) =>
      response.writeHead(200).end('<html><body>Welcome</body></html>')
    const { store } = await storeAgainst(page)
    await expectFailure(store.list('bucket'), 'unexpected')
    const failure = await expectFailure(store.put('bucket', 'k', sampleBytes(3), { size: 3 }), 'unexpected')
    expect(failure.retry).toBe('unknown-outcome')
  })

  it('tries writes once and says that their outcome is unknown', async () => {
    const { store, seen } = await storeAgainst(reset)
    expect(
      await expectFailure(store.put('bucket', 'k', sampleBytes(3), { size: 3 }), 'unreachable'),
    ).toMatchObject({
      retry: 'unknown-outcome',
    })
    expect(await expectFailure(store.delete('bucket', 'k'), 'unreachable')).toMatchObject({
      retry: 'unknown-outcome',
    })
    expect(seen).toHaveLength(2)
  })

  it('tries reads again, within bounds', async () => {
    const { store, seen } = await storeAgainst((request, response, attempt) =>
      attempt < 3
        ? reset(request, response)
        : response.writeHead(200, { ETag: '"abc"', 'Content-Length': 9 }).end(),
    )
    expect((await store.head('bucket', 'k')).size).toBe(9)
    expect(seen).toHaveLength(3)
    const { store: broken, seen: seenBroken } = await storeAgainst(reset)
    expect(await expectFailure(broken.head('bucket', 'k'), 'unreachable')).toMatchObject({ retry: 'yes' })
    expect(seenBroken).toHaveLength(3)
  })

  it('says that nothing happened when there was no connection or the server did not begin', async () => {
    const { store } = await storeAgainst(error(503, 'SlowDown'))
    expect(
      await expectFailure(store.put('bucket', 'k', sampleBytes(3), { size: 3 }), 'throttled'),
    ).toMatchObject({
      retry: 'yes',
    })
    const nowhere = createS3Store({
      name: 'nowhere',
      settings: s3Settings.parse({ endpoint: 'http://127.0.0.1:1' }),
      credentials: s3Credentials.parse({ accessKeyId: 'id', secretAccessKey: 'very-secret' }),
    })
    expect(
      await expectFailure(nowhere.put('b', 'k', sampleBytes(3), { size: 3 }), 'unreachable'),
    ).toMatchObject({
      retry: 'yes',
    })
    await nowhere.close()
  })

  it('gives up a server that takes a request and stays silent', async () => {
    const { store } = await storeAgainst(() => undefined, {
      requestTimeoutMs: 100,
      socketIdleTimeoutMs: 150,
      readAttemptsMax: 1,
    })
    expect(await expectFailure(store.head('bucket', 'k'), 'timeout')).toMatchObject({ retry: 'yes' })
    expect(await expectFailure(store.delete('bucket', 'k'), 'timeout')).toMatchObject({
      retry: 'unknown-outcome',
    })
    const upload = store.put('bucket', 'k', sampleBytes(3), { size: 3 })
    expect(await expectFailure(upload, 'timeout')).toMatchObject({ retry: 'unknown-outcome' })
  })

  it('takes a body that breaks off for truncated, never for the end', async () => {
    const { store } = await storeAgainst((_, response) => {
      response.writeHead(200, { ETag: '"abc"', 'Content-Length': 1000 })
      response.write(Buffer.alloc(500), () => response.destroy())
    })
    const { body } = await store.get('bucket', 'k')
    expect(await expectFailure(readAll(body), 'truncated')).toMatchObject({ retry: 'yes' })
  })

  it('gives up a body over which nothing moves any more', async () => {
    const { store } = await storeAgainst(
      (_, response) => {
        response.writeHead(200, { ETag: '"abc"', 'Content-Length': 1000 })
        response.write(Buffer.alloc(500))
      },
      { socketIdleTimeoutMs: 150 },
    )
    const { body } = await store.get('bucket', 'k')
    await expectFailure(readAll(body), 'timeout', 'truncated')
  })

  it('does not take the whole object for the range that was asked for', async () => {
    const { store } = await storeAgainst((_, response) =>
      response.writeHead(200, { ETag: '"abc"' }).end('0123456789'),
    )
    await expectFailure(store.get('bucket', 'k', { range: { start: 2, end: 4 } }), 'unexpected')
  })

  it('tells what an object lock holds from what we have no right to delete', async () => {
    for (const [status, code, message, kind] of [
      [403, 'AccessDenied', 'Access Denied because object protected by object lock.', 'locked'],
      [400, 'InvalidRequest', 'Object is WORM protected and cannot be overwritten', 'locked'],
      [403, 'AccessDenied', 'Access Denied.', 'access-denied'],
      [403, 'InvalidObjectState', 'The operation is not valid for the storage class', 'archived'],
    ] as const) {
      const { store } = await storeAgainst((_, response) =>
        response.writeHead(status).end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`),
      )
      expect(await expectFailure(store.delete('bucket', 'k'), kind)).toMatchObject({ retry: 'no' })
    }
  })

  it('takes no copy for done that failed after its answer began', async () => {
    const capabilities = { serverSideCopy: true }
    const from = { container: 'bucket', key: 'a', identity: { etag: 'abc', versionId: null } }
    for (const [document, kind] of [
      ['<Error><Code>InternalError</Code><Message>oh</Message></Error>', 'unexpected'],
      ['<CopyObjectResult>', 'unexpected'],
    ] as const) {
      const { store } = await storeAgainst((_, response) => response.end(document), { capabilities })
      const copy = store.copyWithin!(from, { container: 'bucket', key: 'b' }, { size: 10 })
      expect(await expectFailure(copy, kind)).toMatchObject({ retry: 'unknown-outcome' })
    }
  })

  describe('asked to restore an archived object', () => {
    const onlyIf = { etag: 'abc', versionId: null }
    const head = (response: ServerResponse, headers: Record<string, string>) =>
      response.writeHead(200, { ETag: '"abc"', 'Content-Length': '3', ...headers }).end()
    /** A server whose HEAD says this, before and after it was asked. */
    const archive = (
      before: Record<string, string>,
      after: Record<string, string>,
      asked: (response: ServerResponse) => unknown = response => response.writeHead(202).end(),
    ) => {
      let isAsked = false
      return storeAgainst(({ method }, response) => {
        if (method === 'HEAD') return void head(response, isAsked ? after : before)
        isAsked = true
        asked(response)
      })
    }
    const md5Of = (document: string) => hash('md5', document, 'base64')
    const request = (days: string, tier: string) =>
      `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${days}<GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`
    const glacier = { 'x-amz-storage-class': 'GLACIER' }
    const ongoing = { ...glacier, 'x-amz-restore': 'ongoing-request="true"' }

    it('asks once, for so many days and at that speed, and says how far it is', async () => {
      const { store, seen } = await archive(glacier, ongoing)
      const asked = await store.restore!('bucket', 'k', { onlyIf, readableDays: 3, speed: 'bulk' })
      expect(asked.archive).toEqual({ kind: 'restoring' })
      const again = await store.restore!('bucket', 'k', { onlyIf, readableDays: 3 })
      expect(again.archive).toEqual({ kind: 'restoring' })
      const posts = seen.filter(({ method }) => method === 'POST')
      expect(posts.map(({ url }) => url)).toEqual(['/bucket/k?restore='])
      expect(posts[0]!.headers['content-md5']).toBe(md5Of(request('<Days>3</Days>', 'Bulk')))
    })

    it('names no days for what INTELLIGENT_TIERING archived, which comes back for good', async () => {
      const tiering = { 'x-amz-storage-class': 'INTELLIGENT_TIERING' }
      const { store, seen } = await archive({ ...tiering, 'x-amz-archive-status': 'ARCHIVE_ACCESS' }, tiering)
      const asked = await store.restore!('bucket', 'k', { onlyIf, readableDays: 3 })
      expect(asked.archive).toBeNull()
      const post = seen.find(({ method }) => method === 'POST')
      expect(post!.headers['content-md5']).toBe(md5Of(request('', 'Standard')))
    })

    it('takes "under way already" for an answer, and a class that cannot be restored for a refusal', async () => {
      const already = await archive(glacier, glacier, response =>
        error(409, 'RestoreAlreadyInProgress')({ method: '', url: '', headers: {} }, response),
      )
      const asked = await already.store.restore!('bucket', 'k', { onlyIf, readableDays: 1 })
      expect(asked.archive).toEqual({ kind: 'restoring' })
      for (const [status, code] of [
        [403, 'InvalidObjectState'],
        [405, 'MethodNotAllowed'],
        [501, 'NotImplemented'],
      ] as const) {
        const never = await archive(glacier, glacier, response =>
          error(status, code)({ method: '', url: '', headers: {} }, response),
        )
        await expectFailure(never.store.restore!('bucket', 'k', { onlyIf, readableDays: 1 }), 'unsupported')
      }
    })
  })

  it('tells refused credentials, and never shows the secret', async () => {
    const { store } = await storeAgainst(error(403, 'SignatureDoesNotMatch'))
    const failure = await expectFailure(store.list('bucket'), 'access-denied')
    expect(inspect(failure, { depth: 9 })).not.toContain('very-secret')
    expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('very-secret')
  })

  it('tells a wrong clock from refused credentials', async () => {
    const { store } = await storeAgainst(error(403, 'RequestTimeTooSkewed'))
    expect(await expectFailure(store.list('bucket'), 'clock-skewed')).toMatchObject({ retry: 'no' })
  })

  it('trusts no digest of a server that reports whatever it was told', async () => {
    let checksum: string | undefined
    const { store, seen } = await storeAgainst(({ method, headers }, response) => {
      if (method === 'PUT') checksum = headers['x-amz-checksum-crc64nvme'] as string | undefined
      const reported = checksum === undefined ? {} : { 'x-amz-checksum-crc64nvme': checksum }
      const length = method === 'HEAD' ? { 'Content-Length': '33' } : { 'Content-Length': '0' }
      response.writeHead(200, { ETag: '"abc"', ...length, ...reported }).end()
    })
    const found = await probeS3Capabilities({
      name: 'wire',
      settings: s3Settings.parse({ endpoint: `http://${await hostOf(store, seen)}` }),
      credentials: s3Credentials.parse({ accessKeyId: 'id', secretAccessKey: 'very-secret' }),
      container: 'bucket',
    })
    expect(found.settings.capabilities.reportedDigests).toEqual([])
  })
})

/** Where the server of a store listens, as its first request says. */
async function hostOf(store: ObjectStore, seen: readonly Seen[]): Promise<string> {
  await store.head('bucket', 'k')
  return seen[0]!.headers.host!
}
