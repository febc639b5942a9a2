import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { createLogger } from '../telemetry/logger.ts'
import { ROLES_OF_ROUTES } from './roles-of-routes.ts'

const PLANTED = 'planted-secret-7f3a9c'

let test: TestDatabase
let api: TestApi
let logged = ''
let folder: string
beforeAll(async () => {
  test = await createTestDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'dim-dashboard-'))
  await mkdir(path.join(folder, 'assets'))
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>dashboard</title>')
  await writeFile(path.join(folder, 'assets', 'app-1a2b3c.js'), 'console.log(1)')
  await writeFile(path.join(folder, 'favicon.svg'), '<svg/>')
  const log = createLogger({
    level: 'trace',
    destination: {
      write(line: string) {
        logged += line
      },
    },
  })
  api = await startTestApi(test.database, {
    log,
    dashboardFolder: folder,
    stores: {
      checkSettings: () => [],
      open: (_store, credentials) => {
        throw new Error(`cannot open with ${credentials}`, { cause: { credentials } })
      },
      learn: (_store, credentials) =>
        Promise.reject(new Error(`cannot learn with ${credentials}`, { cause: { credentials } })),
    },
  })
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
  await rm(folder, { recursive: true, force: true })
})

describe('a secret', () => {
  it('appears in no answer and no log line, whatever happens to it', async () => {
    const bodies: string[] = []
    const send = async (...request: Parameters<TestApi['send']>) => {
      const answer = await api.send(...request)
      bodies.push(answer.body, JSON.stringify(answer.headers))
      return answer
    }
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: PLANTED }
    const body = { name: 'leaky', kind: 's3', settings: {}, credentials }
    const { id } = (await send('POST', '/v1/stores', { body })).json()
    await send('POST', '/v1/stores', { body })
    await send('POST', '/v1/stores', { body: { ...body, name: 'BAD NAME' } })
    await send('POST', '/v1/stores', { body: { ...body, settings: { password: PLANTED } } })
    const ifMatch = { headers: { 'if-match': '"1"' } }
    await send('PATCH', `/v1/stores/${id}`, { ...ifMatch, body: { credentials } })
    await send('POST', `/v1/stores/${id}/probe`, { body: { container: 'x' } })
    await send('POST', `/v1/stores/${id}/findings`, { body: { container: 'x' } })
    await send('POST', '/v1/session', { body: { token: `dim_${PLANTED}` } })
    await send('GET', '/v1/session', { headers: { authorization: `Bearer ${PLANTED}` } })
    await send('GET', '/v1/session', { headers: { authorization: '', cookie: `dim_session=${PLANTED}` } })
    for (const [route, role] of Object.entries(ROLES_OF_ROUTES)) {
      const [method = '', url = ''] = route.split(' ')
      if (method !== 'GET' || role === 'public' || url === '/v1/stream') continue
      await send(method, url.replace(':id', id))
    }
    expect(bodies.join('\n')).not.toContain(PLANTED)
    expect(logged).toContain('a store was tried and failed')
    expect(logged).not.toContain(PLANTED)
    for (const token of Object.values(api.tokens)) expect(logged + bodies.join()).not.toContain(token)
  })

  it('of a new key or token is in the one answer that makes it, and rests sealed or hashed', async () => {
    const key = (await api.send('POST', '/v1/access-keys', { body: {} })).json()
    const token = (await api.send('POST', '/v1/tokens', { body: { name: 'once', role: 'viewer' } })).json()
    expect(key.id).toMatch(/^DIM[A-Z2-7]{17}$/)
    expect(key.secretAccessKey).toHaveLength(40)
    const later = [
      (await api.send('GET', '/v1/access-keys')).body,
      (await api.send('GET', '/v1/tokens')).body,
      (await api.send('GET', '/v1/activity')).body,
      JSON.stringify((await test.database.query('select * from access_key')).rows),
      JSON.stringify((await test.database.query('select * from api_token')).rows),
      logged,
    ].join('\n')
    expect(later).toContain(key.id)
    expect(later).not.toContain(key.secretAccessKey)
    expect(later).not.toContain(token.token)
    expect((await api.send('DELETE', `/v1/access-keys/${key.id}`)).statusCode).toBe(204)
    expect((await api.send('DELETE', `/v1/access-keys/${key.id}`)).statusCode).toBe(404)
  })
})

describe('the dashboard', () => {
  it('is served with its page for every address of its own, and its files cached by their names', async () => {
    for (const url of ['/', '/objects', '/objects/photos/a%2Fb', '/migrations?state=done']) {
      const page = await api.app.inject(url)
      expect([url, page.statusCode, page.headers['cache-control']]).toEqual([url, 200, 'no-cache'])
      expect(page.body).toContain('<title>dashboard</title>')
    }
    const asset = await api.app.inject('/assets/app-1a2b3c.js')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect(asset.headers['content-type']).toContain('javascript')
    expect((await api.app.inject('/favicon.svg')).headers['cache-control']).toBe('no-cache')
  })

  it('does not answer for files that are missing, for the API, or for what lies outside', async () => {
    for (const url of [
      '/assets/gone.js',
      '/v1/nothing',
      '/%2e%2e/%2e%2e/etc/passwd.txt',
      '/..%2f..%2fx.txt',
    ]) {
      const answer = await api.app.inject(url)
      expect([url, answer.statusCode]).toEqual([url, 404])
      expect(answer.headers['content-type']).toContain('application/problem+json')
    }
  })
})
