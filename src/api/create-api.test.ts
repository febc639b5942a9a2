import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { ensureAdministrator } from './api-token.ts'
import { PROBLEMS } from './problems.ts'
import { ROLES_OF_ROUTES } from './roles-of-routes.ts'
import { ROLES, type Role } from './schemas/token.ts'

let test: TestDatabase
let api: TestApi
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database)
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

/** Routes as they are registered, with HEAD left out. */
function registeredRoutes(): string[] {
  const routes = Object.keys(ROLES_OF_ROUTES).filter(route => {
    const [method = '', url = ''] = route.split(' ')
    return api.app.hasRoute({ method, url })
  })
  return routes
}

function pathOf(route: string): { method: string; url: string } {
  const [method = '', url = ''] = route.split(' ')
  return {
    method,
    url: url.replace(':id', '00000000-0000-7000-8000-000000000000').replace(/:\w+|\*/g, 'x'),
  }
}

describe('who may do what', () => {
  it('has an entry for every route, and a route for every entry', () => {
    expect(registeredRoutes().sort()).toEqual(Object.keys(ROLES_OF_ROUTES).sort())
  })

  it('refuses to start with a route that has no entry', async () => {
    const other = await startTestApi(test.database)
    await other.app.close()
    expect(() => api.app.get('/v1/backdoor', async () => 'open')).toThrow()
  })

  it('asks for a token on every route that is not public', async () => {
    for (const [route, role] of Object.entries(ROLES_OF_ROUTES)) {
      if (role === 'public') continue
      const { method, url } = pathOf(route)
      const answer = await api.app.inject({ method: method as 'GET', url })
      expect([route, answer.statusCode]).toEqual([route, 401])
      expect(answer.headers['www-authenticate']).toContain('Bearer')
      expect(answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 })
    }
  })

  it('refuses every role below the one a route asks for', async () => {
    for (const [route, role] of Object.entries(ROLES_OF_ROUTES)) {
      const below = role === 'public' ? [] : ROLES.slice(0, ROLES.indexOf(role as Role))
      for (const lower of below) {
        const { method, url } = pathOf(route)
        const answer = await api.send(method, url, { role: lower })
        expect([route, lower, answer.statusCode, answer.json().code]).toEqual([
          route,
          lower,
          403,
          'forbidden',
        ])
      }
    }
  })

  it('takes revoked and expired tokens for no tokens', async () => {
    const { token, id } = (
      await api.send('POST', '/v1/tokens', { body: { name: 'ci', role: 'viewer' } })
    ).json()
    const ask = () => api.app.inject({ url: '/v1/session', headers: { authorization: `Bearer ${token}` } })
    expect((await ask()).json()).toMatchObject({ name: 'ci', role: 'viewer' })
    await test.database.query(`update api_token set expires_at = now() - interval '1 s' where id = $1`, [id])
    expect((await ask()).statusCode).toBe(401)
    await test.database.query('update api_token set expires_at = null where id = $1', [id])
    expect((await api.send('DELETE', `/v1/tokens/${id}`)).statusCode).toBe(204)
    expect((await ask()).statusCode).toBe(401)
    expect((await api.send('DELETE', `/v1/tokens/${id}`)).statusCode).toBe(404)
  })
})

describe('the first administrator', () => {
  it('is made once, by exactly one of many starting processes', async () => {
    const fresh = await createTestDatabase()
    const secrets = await Promise.all(Array.from({ length: 8 }, () => ensureAdministrator(fresh.database)))
    const [secret, ...others] = secrets.filter(candidate => candidate !== null)
    expect(others).toEqual([])
    expect(secret?.reveal()).toMatch(/^dim_[A-Za-z0-9_-]{43}$/)
    const { rows } = await fresh.database.query('select role, secret_sha256 from api_token')
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(secret!.reveal())
    await fresh.drop()
  })
})

describe('a browser', () => {
  it('signs in with a token, is known by its cookie, and signs out', async () => {
    const signIn = await api.app.inject({
      method: 'POST',
      url: '/v1/session',
      payload: { token: api.tokens.operator },
    })
    const cookie = String(signIn.headers['set-cookie'])
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict; Path=\//)
    expect(signIn.body).not.toContain(api.tokens.operator)
    const [pair = ''] = cookie.split(';')
    const who = await api.app.inject({ url: '/v1/session', headers: { cookie: pair } })
    expect(who.json()).toMatchObject({ role: 'operator' })
    const out = await api.app.inject({ method: 'DELETE', url: '/v1/session' })
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0')
  })

  it('cannot be made to change something by a page of another site', async () => {
    const ask = (site: string) =>
      api.app.inject({
        method: 'POST',
        url: '/v1/tokens',
        headers: { cookie: `dim_session=${api.tokens.admin}`, 'sec-fetch-site': site },
        payload: { name: 'x', role: 'viewer' },
      })
    expect((await ask('same-site')).json().code).toBe('cross-site-request')
    expect((await ask('cross-site')).json().code).toBe('cross-site-request')
    expect((await ask('same-origin')).statusCode).toBe(201)
  })

  it('is told to be careful by every answer', async () => {
    for (const url of ['/', '/v1/overview', '/livez']) {
      const { headers } = await api.send('GET', url)
      expect(headers['content-security-policy']).toContain("default-src 'self'")
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })
})

describe('an error', () => {
  it('is a problem document with a documented code', async () => {
    const path = '/v1/plans/00000000-0000-7000-8000-000000000000/decisions'
    const answer = await api.send('GET', `${path}?limit=1`)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toEqual({
      type: 'urn:data-in-motion:problem:not-found',
      title: PROBLEMS['not-found'].title,
      status: 404,
      detail: expect.stringContaining('no plan'),
      instance: path,
      code: 'not-found',
    })
  })

  it('names every field that is wrong at once', async () => {
    const answer = await api.send('POST', '/v1/locations', {
      body: { name: 'UPPER', tier: 'lukewarm', extra: 1 },
    })
    expect(answer.statusCode).toBe(400)
    const fields = answer.json().errors.map((error: { field: string }) => error.field)
    expect(fields).toEqual(expect.arrayContaining(['/body/name', '/body/tier', '/body/storeId']))
  })

  it('is clear for unknown paths, broken JSON, other content types and large bodies', async () => {
    const codeOf = async (answer: Promise<{ json(): { code: string } }>) => (await answer).json().code
    expect(await codeOf(api.send('GET', '/v1/nothing'))).toBe('not-found')
    expect((await api.send('GET', '/v1/nothing')).json().detail).toBe('there is no route GET /v1/nothing')
    expect(await codeOf(api.send('DELETE', '/v1/overview'))).toBe('not-found')
    const post = (payload: string, type: string) =>
      api.app.inject({
        method: 'POST',
        url: '/v1/tokens',
        headers: { authorization: `Bearer ${api.tokens.admin}`, 'content-type': type },
        payload,
      })
    expect(await codeOf(post('{"name":', 'application/json'))).toBe('invalid-request')
    expect(await codeOf(post('name=x', 'application/x-www-form-urlencoded'))).toBe('unsupported-media-type')
    expect(await codeOf(post(`"${'x'.repeat(2_000_000)}"`, 'application/json'))).toBe('body-too-large')
    expect(await codeOf(api.send('GET', '/v1/plans/not-an-id'))).toBe('invalid-request')
    expect(await codeOf(api.send('GET', '/v1/plans?limit=1001'))).toBe('invalid-request')
    expect(await codeOf(api.send('GET', '/v1/plans?cursor=abc'))).toBe('invalid-cursor')
    expect(await codeOf(api.send('GET', '/v1/objects?bucket=%00'))).toBe('invalid-request')
  })
})

describe('a process', () => {
  it('is alive, ready and counted', async () => {
    expect((await api.app.inject('/livez')).json()).toEqual({ status: 'ok' })
    expect((await api.app.inject('/readyz')).json()).toEqual({ status: 'ok' })
    expect((await api.app.inject('/readyz?verbose')).json()).toMatchObject({
      checks: [
        { name: 'database', ok: true },
        { name: 'migrations', ok: true, detail: null },
      ],
    })
    const metrics = await api.app.inject('/metrics')
    expect(metrics.headers['content-type']).toContain('text/plain')
    expect(metrics.body).toContain('dim_http_requests_total{route="/livez",method="GET",code="200"}')
  })

  it('is not ready while one of its checks fails, and says which', async () => {
    const broken = await startTestApi(test.database, {
      readinessChecks: [{ name: 'disk', check: () => Promise.reject(new Error('no space in /secret/path')) }],
    })
    const answer = await broken.app.inject('/readyz?verbose')
    await broken.app.close()
    expect(answer.statusCode).toBe(503)
    expect(answer.json().checks).toContainEqual(expect.objectContaining({ name: 'disk', ok: false }))
    expect(answer.body).not.toContain('/secret/path')
  })

  it('refuses requests beyond its bound at once, and says when to come back', async () => {
    const small = await startTestApi(test.database, { config: { requestsInFlightMax: 1 } })
    const ask = () =>
      small.app.inject({ url: '/v1/overview', headers: { authorization: `Bearer ${small.tokens.viewer}` } })
    const answers = await Promise.all([ask(), ask(), ask()])
    await small.app.close()
    const refused = answers.filter(answer => answer.statusCode === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]!.json().code).toBe('overloaded')
    expect(refused[0]!.headers['retry-after']).toBe('1')
  })

  it('keeps metrics for holders of a token where that is configured', async () => {
    const closed = await startTestApi(test.database, { config: { metricsRole: 'viewer' } })
    expect((await closed.app.inject('/metrics')).statusCode).toBe(401)
    expect((await closed.send('GET', '/metrics', { role: 'viewer' })).statusCode).toBe(200)
    await closed.app.close()
  })
})
