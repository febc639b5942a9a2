import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { expectFailure } from '../contract/samples.ts'
import type { StoreErrorKind } from '../object-store.ts'
import { accessTokensOf } from './access-tokens.ts'
import { gcsCredentials, gcsSettings } from './config.ts'
import { GcsWire } from './gcs-wire.ts'

const operation = { store: 'google', operation: 'test', key: 'k' }
const read = { method: 'GET', path: '/x', as: 'read' } as const
const write = { method: 'POST', path: '/x', as: 'write' } as const

async function withServer(
  listener: RequestListener,
  test: (wire: GcsWire, endpoint: string) => Promise<void>,
  settings: object = {},
): Promise<void> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const wire = new GcsWire({
    settings: gcsSettings.parse({ endpoint, readAttemptsMax: 2, ...settings }),
    credentials: null,
    tokens: async () => 'a-token',
    random: () => 0,
  })
  try {
    await test(wire, endpoint)
  } finally {
    await wire.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

/** An answer as the JSON API gives them. */
function refusal(code: number, reason: string, message = reason): RequestListener {
  return (_request, response) => {
    const error = { code, message, errors: [{ domain: 'global', reason, message }] }
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
  }
}

describe('a request to Google', () => {
  it('shows the token, and shows it to nobody else', async () => {
    const seen: unknown[] = []
    const listener: RequestListener = (request, response) => {
      seen.push(request.headers.authorization, request.url)
      response.end('{}')
    }
    await withServer(listener, async wire => {
      await wire.ask(operation, { ...read, query: { prefix: 'ä b', none: undefined } })
      const path = wire.pathOf('https://elsewhere.example/upload/x?upload_id=1')
      await wire.ask(operation, { ...read, path })
    })
    expect(seen).toEqual([
      ...['Bearer a-token', '/x?prefix=%C3%A4%20b'],
      ...['Bearer a-token', '/upload/x?upload_id=1'],
    ])
  })

  const answers: readonly (readonly [number, string, string, StoreErrorKind])[] = [
    [400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn’t match', 'unexpected'],
    [400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "x".', 'digest-mismatch'],
    [400, 'invalid', 'Provided MD5 hash "x" doesn\'t match calculated MD5 hash "y".', 'digest-mismatch'],
    [401, 'authError', 'Invalid Credentials', 'access-denied'],
    [403, 'forbidden', 'no', 'access-denied'],
    [403, 'retentionPolicyNotMet', 'no', 'locked'],
    [403, 'forbidden', "Object 'b/o' is under active Temporary hold and cannot be deleted", 'locked'],
    [403, 'userRateLimitExceeded', 'slower', 'throttled'],
    [404, 'notFound', 'No such object: b/k', 'not-found'],
    [412, 'conditionNotMet', 'no', 'precondition-failed'],
    [413, 'uploadTooLarge', 'no', 'too-large'],
    [429, 'rateLimitExceeded', 'slower', 'throttled'],
    [503, 'backendError', 'later', 'throttled'],
    [500, 'internalError', 'oh', 'unexpected'],
  ]
  for (const [status, reason, message, kind] of answers) {
    it(`that is answered with ${status} ${reason} "${message}" fails as ${kind}`, async () => {
      await withServer(refusal(status, reason, message), async wire => {
        const error = await expectFailure(wire.send(operation, write), kind)
        const isSure = status < 500
        if (isSure) expect(error.retry).toBe(kind === 'throttled' ? 'yes' : 'no')
        else expect(error.retry).toBe('unknown-outcome')
        expect(error.message).toContain(message)
      })
    })
  }

  it('is repeated when it reads, and sent once when it writes', async () => {
    let requests = 0
    const flaky: RequestListener = (request, response) => {
      requests++
      refusal(503, 'backendError')(request, response)
    }
    await withServer(flaky, async wire => {
      await expectFailure(wire.send(operation, read), 'throttled')
      expect(requests).toBe(2)
      await expectFailure(wire.send(operation, write), 'throttled')
      expect(requests).toBe(3)
    })
  })

  it('has an unknown outcome when a write gets no answer, and none when nobody listens', async () => {
    const silent: RequestListener = request => void request.resume()
    await withServer(
      silent,
      async wire => {
        const late = await expectFailure(wire.send(operation, write), 'timeout')
        expect(late.retry).toBe('unknown-outcome')
      },
      { requestTimeoutMs: 50 },
    )
    await withServer(silent, async (_wire, endpoint) => {
      const settings = gcsSettings.parse({ endpoint: endpoint.replace(/\d+$/, '1') })
      const nobody = new GcsWire({ settings, credentials: null })
      const error = await expectFailure(nobody.send(operation, write), 'unreachable')
      expect(error.retry).toBe('yes')
      await nobody.close()
    })
  })

  it('fails when a document is not JSON', async () => {
    const page: RequestListener = (_request, response) => response.end('<html>welcome</html>')
    await withServer(page, async wire => {
      await expectFailure(wire.ask(operation, read), 'unexpected')
    })
  })
})

describe('tokens', () => {
  it('are not shown to a server that is not Google’s, unless a key was given', async () => {
    const settings = gcsSettings.parse({ endpoint: 'https://storage.example.org' })
    expect(await accessTokensOf({ settings, credentials: null })(operation)).toBeNull()
  })

  it('fail as access-denied without the secret when a key is none', async () => {
    const key = { type: 'service_account', client_email: 'dim@acme.example', private_key: 'very-secret' }
    const credentials = gcsCredentials.parse({ serviceAccountKey: JSON.stringify(key) })
    const asked = accessTokensOf({ settings: gcsSettings.parse({}), credentials })(operation)
    const error = await expectFailure(asked, 'access-denied')
    expect(error.message).not.toContain('very-secret')
  })
})
