import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { addPlanRow } from '../../../test/builders/plan-row.ts'
import { refuseStore } from '../../database/catalog/refused-stores.ts'
import { sweepHolds } from '../../database/migrations/migration-hold-sweeps.ts'
import { insertThroughput } from '../../database/migrations/migration-throughput.ts'
import { newId } from '../../domain/identifiers.ts'
import type { Role } from '../schemas/token.ts'

describe('operating the queue', () => {
  let world: MovingWorld
  let api: TestApi
  let planId: string
  beforeAll(async () => {
    world = await createMovingWorld()
    api = await startTestApi(world.test.database)
    planId = await addPlanRow(world.test.database)
    for (const key of ['a', 'b', 'c']) {
      await world.addObject(key, sampleOf(1_000))
      await world.plan(key, { planId })
    }
  })
  afterAll(async () => {
    await api.app.close()
    await world.dispose()
  })

  const get = async (url: string) => (await api.send('GET', url, { role: 'viewer' })).json()
  const post = (url: string, body: object = {}, role: Role = 'operator') =>
    api.send('POST', url, { role, body })
  const patch = (url: string, body: object) => api.send('PATCH', url, { role: 'operator', body })
  const activities = async () =>
    (await get('/v1/activity')).items.map((one: { kind: string; principal: string }) => [
      one.kind,
      one.principal,
    ])
  const storeId = async () => (await get('/v1/stores')).items[0].id

  it('stops everything, says so everywhere, and goes on', async () => {
    expect((await post('/v1/migrations/stop', { reason: 'x' }, 'viewer')).statusCode).toBe(403)
    expect((await post('/v1/migrations/stop')).statusCode).toBe(400)
    expect((await post('/v1/migrations/stop', { reason: '  ' })).statusCode).toBe(400)
    const stopped = (await post('/v1/migrations/stop', { reason: 'smoke in rack 4' })).json()
    const principal = expect.stringMatching(/^token:/)
    expect(stopped).toMatchObject({
      stop: { reason: 'smoke in rack 4', principal },
      end: { seconds: null, unknownBecause: 'stopped' },
    })
    expect((await post('/v1/migrations/stop', { reason: 'again' })).json().stop.reason).toBe(
      'smoke in rack 4',
    )
    expect(await world.work()).toBe(0)
    const { items } = await get('/v1/migrations')
    expect(items[0].heldBy).toEqual(['stop'])
    await expect
      .poll(async () => (await get('/v1/overview')).migrations.stop, { timeout: 10_000 })
      .toMatchObject({ principal })
    expect((await get(`/v1/plans/${planId}/status`)).stop).toMatchObject({ principal })
    const ready = await api.send('GET', '/readyz?verbose')
    expect(ready.statusCode).toBe(200)
    expect(ready.json().checks).toContainEqual(
      expect.objectContaining({
        name: 'migrations',
        ok: true,
        detail: expect.stringContaining('stopped since'),
      }),
    )
    expect(ready.body).not.toContain('rack 4')
    expect((await post('/v1/migrations/resume')).json().stop).toBeNull()
    expect((await post('/v1/migrations/resume')).statusCode).toBe(200)
    expect((await activities()).slice(0, 3)).toEqual([
      ['migrations.resumed', principal],
      ['migrations.stopped', principal],
      ['migrations.stopped', principal],
    ])
  })

  it('pauses and resumes a store, once however often it is asked', async () => {
    const id = await storeId()
    const pause = () => post(`/v1/stores/${id}/pause`, { reason: 'firmware' })
    expect((await pause()).json()).toMatchObject({
      state: 'paused',
      pause: { reason: 'firmware', principal: expect.stringMatching(/^token:/) },
    })
    const before = (await activities()).length
    expect((await pause()).statusCode).toBe(200)
    expect(await activities()).toHaveLength(before)
    await sweepHolds(world.test.database)
    expect(await get('/v1/migrations/status')).toMatchObject({
      held: 3,
      pausedStores: [{ id, reason: 'firmware' }],
      end: { unknownBecause: 'paused' },
    })
    expect((await post(`/v1/stores/${id}/resume`)).json()).toMatchObject({ state: 'active', pause: null })
    expect((await post(`/v1/stores/${newId()}/pause`)).statusCode).toBe(404)
    expect((await get('/v1/migrations/status')).held).toBe(0)
  })

  it('says what a store answered that refuses our credentials, and asks it again when somebody says so', async () => {
    const id = await storeId()
    const refuse = async () => {
      const { revision } = await get(`/v1/stores/${id}`)
      await refuseStore(world.test.database, { id, revision, answer: 'no such key' })
    }
    await refuse()
    expect(await get(`/v1/stores/${id}`)).toMatchObject({
      state: 'auth-failed',
      pause: null,
      refusal: { at: expect.any(String), answer: 'no such key' },
    })
    expect(await get('/v1/migrations/status')).toMatchObject({
      held: 3,
      pausedStores: [{ id, reason: 'it refuses our credentials: no such key' }],
    })
    expect((await activities())[0]).toEqual(['store.refused-us', 'system:stores'])
    // A process that has not heard of it yet tells nothing new, and one with a former revision nothing at all.
    const { revision } = await get(`/v1/stores/${id}`)
    for (const known of [revision, revision - 1])
      expect(await refuseStore(world.test.database, { id, revision: known, answer: 'no' })).toBe(false)
    expect((await post(`/v1/stores/${id}/resume`)).json()).toMatchObject({ state: 'active', refusal: null })

    await refuse()
    const { revision: refused, settings } = await get(`/v1/stores/${id}`)
    const headers = { 'if-match': `"${refused}"` }
    const changed = await api.send('PATCH', `/v1/stores/${id}`, { body: { settings }, headers })
    expect(changed.json()).toMatchObject({ state: 'active', refusal: null })

    await refuse()
    expect((await post(`/v1/stores/${id}/pause`, { reason: 'later' })).json()).toMatchObject({
      state: 'paused',
      refusal: null,
    })
    expect((await post(`/v1/stores/${id}/resume`)).json()).toMatchObject({ state: 'active' })
  })

  it('changes a store like before, too', async () => {
    const id = await storeId()
    const { revision } = await get(`/v1/stores/${id}`)
    const headers = { 'if-match': `"${revision}"` }
    const paused = await api.send('PATCH', `/v1/stores/${id}`, { body: { state: 'paused' }, headers })
    expect(paused.json()).toMatchObject({
      state: 'paused',
      pause: { principal: expect.stringMatching(/^token:/) },
    })
    expect((await post(`/v1/stores/${id}/resume`)).json()).toMatchObject({ state: 'active' })
  })

  it('pauses and resumes a plan, and tells how far it is', async () => {
    const status = () => get(`/v1/plans/${planId}/status`)
    expect((await post(`/v1/plans/${planId}/pause`, { reason: 'quarter end' })).json()).toMatchObject({
      pause: { reason: 'quarter end' },
    })
    expect(await status()).toMatchObject({
      pause: { reason: 'quarter end' },
      total: { migrations: 3, bytes: 3_000 },
      moved: { migrations: 0, bytes: 0 },
      left: { migrations: 3, bytes: 3_000 },
      end: { seconds: null, unknownBecause: 'paused' },
    })
    expect((await post(`/v1/plans/${planId}/resume`)).json()).toMatchObject({ pause: null })
    expect((await status()).end).toEqual({ seconds: null, at: null, unknownBecause: 'not-moving' })
    await insertThroughput(world.test.database, 'w', [{ planId, seconds: 10, objects: 10, bytes: 1_000 }])
    const going = await status()
    expect(going.throughput.objectsPerSecond).toBeGreaterThan(0.1)
    expect(going.end.seconds).toBeGreaterThan(0)
    expect(Date.parse(going.end.at)).toBeGreaterThan(Date.now())
    expect((await get('/v1/migrations/status')).end.unknownBecause).toBeNull()
    expect((await post(`/v1/plans/${newId()}/pause`)).statusCode).toBe(404)
    await world.test.database.query(`update plan set state = 'applied' where id = $1`, [planId])
    expect((await post(`/v1/plans/${planId}/pause`)).statusCode).toBe(409)
    await world.test.database.query(`update plan set state = 'approved' where id = $1`, [planId])
  })

  it('sets priority and deadline of a migration and of a plan', async () => {
    const { items } = await get('/v1/migrations')
    const [{ id }] = items
    const dueBy = '2100-01-01T00:00:00.000Z'
    const past = '2020-01-01T00:00:00Z'
    expect((await patch(`/v1/migrations/${id}`, { priority: 80, dueBy })).json()).toMatchObject({
      priority: 80,
      dueBy,
      overdue: false,
    })
    expect((await patch(`/v1/migrations/${id}`, { dueBy: null })).json()).toMatchObject({
      priority: 80,
      dueBy: null,
    })
    for (const body of [
      {},
      { priority: 101 },
      { priority: 1.5 },
      { dueBy: 'soon' },
      { dueBy: past },
      { other: 1 },
    ])
      expect((await patch(`/v1/migrations/${id}`, body)).statusCode, JSON.stringify(body)).toBe(400)
    expect((await patch(`/v1/migrations/${newId()}`, { priority: 1 })).statusCode).toBe(404)
    const late = await patch(`/v1/plans/${planId}`, { dueBy: past })
    expect(late.json()).toMatchObject({ status: 400, detail: expect.stringContaining('has passed already') })
    const plan = (await patch(`/v1/plans/${planId}`, { priority: 5, dueBy })).json()
    expect(plan).toMatchObject({ priority: 5, dueBy })
    await world.test.database.query(`update migration set due_at = '2020-01-01' where plan_id = $1`, [planId])
    expect((await get('/v1/migrations?overdue=true')).items).toHaveLength(3)
    expect((await get('/v1/migrations/status')).overdue).toBe(3)
    expect((await patch(`/v1/plans/${newId()}`, { priority: 1 })).statusCode).toBe(404)
    expect((await activities())[0][0]).toBe('plan.urgency-changed')
  })

  it('filters by store, pause and error', async () => {
    const count = async (query: string) => (await get(`/v1/migrations?${query}`)).items.length
    expect(await count('store=hot-store')).toBe(3)
    expect((await api.send('GET', '/v1/migrations?store=nowhere')).statusCode).toBe(404)
    expect(await count('paused=true')).toBe(0)
    expect(await count('paused=false')).toBe(3)
    const holdsOfRest = async () =>
      (await get('/v1/migrations?paused=true')).items.map((one: { heldBy: string[] }) => one.heldBy)
    for (const [pause, resume, hold] of [
      [`/v1/plans/${planId}/pause`, `/v1/plans/${planId}/resume`, 'plan'],
      [`/v1/stores/${await storeId()}/pause`, `/v1/stores/${await storeId()}/resume`, 'target-store'],
      ['/v1/migrations/stop', '/v1/migrations/resume', 'stop'],
    ] as const) {
      await post(pause, { reason: 'a look' })
      expect(await holdsOfRest()).toEqual([[hold], [hold], [hold]])
      expect(await count('paused=false')).toBe(0)
      await post(resume)
    }
    const [{ id }] = (await get('/v1/migrations')).items
    await post(`/v1/migrations/${id}/pause`)
    expect(await holdsOfRest()).toEqual([[]])
    await post(`/v1/migrations/${id}/resume`)
    expect(await count('errorKind=timeout')).toBe(0)
    await world.test.database.query(
      `update migration set not_before = now() + interval '1 minute',
                            evidence = '{"error": {"kind": "timeout", "message": "no answer"}}'
       where key = 'a'`,
    )
    expect(await count('errorKind=timeout')).toBe(1)
    expect((await get('/v1/migrations/status')).resting).toMatchObject([{ kind: 'timeout', migrations: 1 }])
  })

  it('shows each step of a migration with its time, its try, its error and its proof', async () => {
    const { hot } = world.stores
    let failures = 1
    world.stores.hot = {
      ...hot,
      get: (...all) => (failures-- > 0 ? Promise.reject(new Error('a bad day')) : hot.get(...all)),
    }
    await sweepHolds(world.test.database)
    await world.letTimePass()
    await world.work()
    await world.letTimePass()
    await world.work()
    const moved = (await get('/v1/migrations?state=grace')).items
    expect(moved).toHaveLength(3)
    const details = await Promise.all(moved.map(({ id }: { id: string }) => get(`/v1/migrations/${id}`)))
    const { timeline, sha256 } = details.find(({ timeline: steps }) =>
      steps.some(({ error }: { error: unknown }) => error !== null),
    )
    expect(timeline[0].secondsBefore).toBeNull()
    expect(timeline[1].secondsBefore).toBeGreaterThanOrEqual(0)
    const failed = timeline.find(({ event }: { event: string }) => event === 'copy-failed')
    expect(failed).toMatchObject({ attempt: 1, error: { kind: 'unexpected', message: 'a bad day' } })
    expect(Date.parse(failed.restsUntil)).toBeGreaterThan(Date.parse(failed.at))
    expect(timeline.map((step: { sha256: string | null }) => step.sha256)).toContain(sha256)
  })

  it.each([
    ['/v1/migrations?stat=done', 'stat', 'state'],
    ['/v1/plans?active=true', 'active', 'state'],
    ['/v1/objects?tir=hot&x=1', 'tir, x', 'tier'],
    ['/v1/stores?name=x', 'name', 'cursor, limit'],
    ['/v1/events?bucket=x', 'bucket', 'limit'],
    ['/v1/activity?kind=x', 'kind', 'cursor, limit'],
  ])('refuses a parameter that is not there: %s', async (url, unknown, known) => {
    const answer = await api.send('GET', url, { role: 'viewer' })
    expect(answer.statusCode).toBe(400)
    const [{ message }] = answer.json().errors
    expect(message).toContain(`there is no parameter ${unknown}; known:`)
    expect(message).toContain(known)
  })
})
