import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { addPlanRow } from '../../../test/builders/plan-row.ts'
import { newId } from '../../domain/identifiers.ts'

let world: MovingWorld
let api: TestApi
beforeAll(async () => {
  world = await createMovingWorld()
  api = await startTestApi(world.test.database)
})
afterAll(async () => {
  await api.app.close()
  await world.dispose()
})
beforeEach(async () => {
  await world.test.database.query('truncate migration_event, migration, object, object_version, copy cascade')
})

/** A migration that ended like this. */
async function ended(key: string, state: string, error: string, planId: string | null): Promise<string> {
  await world.addObject(key, sampleOf(10))
  const id = await world.plan(key, { planId })
  await world.test.database.query(
    `update migration set state = $2, finished_at = now(), ended_by = 'copy-refused',
       evidence = jsonb_build_object('error', jsonb_build_object('kind', $3::text, 'message', 'no'))
     where id = $1`,
    [id, state, error],
  )
  return id
}

const retry = (body: object, role: 'viewer' | 'operator' = 'operator') =>
  api.send('POST', '/v1/migrations/retry', { role, body })
const planned = async () => {
  const { rows } = await world.test.database.query<{ key: string }>(
    `select key from migration where state = 'planned' order by key`,
  )
  return rows.map(({ key }) => key)
}

it('tries all again that gave up in a plan, of one kind of error, or both, and nothing else', async () => {
  const [one, other] = [await addPlanRow(world.test.database), await addPlanRow(world.test.database)]
  await ended('a', 'quarantined', 'access-denied', one)
  await ended('b', 'quarantined', 'locked', one)
  await ended('c', 'quarantined', 'access-denied', other)
  await ended('cancelled', 'aborted', 'access-denied', one)
  const nothing = { retried: 0, refused: [], next: null }
  expect((await retry({ planId: one, errorKind: 'unexpected' })).json()).toEqual(nothing)
  expect((await retry({ planId: one, errorKind: 'locked' })).json()).toEqual({ ...nothing, retried: 1 })
  expect(await planned()).toEqual(['b'])
  expect((await retry({ errorKind: 'access-denied' })).json()).toEqual({ ...nothing, retried: 2 })
  expect(await planned()).toEqual(['a', 'b', 'c'])
  expect((await retry({ planId: one })).json()).toEqual(nothing)
})

it('says of those that cannot be tried again why not', async () => {
  const plan = await addPlanRow(world.test.database)
  const gone = await ended('gone', 'quarantined', 'access-denied', plan)
  await ended('there', 'quarantined', 'access-denied', plan)
  await world.test.database.query(`update object set generation = 2 where key = 'gone'`)
  expect((await retry({ planId: plan })).json()).toEqual({
    retried: 1,
    refused: [{ because: 'object-changed', count: 1, example: gone }],
    next: null,
  })
})

it('needs a plan that exists or a kind of error, and the right', async () => {
  expect((await retry({})).statusCode).toBe(400)
  expect((await retry({ planId: newId() })).statusCode).toBe(404)
  expect((await retry({ errorKind: 'locked' }, 'viewer')).statusCode).toBe(403)
})
