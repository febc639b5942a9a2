import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { enterSightings, type OrphanSighting, settleSightings } from '../../database/upkeep/orphans.ts'
import { DAY } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'

describe('the ledger of orphans and its runs', () => {
  let world: MovingWorld
  let api: TestApi
  beforeEach(async () => {
    world = await createMovingWorld()
    api = await startTestApi(world.test.database)
  })
  afterEach(async () => {
    await api.app.close()
    await world.dispose()
  })

  async function enter(change: Partial<OrphanSighting>, scans = [0]): Promise<string> {
    const { database } = world.test
    const { rows } = await database.query<{ store_id: string }>(
      'select store_id from location where id = $1',
      [world.locationIds.hot],
    )
    const place = { storeId: rows[0]!.store_id, container: 'data' }
    const sighting: OrphanSighting = {
      kind: 'dark',
      nativeKey: 'k',
      locationId: world.locationIds.hot,
      bytes: 10,
      etag: 'e',
      versionId: null,
      objectId: null,
      copyId: null,
      migrationId: null,
      bucketId: world.bucketId,
      reason: 'nobody knows them',
      monthlyUsd: 0.5,
      ...change,
    }
    for (const at of scans) {
      const takenAt = new Date(Date.now() + at)
      await enterSightings(database, place, { id: newId(), takenAt }, [sighting])
      await settleSightings(database, { ...place, prefix: '', takenAt, apartMs: DAY })
    }
    const { items } = (await api.send('GET', '/v1/orphans')).json()
    return items[0].id
  }
  const act = (id: string, verb: string, role: 'viewer' | 'operator' = 'operator') =>
    api.send('POST', `/v1/orphans/${id}/${verb}`, { role })

  it('starts a run with the careful defaults, shows it and its findings', async () => {
    const started = await api.send('POST', '/v1/reconcile-runs', {
      role: 'operator',
      body: { locationId: world.locationIds.hot },
    })
    expect(started.statusCode).toBe(202)
    const run = started.json()
    expect(run).toMatchObject({ state: 'running', deletes: false, apartHours: 24, inventory: null })
    expect((await api.send('GET', `/v1/reconcile-runs/${run.id}/findings`)).json().items).toEqual([])
    expect((await api.send('GET', '/v1/reconcile-runs')).json().items).toHaveLength(1)
    expect((await api.send('POST', `/v1/reconcile-runs/${run.id}/resume`)).statusCode).toBe(409)
    const { items } = (await api.send('GET', '/v1/activity')).json()
    expect(items[0]).toMatchObject({ kind: 'reconcile.requested', subject: 'hot' })
  })

  it('refuses a run with an inventory in a store that is not there', async () => {
    const inventory = { storeId: newId(), container: 'c', key: 'manifest.json' }
    const answer = await api.send('POST', '/v1/reconcile-runs', {
      body: { locationId: world.locationIds.hot, inventory },
    })
    expect(answer.statusCode).toBe(404)
  })

  it('never deletes bytes that are not ours, whoever asks', async () => {
    const id = await enter({}, [0, DAY])
    const answer = await act(id, 'delete')
    expect(answer.statusCode).toBe(409)
    expect(answer.body).toContain('never deleted by us')
    expect((await api.send('GET', `/v1/orphans/${id}`)).json()).toMatchObject({
      state: 'confirmed',
      monthlyUsd: 0.5,
    })
  })

  it('deletes what is ours only after a second scan, a day later', async () => {
    const ours = { kind: 'forgotten', migrationId: newId(), objectId: newId() } as const
    const once = await enter(ours)
    expect((await act(once, 'delete')).body).toContain('only one scan')
    const twice = await enter(ours, [0, DAY])
    const answer = await act(twice, 'delete')
    expect(answer.json()).toMatchObject({ state: 'deleting', decidedBy: expect.stringMatching(/^token:/) })
    expect((await act(twice, 'keep')).statusCode).toBe(409)
  })

  it('starts an import when unknown bytes are adopted', async () => {
    const id = await enter({ nativeKey: 'found/it' })
    expect((await act(id, 'adopt')).json()).toMatchObject({
      state: 'adopted',
      outcome: expect.stringMatching(/^import /),
    })
    const { items } = (await api.send('GET', '/v1/imports')).json()
    expect(items).toMatchObject([{ prefix: 'found/it', bucket: { name: 'photos' } }])
  })

  it('hands a retained copy to the sweeper', async () => {
    await world.addObject('k', sampleOf(10))
    const copyId = newId()
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'retained', false, 10, 0, 'user:test')`,
      [world.objectId('k'), copyId, world.locationIds.cold],
    )
    const id = await enter({ kind: 'retained', copyId, objectId: world.objectId('k') })
    expect((await act(id, 'delete')).json()).toMatchObject({ state: 'deleting', copyId })
    expect((await world.copies('k')).find(copy => copy.id === copyId)).toMatchObject({ state: 'deleting' })
  })

  it('lets nobody decide who may only look', async () => {
    expect((await act(await enter({}), 'keep', 'viewer')).statusCode).toBe(403)
  })
})
