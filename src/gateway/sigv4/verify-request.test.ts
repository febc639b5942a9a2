import type { IncomingMessage } from 'node:http'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequestTarget } from '../request-target.ts'
import { Caller } from './caller.ts'
import { encodeStrictly } from './canonical-request.ts'
import { verifyRequest } from './verify-request.ts'

/** The AWS SDK's own signer is the oracle: what it signs is accepted, what is changed afterwards is not. */
const NOW = Date.parse('2026-11-23T12:00:00Z')
const SECRET = 'a secret/with+signs='
const caller = new Caller(
  {
    id: 'ORACLEKEY',
    secretSealed: Buffer.alloc(0),
    readerClass: 'application',
    bucketIds: null,
    mayWrite: true,
  },
  SECRET,
)
const signer = new SignatureV4({
  service: 's3',
  region: 'eu-test-1',
  sha256: Sha256,
  uriEscapePath: false,
  credentials: { accessKeyId: 'ORACLEKEY', secretAccessKey: SECRET },
})

interface Sent {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
}

function verify(sent: Sent, nowMs = NOW, more: string[] = []) {
  const query = Object.entries(sent.query).map(
    ([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`,
  )
  const url = query.length === 0 ? sent.path : `${sent.path}?${query.join('&')}`
  const headers = Object.fromEntries(
    Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const request = {
    method: sent.method,
    url,
    headers,
    rawHeaders: [...Object.entries(sent.headers).flat(), ...more],
  } as unknown as IncomingMessage
  return verifyRequest(request, parseRequestTarget(url, 'gate', []), {
    region: 'eu-test-1',
    nowMs,
    findCaller: id => (id === 'ORACLEKEY' ? caller : null),
  })
}

async function signed(facts: Partial<Sent> = {}): Promise<Sent> {
  const { method = 'GET', path = '/bucket/key', query = {}, headers = {} } = facts
  const request = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: 'gate',
      path,
      query,
      headers: { host: 'gate', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    },
    { signingDate: new Date(NOW) },
  )
  return { method, path, query, headers: request.headers }
}

async function presigned(expiresIn: number, signingDate = new Date(NOW)): Promise<Sent> {
  const request = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: 'gate',
      path: '/b/k',
      query: {},
      headers: { host: 'gate', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn, signingDate },
  )
  return {
    method: 'GET',
    path: '/b/k',
    query: request.query as Record<string, string>,
    headers: { host: 'gate' },
  }
}

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter(text => !text.includes('\0'))
const headerText = fc
  .string({ unit: fc.constantFrom(...'ab Z09-_/=;:,"'.split('')), minLength: 1 })
  .map(t => t.trim())

describe('SigV4', () => {
  it('accepts whatever the SDK signs', async () => {
    await fc.assert(
      fc.asyncProperty(
        key,
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 12 }), {
          maxKeys: 4,
        }),
        headerText,
        async (name, query, metadata) => {
          const path = `/bucket/${name.split('/').map(encodeStrictly).join('/')}`
          const sent = await signed({ path, query, headers: { 'x-amz-meta-a': metadata } })
          const verified = await verify(sent)
          expect(verified.caller).toBe(caller)
          expect(parseRequestTarget(path, 'gate', []).key).toBe(name)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('rejects any change of method, path, query, signed header or signature', async () => {
    const sent = await signed({ query: { prefix: 'a' }, headers: { 'x-amz-meta-a': 'one' } })
    const changes: Partial<Sent>[] = [
      { method: 'PUT' },
      { path: '/bucket/../key' },
      { path: '/bucket/key2' },
      { query: { prefix: 'b' } },
      { query: { prefix: 'a', more: '' } },
      { headers: { ...sent.headers, 'x-amz-meta-a': 'two' } },
      { headers: { ...sent.headers, host: 'other' } },
      {
        headers: {
          ...sent.headers,
          authorization: sent.headers.authorization!.replace(/.$/, c => (c === '0' ? '1' : '0')),
        },
      },
    ]
    await verify(sent)
    for (const change of changes) {
      await expect(verify({ ...sent, ...change })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    }
  })

  it('wants every x-amz header signed, and each header once', async () => {
    const sent = await signed()
    await expect(
      verify({ ...sent, headers: { ...sent.headers, 'X-Amz-Copy-Source': '/b/k' } }),
    ).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(verify(sent, NOW, ['Host', 'other'])).rejects.toMatchObject({ code: 'InvalidRequest' })
    await expect(verify(sent, NOW, ['X-AMZ-DATE', '20260101T000000Z'])).rejects.toMatchObject({
      code: 'InvalidRequest',
    })
  })

  it('says when the clock is off by an hour, and who is unknown', async () => {
    const sent = await signed()
    for (const off of [3_600_000, -3_600_000, 15 * 60_000 + 1, -15 * 60_000 - 1]) {
      await expect(verify(sent, NOW + off)).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' })
    }
    await verify(sent, NOW + 15 * 60_000)
    const unknown = {
      ...sent.headers,
      authorization: sent.headers.authorization!.replace('ORACLEKEY', 'NOBODY'),
    }
    await expect(verify({ ...sent, headers: unknown })).rejects.toMatchObject({ code: 'InvalidAccessKeyId' })
    await expect(verify({ ...sent, headers: { host: 'gate' } })).rejects.toMatchObject({
      code: 'AccessDenied',
    })
  })

  it('takes presigned addresses until they expire, at most 7 days', async () => {
    const sent = await presigned(600)
    await verify(sent, NOW + 600_000)
    await expect(verify(sent, NOW + 601_000)).rejects.toMatchObject({
      code: 'AccessDenied',
      message: 'Request has expired',
    })
    await expect(verify(await presigned(600, new Date(NOW + 3_600_000)))).rejects.toMatchObject({
      code: 'RequestTimeTooSkewed',
    })
    const week = await presigned(604_800)
    await verify(week)
    const longer = { ...week, query: { ...week.query, 'X-Amz-Expires': '604801' } }
    await expect(verify(longer)).rejects.toMatchObject({ code: 'AuthorizationQueryParametersError' })
  })

  it('names the region it expects', async () => {
    const sent = await signed()
    const headers = {
      ...sent.headers,
      authorization: sent.headers.authorization!.replace('eu-test-1', 'us-east-1'),
    }
    await expect(verify({ ...sent, headers })).rejects.toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      details: { Region: 'eu-test-1' },
    })
  })
})
