import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { findSealedCredentials } from '../../database/catalog/stores.ts'
import { markFull } from '../../database/migrations/full-locations.ts'
import { clientKeyId } from '../../domain/client-keys.ts'
import { newId } from '../../domain/identifiers.ts'
import { storeCredentialsPurpose } from '../../domain/secret-box.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { StoreError } from '../../stores/object-store.ts'

let test: TestDatabase
let api: TestApi
/** What the next probed store answers; null: as an empty memory store with the container `shelf`. */
let failure: 'access-denied' | 'unreachable' | null = null
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database, {
    stores: {
      checkSettings: (_kind, settings) =>
        'unknown' in settings
          ? [{ field: '/body/settings/unknown', message: 'there is no such setting' }]
          : [],
      open(store) {
        const memory = createMemoryStore({ name: store.name, settings: { capacityBytes: 1_000 } })
        memory.seed('shelf', [])
        if (failure === null)
          return {
            ...memory,
            async ensureContainer(container: string) {
              if (container.length > 2) return memory.ensureContainer(container)
              throw new StoreError({
                kind: 'unexpected',
                retry: 'no',
                store: store.name,
                operation: 'ensureContainer',
                message: 'remote: ensureContainer: too short',
                cause: new Error(`InvalidBucketName, HTTP status 400:\u001b[2J too\nshort${'!'.repeat(999)}`),
              })
            },
          }
        const error = new StoreError({
          kind: failure,
          retry: 'no',
          store: store.name,
          operation: 'list',
          message: 'upstream said: secret-upstream-detail',
        })
        return { ...memory, list: () => Promise.reject(error) }
      },
      async learn(store, _credentials, container) {
        const facts = { retry: 'no', store: store.name, operation: 'put' } as const
        if (container !== 'shelf')
          throw new StoreError({ ...facts, kind: 'container-not-found', message: 'secret-upstream-detail' })
        return { settings: { capabilities: { tags: true } }, vendor: 'Ceph', notes: ['It is a squid.'] }
      },
    },
  })
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

const idOf = (key: string | undefined) => clientKeyId(Buffer.from(key ?? '', 'base64'))
const SECRET = 'wJalrXUtnFEMI/K7MDENG'

async function createStore(name: string): Promise<{ id: string; etag: string }> {
  const answer = await api.send('POST', '/v1/stores', {
    body: {
      name,
      kind: 's3',
      settings: { endpoint: 'https://s3.example' },
      credentials: { accessKeyId: 'AKIA', secretAccessKey: SECRET },
    },
  })
  expect(answer.statusCode).toBe(201)
  return { id: answer.json().id, etag: String(answer.headers.etag) }
}

async function createLocation(storeId: string, name: string, container = name) {
  return api.send('POST', '/v1/locations', {
    body: { name, storeId, container, tier: 'hot', priceId: 'p', region: 'r', firstByteMsP99: 5 },
  })
}

describe('a store', () => {
  it('does not lose the key with which its content is sealed', async () => {
    const [key, next] = [1, 2].map(byte => Buffer.alloc(32, byte).toString('base64'))
    const body = {
      name: 'sealed',
      kind: 'filesystem',
      settings: {},
      credentials: { clientEncryptionKey: key },
    }
    const added = await api.send('POST', '/v1/stores', { body })
    expect(added.statusCode).toBe(201)
    const change = (credentials: unknown, id = added.json().id) =>
      api.send('PATCH', `/v1/stores/${id}`, {
        headers: { 'if-match': String(added.headers.etag) },
        body: { credentials },
      })
    expect((await change({ clientEncryptionKey: next })).statusCode).toBe(409)
    const both = { clientEncryptionKey: next, formerClientEncryptionKey: key }
    expect((await change(both)).statusCode).toBe(200)
    const without = {
      accessKeyId: 'AKIA',
      secretAccessKey: SECRET,
      formerClientEncryptionKey: `${next},${key}`,
    }
    expect((await change(without)).body).toContain('new objects need a key')
    const { id } = await createStore('plain')
    expect((await change({ clientEncryptionKey: key }, id)).body).toContain('begins with the store')
  })

  it('keeps every key it ever had, however often they are changed', async () => {
    const [k1, k2, k3, k4] = [11, 12, 13, 14].map(byte => Buffer.alloc(32, byte).toString('base64'))
    const body = {
      name: 'rotated',
      kind: 'filesystem',
      settings: {},
      credentials: { clientEncryptionKey: k1 },
    }
    const added = await api.send('POST', '/v1/stores', { body })
    let revision = String(added.headers.etag)
    const rotate = async (clientEncryptionKey: unknown, formerClientEncryptionKey?: string) => {
      const answer = await api.send('PATCH', `/v1/stores/${added.json().id}`, {
        headers: { 'if-match': revision },
        body: { credentials: { clientEncryptionKey, formerClientEncryptionKey } },
      })
      revision = String(answer.headers.etag ?? revision)
      return answer
    }
    expect((await rotate(k2, k1)).statusCode).toBe(200)
    const dropping = await rotate(k3, k2)
    expect(dropping.json()).toMatchObject({ status: 409, detail: expect.stringContaining(idOf(k1)) })
    expect(dropping.body).not.toContain(k1)
    expect((await rotate(k2)).statusCode).toBe(409)
    expect((await rotate(k3, `${k2},${k1}`)).statusCode).toBe(200)
    for (const former of [`${k3}`, `${k3},${k2}`, `${k3} ${k1}`])
      expect((await rotate(k4, former)).statusCode, former).toBe(409)
    expect((await rotate(k4, `${k1}\n${k2}\r\n${k3}\n`)).statusCode).toBe(200)
    for (const broken of ['', ',', `${k3}${k2}`, `${k3};${k2}`, 'c2hvcnQ='])
      expect((await rotate(k4, broken)).statusCode, broken).toBe(400)
    expect((await rotate(k1, `${k2}, ${k3}, ${k4}`)).statusCode).toBe(200)
  })

  it('keeps its credentials sealed and never shows them', async () => {
    const { id } = await createStore('vault')
    const shown = await api.send('GET', `/v1/stores/${id}`)
    expect(shown.json()).toMatchObject({ name: 'vault', hasCredentials: true, revision: 1 })
    expect(shown.body).not.toContain(SECRET)
    const sealed = await findSealedCredentials(test.database, id)
    expect(sealed!.includes(Buffer.from(SECRET))).toBe(false)
    const opened = api.secretBox.open(sealed!, storeCredentialsPurpose(id)).reveal()
    expect(JSON.parse(opened)).toEqual({ accessKeyId: 'AKIA', secretAccessKey: SECRET })
  })

  it('is refused with all that is wrong with its settings, secrets among them too', async () => {
    const answer = await api.send('POST', '/v1/stores', {
      body: { name: 'x', kind: 's3', settings: { unknown: 1, password: 'p', endpoint: 'http://u:p@h' } },
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors.map((error: { field: string }) => error.field)).toEqual([
      '/body/settings/password',
      '/body/settings/endpoint',
      '/body/settings/unknown',
    ])
  })

  it('changes only from the revision that was read', async () => {
    const { id, etag } = await createStore('contended')
    const change = (headers: Record<string, string>) =>
      api.send('PATCH', `/v1/stores/${id}`, { headers, body: { state: 'paused' } })
    expect((await change({})).statusCode).toBe(428)
    expect((await change({ 'if-match': '"7"' })).statusCode).toBe(412)
    expect((await change({ 'if-match': '*' })).statusCode).toBe(412)
    const changed = await change({ 'if-match': etag })
    expect(changed.json()).toMatchObject({ state: 'paused', revision: 2, hasCredentials: true })
    expect(changed.headers.etag).toBe('"2"')
    expect((await change({ 'if-match': etag })).statusCode).toBe(412)
  })

  it('is forgotten only when no location uses it', async () => {
    const { id, etag } = await createStore('used')
    const location = await createLocation(id, 'used-shelf')
    const remove = (url: string, revision: string) =>
      api.send('DELETE', url, { headers: { 'if-match': revision } })
    expect((await remove(`/v1/stores/${id}`, etag)).statusCode).toBe(409)
    expect((await remove(`/v1/locations/${location.json().id}`, '"1"')).statusCode).toBe(204)
    expect((await remove(`/v1/stores/${id}`, etag)).statusCode).toBe(204)
    expect((await api.send('GET', `/v1/stores/${id}`)).statusCode).toBe(404)
  })

  it('has a name of its own', async () => {
    await createStore('twin')
    const answer = await api.send('POST', '/v1/stores', {
      body: { name: 'twin', kind: 'memory', settings: {} },
    })
    expect(answer.json()).toMatchObject({ status: 409, code: 'conflict' })
  })

  it('is probed with a clear answer, whatever goes wrong', async () => {
    const { id } = await createStore('probed')
    const probe = async (body: object) => (await api.send('POST', `/v1/stores/${id}/probe`, { body })).json()
    expect((await probe({})).error.kind).toBe('no-container')
    expect(await probe({ container: 'shelf' })).toMatchObject({
      reachable: true,
      error: null,
      capabilities: { conditionalPut: true },
    })
    expect((await probe({ container: 'none' })).error.kind).toBe('container-not-found')
    failure = 'access-denied'
    const refused = await probe({ container: 'shelf' })
    failure = 'unreachable'
    const silent = await probe({ container: 'shelf' })
    failure = null
    expect(refused).toMatchObject({ reachable: false, error: { kind: 'access-denied' } })
    expect(silent.error.message).toContain('nothing answers')
    expect(JSON.stringify([refused, silent])).not.toContain('secret-upstream-detail')
  })
})

describe('a container that the store refuses', () => {
  it('is refused in the words of the store, on one line and not too many', async () => {
    const { id } = await createStore('strict')
    const { detail, status } = (await createLocation(id, 'vb')).json()
    expect(status).toBe(400)
    expect(detail).toContain('strict cannot be used: the store refused to use vb: InvalidBucketName, HTTP')
    expect(detail).toMatch(/status 400: \[2J too short!+$/)
    expect(detail.length).toBeLessThan(400)
  })
})

describe('what a store does', () => {
  it('is found out by an administrator and kept in its settings, once', async () => {
    const { id } = await createStore('unknown')
    const learn = async (body: object, role: 'admin' | 'operator' = 'admin') =>
      (await api.send('POST', `/v1/stores/${id}/findings`, { body, role })).json()
    const found = { container: 'shelf', vendor: 'Ceph', notes: ['It is a squid.'], error: null }
    expect(await learn({ container: 'shelf' })).toMatchObject({ ...found, isChanged: true })
    expect(await learn({ container: 'shelf' })).toMatchObject({ ...found, isChanged: false })
    const kept = (await api.send('GET', `/v1/stores/${id}`)).json()
    expect(kept.settings.capabilities).toEqual({ tags: true })
    expect(await learn({ container: 'shelf' }, 'operator')).toMatchObject({ status: 403 })
  })

  it('is found out with the first location that is added there, unless that is not wanted', async () => {
    const { id } = await createStore('new')
    const add = async (name: string, container: string, more: object = {}, headers = {}) => {
      const body = { name, storeId: id, container, tier: 'hot', priceId: 'p', region: 'r', ...more }
      return api.send('POST', '/v1/locations', { body: { ...body, firstByteMsP99: 5 }, headers })
    }
    const capabilities = async () => (await api.send('GET', `/v1/stores/${id}`)).json().settings.capabilities
    expect((await add('unasked', 'unasked', { learn: false })).json()).toMatchObject({
      learning: { outcome: 'not-asked', because: null, findings: null },
    })
    const failed = await add('dumb', 'not-a-shelf')
    expect([failed.statusCode, failed.json().learning]).toMatchObject([
      201,
      { outcome: 'failed', because: 'the store answers, but has no container not-a-shelf' },
    ])
    expect(failed.body).not.toContain('secret-upstream-detail')
    expect(await capabilities()).toBeUndefined()
    const once = { 'idempotency-key': 'a-location-once' }
    const learnt = await add('learnt', 'shelf', {}, once)
    expect(learnt.json()).toMatchObject({
      name: 'learnt',
      learning: { outcome: 'learnt', because: null, findings: { vendor: 'Ceph', isChanged: true } },
    })
    expect(await capabilities()).toEqual({ tags: true })
    expect((await add('learnt', 'shelf', {}, once)).json()).toEqual(learnt.json())
    expect((await add('known', 'another')).json().learning.outcome).toBe('known')
  })

  it('stays as it was when the store cannot be asked', async () => {
    const { id } = await createStore('away')
    const answer = await api.send('POST', `/v1/stores/${id}/findings`, { body: { container: 'none' } })
    expect(answer.json()).toMatchObject({ settings: null, error: { kind: 'container-not-found' } })
    expect(answer.body).not.toContain('secret-upstream-detail')
    expect((await api.send('GET', `/v1/stores/${id}`)).json().revision).toBe(1)
    const nowhere = await api.send('POST', `/v1/stores/${id}/findings`, { body: {} })
    expect(nowhere.json()).toMatchObject({ error: { kind: 'no-container' } })
  })
})

describe('lists', () => {
  it('come in pages that neither repeat nor skip, and refuse cursors of other lists', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const page = (await api.send('GET', `/v1/stores?limit=2${query}`)).json()
      seen.push(...page.items.map((store: { name: string }) => store.name))
      cursor = page.nextCursor
    } while (cursor !== null)
    const all = (await api.send('GET', '/v1/stores'))
      .json()
      .items.map((store: { name: string }) => store.name)
    expect(all.length).toBeGreaterThan(2)
    expect(seen).toEqual(all)
    const foreign = (await api.send('GET', '/v1/stores?limit=1')).json().nextCursor
    expect((await api.send('GET', `/v1/locations?cursor=${foreign}`)).json().code).toBe('invalid-cursor')
  })
})

describe('a location', () => {
  it('is one place: neither its name nor its container can be taken twice', async () => {
    const { id } = await createStore('one-place')
    expect((await createLocation(id, 'alpha')).statusCode).toBe(201)
    expect((await createLocation(id, 'alpha', 'other')).json().detail).toContain('already a location alpha')
    expect((await createLocation(id, 'beta', 'alpha')).json().detail).toContain('container')
    const nowhere = await createLocation('00000000-0000-7000-8000-000000000000', 'gamma')
    expect(nowhere.json()).toMatchObject({ status: 400, errors: [{ field: '/body/storeId' }] })
  })

  it('changes what is given, takes away what is null and leaves the rest', async () => {
    const { id } = await createStore('changing')
    const created = (await createLocation(id, 'shelf-of-change')).json()
    const change = (revision: number, body: object) =>
      api.send('PATCH', `/v1/locations/${created.id}`, { headers: { 'if-match': `"${revision}"` }, body })
    expect((await change(1, { capacityBytes: 10, tier: 'cold' })).json()).toMatchObject({
      capacityBytes: 10,
      tier: 'cold',
      region: 'r',
    })
    expect((await change(2, { capacityBytes: null })).json()).toMatchObject({
      capacityBytes: null,
      tier: 'cold',
      revision: 3,
    })
    expect((await change(3, { container: 'elsewhere' })).statusCode).toBe(400)
  })

  it('is full in the words of its store until a person says that there is room, or changes its capacity', async () => {
    const { id } = await createStore('brimming')
    const { id: locationId } = (await createLocation(id, 'shelf-that-is-full')).json()
    const show = async () => (await api.send('GET', `/v1/locations/${locationId}`)).json().full
    const markIt = () =>
      markFull(test.database, { locationId, migrationId: newId(), answer: 'QuotaExceeded: 5 GiB' })
    expect(await show()).toBeNull()
    await markIt()
    const full = await show()
    expect(full).toMatchObject({ answer: 'QuotaExceeded: 5 GiB' })
    expect(Date.parse(full.until) - Date.parse(full.since)).toBe(60_000)
    const cleared = await api.send('POST', `/v1/locations/${locationId}/clear-full`)
    expect(cleared.json()).toMatchObject({ id: locationId, full: null })
    await markIt()
    expect(await show()).not.toBeNull()
    await api.send('PATCH', `/v1/locations/${locationId}`, {
      headers: { 'if-match': '"1"' },
      body: { capacityBytes: 1_000 },
    })
    expect(await show()).toBeNull()
  })
})

describe('a bucket', () => {
  it('refers to a location and perhaps to a policy that exist', async () => {
    const { id } = await createStore('bucket-store')
    const location = (await createLocation(id, 'bucket-shelf')).json()
    const create = (body: object) => api.send('POST', '/v1/buckets', { body })
    const good = { name: 'my-bucket', mode: 'exclusive', writeLocationId: location.id }
    const created = await create(good)
    expect(created.json()).toMatchObject({ writeLocation: { name: 'bucket-shelf' }, policy: null })
    expect((await create(good)).statusCode).toBe(409)
    expect((await create({ ...good, name: '192.168.0.1' })).statusCode).toBe(400)
    const missing = '00000000-0000-7000-8000-000000000000'
    expect((await create({ ...good, name: 'other', writeLocationId: missing })).statusCode).toBe(400)
    const url = `/v1/buckets/${created.json().id}`
    const changed = await api.send('PATCH', url, {
      headers: { 'if-match': '"1"' },
      body: { mode: 'observed' },
    })
    expect(changed.json()).toMatchObject({ mode: 'observed', revision: 2 })
    const dangling = await api.send('PATCH', url, {
      headers: { 'if-match': '"2"' },
      body: { policyId: missing },
    })
    expect(dangling.statusCode).toBe(400)
    expect((await api.send('GET', url)).json().revision).toBe(2)
  })
})

describe('what people did', () => {
  it('is told in the activity with who did it, newest first', async () => {
    const { id } = await createStore('told')
    const page = (await api.send('GET', '/v1/activity?limit=1')).json()
    expect(page.items).toMatchObject([{ kind: 'store.created', subject: 'told', detail: { id } }])
    expect(page.items[0].principal).toMatch(/^token:/)
    const next = (await api.send('GET', `/v1/activity?limit=1&cursor=${page.nextCursor}`)).json()
    expect(next.items[0].id).toBeLessThan(page.items[0].id)
  })
})
