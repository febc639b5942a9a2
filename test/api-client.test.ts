import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiProblem, createApiClient } from '../api-client/src/create-api-client.ts'
import { startTestApi, type TestApi } from './builders/api.ts'
import { createTestDatabase, type TestDatabase } from './builders/database.ts'

let test: TestDatabase
let api: TestApi
let baseUrl: string
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database)
  baseUrl = await api.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

describe('the API client', () => {
  it('asks with path, query, headers and body, and knows the types of the answers', async () => {
    const client = createApiClient({ baseUrl, token: api.tokens.admin })
    const { data, etag } = await client.requestWithRevision('POST /v1/stores', {
      body: { name: 'disk', kind: 'memory', settings: {} },
    })
    expect([data.name, etag]).toEqual(['disk', '"1"'])
    const changed = await client.request('PATCH /v1/stores/{id}', {
      path: { id: data.id },
      headers: { 'if-match': '"1"' },
      body: { state: 'paused' },
    })
    expect(changed.revision).toBe(2)
    const { items } = await client.request('GET /v1/stores', { query: { limit: 1 } })
    expect(items.map(store => store.state)).toEqual(['paused'])
    const removed = await client.request('DELETE /v1/stores/{id}', {
      path: { id: data.id },
      headers: { 'if-match': '"2"' },
    })
    expect(removed).toBeUndefined()
    expect(await client.request('GET /metrics')).toContain('dim_http_requests_total')
  })

  it('rejects with the problem, whose code scripts can branch on', async () => {
    const client = createApiClient({ baseUrl, token: 'dim_wrong' })
    const error = await client.request('GET /v1/overview').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ApiProblem)
    expect((error as ApiProblem).problem).toMatchObject({ code: 'unauthenticated', status: 401 })
  })

  it('sends a key as one segment, whatever it holds', async () => {
    const client = createApiClient({ baseUrl, token: api.tokens.viewer })
    const asked = client.request('GET /v1/objects/{bucket}/{key}', {
      path: { bucket: 'none', key: '../a b/%' },
    })
    await expect(asked).rejects.toThrow('there is no bucket none')
  })

  it('does not compile without what a route needs', () => {
    const client = createApiClient({ baseUrl })
    const wrong = [
      // @ts-expect-error the path needs an id
      () => client.request('GET /v1/stores/{id}'),
      // @ts-expect-error there is no such order
      () => client.request('GET /v1/objects', { query: { sort: 'colour' } }),
      // @ts-expect-error a store needs a name
      () => client.request('POST /v1/stores', { body: { kind: 'memory', settings: {} } }),
      // @ts-expect-error there is no such route
      () => client.request('GET /v1/nothing'),
    ]
    expect(wrong).toHaveLength(4)
  })

  it('says so when something else than the API answers', async () => {
    const client = createApiClient({
      baseUrl,
      fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' }),
    })
    await expect(client.request('GET /livez')).rejects.toThrow('something that is not this API')
  })
})
