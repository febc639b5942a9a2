import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Api, createApi } from './api.ts'
import { EXIT } from './exit-codes.ts'

let server: Server
let api: Api
let answer: (request: IncomingMessage, response: ServerResponse) => void
let requests: IncomingMessage[]

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => server.close())
beforeEach(() => {
  requests = []
  const { port } = server.address() as AddressInfo
  api = createApi({
    endpoint: `http://127.0.0.1:${port}`,
    token: 'dim_secret',
    signal: new AbortController().signal,
  })
})

test('collects pages up to the limit and says whether there is more', async () => {
  answer = (request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x')
    const start = Number(searchParams.get('cursor') ?? 0)
    const end = Math.min(start + Number(searchParams.get('limit')), 2_500)
    const items = Array.from({ length: end - start }, (_, index) => start + index)
    response.end(JSON.stringify({ items, nextCursor: end < 2_500 ? String(end) : null }))
  }
  const all = await api.list<number>('/v1/things', {}, Number.POSITIVE_INFINITY)
  expect(all).toEqual({ items: Array.from({ length: 2_500 }, (_, index) => index), hasMore: false })
  expect(await api.list('/v1/things', {}, 3)).toEqual({ items: [0, 1, 2], hasMore: true })
})

test('changes exactly the revision it has seen', async () => {
  answer = (request, response) => {
    response.setHeader('etag', '"7"')
    response.end(request.method === 'GET' ? '{}' : '{"done":true}')
  }
  expect(await api.change('PATCH', '/v1/buckets/x', { mode: 'shared' })).toEqual({ done: true })
  expect(requests[1]!.headers['if-match']).toBe('"7"')
})

test('gives every POST an idempotency key of its own', async () => {
  answer = (_request, response) => response.end('{}')
  await api.post('/v1/imports', {})
  await api.post('/v1/imports', {})
  const keys = requests.map(request => request.headers['idempotency-key'])
  expect(new Set(keys).size).toBe(2)
  expect(requests[0]!.headers.authorization).toBe('Bearer dim_secret')
})

test.each([
  [401, EXIT.auth],
  [403, EXIT.auth],
  [404, EXIT.notFound],
  [409, EXIT.conflict],
  [412, EXIT.conflict],
  [422, EXIT.usage],
  [429, EXIT.retryable],
  [503, EXIT.retryable],
])('tells a script what kind of refusal %i is', async (status, exitCode) => {
  answer = (_request, response) => {
    response.statusCode = status
    response.setHeader('content-type', 'application/problem+json')
    response.end(JSON.stringify({ detail: 'no way', errors: [{ field: '/body/name', message: 'is taken' }] }))
  }
  await expect(api.get('/v1/stores')).rejects.toMatchObject({
    exitCode,
    message: expect.stringContaining('no way\n  /body/name: is taken'),
  })
})

test('says where it found nobody', async () => {
  const nobody = createApi({
    endpoint: 'http://127.0.0.1:9',
    token: null,
    signal: new AbortController().signal,
  })
  await expect(nobody.get('/v1/stores')).rejects.toMatchObject({
    exitCode: EXIT.retryable,
    message: expect.stringContaining('no answer from http://127.0.0.1:9'),
  })
})
