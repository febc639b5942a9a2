import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { aPolicy, aPriceBook } from '../../../test/builders/placement.ts'
import { insertPolicy } from '../../database/placement/policies.ts'
import { insertPriceBook } from '../../database/placement/price-books.ts'
import { newId } from '../../domain/identifiers.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

describe('what people ask of copies', () => {
  let world: MovingWorld
  let api: TestApi
  beforeAll(async () => {
    world = await createMovingWorld()
    api = await startTestApi(world.test.database)
    const { database } = world.test
    const policyId = newId()
    await insertPolicy(database, { id: policyId, spec: aPolicy({ copies: 2 }), principal: 'user:test' })
    const book = aPriceBook([
      { id: 'p', storageUsdPerGbMonth: 0.02, getUsdPer1000: 0.4, retrievalUsdPerGb: 0.01 },
    ])
    await insertPriceBook(database, { id: newId(), book, principal: 'user:test' })
    await database.query('update bucket set policy_id = $1', [policyId])
  })
  afterAll(async () => {
    await api.app.close()
    await world.dispose()
  })

  const get = async (url: string) => (await api.send('GET', url, { role: 'viewer' })).json()
  const post = (url: string, body: object = {}) => api.send('POST', url, { role: 'admin', body })

  async function finish(id: string): Promise<void> {
    for (let round = 0; round < 12; round++) {
      await world.work()
      if ((await world.migration(id)).finishedAt !== null) return
      world.modelClock.at += 2 * 86_400_000
      await world.letTimePass()
    }
  }

  async function addObject(key: string): Promise<Buffer> {
    const bytes = sampleOf(1_000, key)
    await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
    return bytes
  }

  it('undoes a move after its grace, says its price first, and only once', async () => {
    const bytes = await addObject('moved')
    const id = await world.plan('moved')
    expect((await post(`/v1/migrations/${id}/undo`)).statusCode).toBe(409)
    await finish(id)
    const proposed = (await post(`/v1/migrations/${id}/undo`)).json()
    expect(proposed).toMatchObject({ undoes: id, kind: 'move', target: { name: 'hot' }, migrationId: null })
    expect(proposed.oneTimeUsd).toBeGreaterThan(0)
    const applied = (await post(`/v1/migrations/${id}/undo`, { apply: true })).json()
    expect(applied).toMatchObject({ kind: 'move', migrationId: expect.any(String) })
    const { migrationId } = applied
    await finish(migrationId)
    expect(await world.migration(migrationId)).toMatchObject({ state: 'done', kind: 'move' })
    expect(await world.copies('moved')).toMatchObject([
      { locationId: world.locationIds.hot, isPrimary: true },
    ])
    expect(await world.read('moved')).toEqual(bytes)
    expect((await post(`/v1/migrations/${id}/undo`)).json()).toMatchObject({
      detail: expect.stringContaining('placed anew'),
    })
  })

  /** A move to `cold` whose source the store holds locked. */
  async function retain(key: string) {
    const { hot } = world.stores
    const refuse: ObjectStore['delete'] = async () => {
      throw new StoreError({
        kind: 'locked',
        retry: 'no',
        store: hot.name,
        operation: 'delete',
        message: 'held',
      })
    }
    const held = {
      get: (store: ObjectStore, name: string) =>
        Reflect.get(name === 'delete' ? { delete: refuse } : store, name),
    }
    world.stores.hot = new Proxy(hot, held as ProxyHandler<ObjectStore>)
    const id = await world.plan(key)
    await finish(id)
    world.stores.hot = hot
    expect((await world.migration(id)).state).toBe('retained')
    return id
  }

  it('undoes a move whose source was retained by switching back to it, without a copy', async () => {
    const bytes = await addObject('held')
    const id = await retain('held')
    const { kind, migrationId, oneTimeUsd } = (
      await post(`/v1/migrations/${id}/undo`, { apply: true })
    ).json()
    expect({ kind, oneTimeUsd }).toEqual({ kind: 'drop-copy', oneTimeUsd: 0 })
    await finish(migrationId)
    expect(await world.migration(migrationId)).toMatchObject({ state: 'done' })
    expect(await world.copies('held')).toMatchObject([
      { locationId: world.locationIds.hot, isPrimary: true, state: 'complete' },
    ])
    expect(await world.read('held')).toEqual(bytes)
    await expect(world.stores.cold.head('data', 'held')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('keeps the copy it has where the retained one is not what it was', async () => {
    const bytes = await addObject('rotten')
    const id = await retain('rotten')
    await world.stores.hot.put('data', 'rotten', sampleOf(1_000, 'rot'), { size: 1_000 })
    const { migrationId } = (await post(`/v1/migrations/${id}/undo`, { apply: true })).json()
    await finish(migrationId)
    expect(await world.migration(migrationId)).toMatchObject({
      state: 'aborted',
      evidence: { error: { kind: 'too-few-copies' } },
    })
    expect((await world.copies('rotten')).find(copy => copy.isPrimary)).toMatchObject({
      locationId: world.locationIds.cold,
    })
    expect(await world.read('rotten')).toEqual(bytes)
  })

  it('undoes an added copy by dropping it', async () => {
    await addObject('added')
    const id = await world.plan('added', { kind: 'add-copy' })
    await finish(id)
    const { kind, migrationId } = (await post(`/v1/migrations/${id}/undo`, { apply: true })).json()
    expect(kind).toBe('drop-copy')
    await finish(migrationId)
    expect(await world.copies('added')).toMatchObject([
      { locationId: world.locationIds.hot, isPrimary: true },
    ])
  })

  it('pauses and starts the scrubber, and tells how far it is', async () => {
    expect(await get('/v1/scrub')).toMatchObject({ state: 'waiting', today: { copies: 0 }, badCopies: 0 })
    expect((await post('/v1/scrub/pause', { reason: 'a bill' })).json()).toMatchObject({
      state: 'paused',
      pause: { reason: 'a bill' },
    })
    expect((await post('/v1/scrub/start')).json()).toMatchObject({ state: 'waiting', pause: null })
  })

  describe('emptying a location', () => {
    const idOf = async (name: string) =>
      (await get('/v1/locations')).items.find((one: { name: string }) => one.name === name).id

    it('is refused while a bucket writes there, which is named, and how to change it', async () => {
      const hot = await idOf('hot')
      const refused = await post(`/v1/locations/${hot}/retire`)
      expect(refused.statusCode).toBe(409)
      const [{ name }] = (await get('/v1/buckets')).items
      expect(refused.json().detail).toBe(
        `new objects of ${name} are written to hot: give them another location first (dim bucket set ${name} --location LOCATION)`,
      )
      expect(await get(`/v1/locations/${hot}/retirement`)).toMatchObject({ state: 'in-use', since: null })
    })

    it('tells what it costs, and lets no bucket write there until it is reinstated', async () => {
      const cold = await idOf('cold')
      expect(await get(`/v1/locations/${cold}/retirement`)).toMatchObject({ state: 'in-use', writtenBy: [] })
      expect((await post(`/v1/locations/${cold}/retire`)).json()).toMatchObject({ since: expect.any(String) })
      const detail = expect.stringContaining('cold is being emptied')
      const added = { name: 'late', mode: 'exclusive', writeLocationId: cold }
      expect((await post('/v1/buckets', added)).json()).toMatchObject({ status: 409, detail })
      const [bucket] = (await get('/v1/buckets')).items
      const change = (body: object) =>
        api.send('PATCH', `/v1/buckets/${bucket.id}`, {
          role: 'admin',
          headers: { 'if-match': `"${bucket.revision}"` },
          body,
        })
      expect((await change({ writeLocationId: cold })).json()).toMatchObject({ status: 409, detail })
      expect((await post(`/v1/locations/${cold}/reinstate`)).json()).toMatchObject({ state: 'in-use' })
      expect((await change({ writeLocationId: cold })).json()).toMatchObject({
        writeLocation: { name: 'cold' },
      })
      expect((await post(`/v1/locations/${cold}/retire`)).statusCode).toBe(409)
    })
  })
})
