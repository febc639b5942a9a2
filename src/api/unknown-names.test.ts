import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { newId } from '../domain/identifiers.ts'
import type { OpenApiDocument } from './openapi.ts'

interface Route {
  readonly method: string
  readonly url: string
  readonly hasBody: boolean
}

describe('a name that no route knows', () => {
  let test: TestDatabase
  let api: TestApi
  let routes: readonly Route[]
  beforeAll(async () => {
    test = await createTestDatabase()
    api = await startTestApi(test.database)
    const { paths } = api.app.swagger() as unknown as OpenApiDocument
    routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        method: method.toUpperCase(),
        url: path.replaceAll(/\{[^}]+\}/g, newId()),
        hasBody: operation.requestBody !== undefined,
      })),
    )
  })
  afterAll(async () => {
    await api.app.close()
    await test.drop()
  })

  const controlled = () => routes.filter(({ url }) => url.startsWith('/v1/') && url !== '/v1/session')

  it('is refused as a parameter by every route, and named', async () => {
    expect(controlled().length).toBeGreaterThan(80)
    for (const { method, url, hasBody } of controlled()) {
      const answer = await api.send(method, `${url}?nonsense=1`, {
        headers: { 'if-match': '"1"' },
        ...(hasBody ? { body: {} } : {}),
      })
      expect([answer.statusCode, answer.body], `${method} ${url}`).toEqual([
        400,
        expect.stringMatching(/\/querystring.*nonsense/),
      ])
    }
  })

  it('is refused as a field of the body by every route that changes something, and named', async () => {
    const changing = controlled().filter(({ method }) => method !== 'GET')
    for (const { method, url } of changing) {
      const answer = await api.send(method, url, { headers: { 'if-match': '"1"' }, body: { nonsense: 1 } })
      expect([400, 422], `${method} ${url} answered ${answer.body}`).toContain(answer.statusCode)
      expect(answer.body, `${method} ${url}`).toContain('nonsense')
    }
  })

  it('is asked for only by those who are signed in', async () => {
    const answer = await api.app.inject({ method: 'GET', url: '/v1/stores?nonsense=1' })
    expect(answer.statusCode).toBe(401)
  })

  it('is let through by health checks and the dashboard, which others link to with names of their own', async () => {
    for (const url of ['/livez?nonsense=1', '/readyz?nonsense=1'])
      expect((await api.app.inject({ method: 'GET', url })).statusCode).toBe(200)
  })
})
