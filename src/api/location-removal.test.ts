import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { aPolicy } from '../../test/builders/placement.ts'
import { addPlanRow } from '../../test/builders/plan-row.ts'
import { LOCATION_REFERENCES, type LocationReferenceKind } from '../database/catalog/location-references.ts'
import { insertPolicy } from '../database/placement/policies.ts'
import { newId } from '../domain/identifiers.ts'

describe('a location that is to be forgotten', () => {
  let world: MovingWorld
  let api: TestApi
  let cold: string
  let bucketId: string
  beforeAll(async () => {
    world = await createMovingWorld()
    api = await startTestApi(world.test.database)
    cold = world.locationIds.cold
    await world.addObject('k', sampleOf(10))
    bucketId = (await query('select id from bucket')).rows[0].id
  })
  afterAll(async () => {
    await api.app.close()
    await world.dispose()
  })

  const query = (text: string, values: unknown[] = []) => world.test.database.query(text, values)
  const remove = (id = cold, role: 'admin' | 'operator' = 'admin', revision = 1) =>
    api.send('DELETE', `/v1/locations/${id}`, { role, headers: { 'if-match': `"${revision}"` } })

  /** One thing of each kind that refers to `cold`: how it is made, and how it goes away. */
  const THINGS: Readonly<Record<LocationReferenceKind, readonly [() => Promise<unknown>, string]>> = {
    copies: [
      () =>
        query(
          `insert into copy (object_id, id, generation, location_id, state, is_primary, size, entered_ms, principal)
           values ($1, $2, 1, $3, 'retained', false, 10, 0, 'user:test')`,
          [world.objectId('k'), newId(), cold],
        ),
      'delete from copy where not is_primary',
    ],
    buckets: [
      () =>
        query(
          `insert into bucket (id, name, mode, write_location_id, principal)
           values ($1, 'writer', 'exclusive', $2, 'user:test')`,
          [newId(), cold],
        ),
      `delete from bucket where name = 'writer'`,
    ],
    policies: [
      () =>
        insertPolicy(world.test.database, {
          id: newId(),
          spec: { ...aPolicy(), name: 'names-it', locations: ['cold'] },
          principal: 'user:test',
        }),
      `delete from policy where name = 'names-it'`,
    ],
    plans: [
      async () => {
        const planId = await addPlanRow(world.test.database)
        await query(`update plan set state = 'proposed', closed_at = null where id = $1`, [planId])
        await query(
          `insert into decision (id, plan_id, object_id, bucket_id, key, generation, placement_version,
             from_location_id, to_location_id, reason, size, monthly_saving_usd, one_time_usd, evidence, decided_at,
             principal)
           values ($1, $2, $3, $4, 'k', 1, 1, $5, $6, 'heat-fell-below-band', 10, 1, 0, '{}', now(), 'user:test')`,
          [newId(), planId, world.objectId('k'), bucketId, world.locationIds.hot, cold],
        )
      },
      `update decision set verdict = 'rejected'`,
    ],
    pins: [
      () => query(`update object set pinned_location_id = $1`, [cold]),
      'update object set pinned_until_ms = 0',
    ],
    migrations: [
      () => world.plan('k'),
      `update migration set state = 'aborted', finished_at = now(), ended_by = 'cancelled'`,
    ],
    writes: [
      () =>
        query(
          `insert into write_intent (id, object_id, bucket_id, key, copy_id, location_id, native_key, version, state,
             boot_id, principal)
           values ($1, $2, $3, 'w', $1, $4, 'w', '{}', 'open', $1, 'user:test')`,
          [newId(), newId(), bucketId, cold],
        ),
      'delete from write_intent',
    ],
    uploads: [
      () =>
        query(
          `insert into multipart_upload (id, bucket_id, key, object_id, location_id, native_key, native_upload_id,
             principal)
           values ('u', $1, 'k', $1, $2, 'k', 'n', 'user:test')`,
          [bucketId, cold],
        ),
      'update multipart_upload set completed_at = now()',
    ],
    announcements: [
      () =>
        query(
          `insert into publication_in_flight (object_id, id, store_id, container, lands_until)
           select $1, $2, store_id, container, now() + interval '1 hour' from location where id = $3`,
          [world.objectId('k'), newId(), cold],
        ),
      'update publication_in_flight set lands_until = now()',
    ],
    parts: [
      () =>
        query(
          `insert into upload_start (id, store_id, container, native_key)
           select $1, store_id, container, 'k' from location where id = $2`,
          [newId(), cold],
        ),
      'delete from upload_start',
    ],
    imports: [
      () =>
        query(
          `insert into import_job (id, bucket_id, location_id, state, principal)
           values ($1, $2, $3, 'running', 'user:test')`,
          [newId(), bucketId, cold],
        ),
      `update import_job set state = 'done'`,
    ],
    'reconcile-runs': [
      () =>
        query(
          `insert into reconcile_run (id, location_id, store_id, container, source, settings, principal)
           select $1, id, store_id, container, '{}', '{}', 'user:test' from location where id = $2`,
          [newId(), cold],
        ),
      `update reconcile_run set state = 'done'`,
    ],
    orphans: [
      () =>
        query(
          `insert into orphan (id, kind, store_id, container, native_key, location_id, bytes, reason, state,
             first_seen_at, last_seen_at)
           select $1, 'dark', store_id, container, 'o', id, 1, 'r', 'deleting', now(), now()
           from location where id = $2`,
          [newId(), cold],
        ),
      `update orphan set state = 'kept'`,
    ],
  }

  it.each(LOCATION_REFERENCES)('is kept while %s refer to it, which the answer says', async kind => {
    const [make, unmake] = THINGS[kind]
    await make()
    const answer = await remove()
    expect(answer.statusCode).toBe(409)
    expect(answer.json().errors).toEqual([
      { field: `/${kind}`, message: expect.stringMatching(/^[a-z].+: .+; .+/) },
    ])
    expect(answer.json().detail).toContain('the location cold is still referred to by')
    await query(unmake)
  })

  it('is kept from those who are no administrators, and from whoever saw a former revision', async () => {
    expect((await remove(cold, 'operator')).statusCode).toBe(403)
    expect((await remove(cold, 'admin', 7)).statusCode).toBe(412)
  })

  it('names everything at once', async () => {
    for (const kind of ['copies', 'uploads'] as const) await THINGS[kind][0]().catch(() => undefined)
    await query('update multipart_upload set completed_at = null')
    const answer = await remove()
    expect(answer.json().detail).toBe('the location cold is still referred to by copies, uploads')
    for (const kind of ['copies', 'uploads'] as const) await query(THINGS[kind][1])
  })

  it('is gone then, and what ended is still told; nothing is tried again there', async () => {
    expect((await remove()).statusCode).toBe(204)
    expect((await remove()).statusCode).toBe(404)
    const { items } = (await api.send('GET', '/v1/migrations')).json()
    expect(items).toMatchObject([{ state: 'aborted', target: { name: '(removed)', tier: null } }])
    const retried = await api.send('POST', `/v1/migrations/${items[0].id}/retry`)
    expect([retried.statusCode, retried.json().detail]).toEqual([
      409,
      'the location it would move to was removed',
    ])
    const { items: told } = (await api.send('GET', '/v1/activity')).json()
    expect(told[0]).toMatchObject({ kind: 'location.deleted', subject: 'cold' })
    const decisions = await query('select plan_id as "planId" from decision')
    const plan = await api.send('GET', `/v1/plans/${decisions.rows[0].planId}/decisions`)
    expect(plan.json().items).toMatchObject([{ to: { name: '(removed)' } }])
  })
})
