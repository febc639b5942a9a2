import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { advanceBudgetClock } from '../../database/catalog/store-limits.ts'
import { tellCircuit } from '../../database/catalog/store-loads.ts'

let test: TestDatabase
let api: TestApi
let id: string
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database)
  const body = { name: 'cold', kind: 'memory', settings: {} }
  id = (await api.send('POST', '/v1/stores', { body })).json().id
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

async function load() {
  const { items } = (await api.send('GET', '/v1/store-loads', { role: 'viewer' })).json()
  return items[0]
}

it('says of a store without a budget that nothing limits it', async () => {
  expect(await load()).toEqual({ store: { id, name: 'cold' }, budget: null, leftAloneBy: [] })
})

it('says how much of the budget the last minute used, and how long work waits', async () => {
  await test.database.query(`update store set budget = '[{"requestsPerSecond": 10}]' where id = $1`, [id])
  // 300 requests at 10 per second are half a minute of it.
  await advanceBudgetClock(test.database, id, { requestsMs: 30_000, bytesMs: 0 }, null)
  const { budget } = await load()
  expect(budget).toMatchObject({ bytesPerSecond: null, requestsPerSecond: 10, bytesShare: null })
  expect(budget.requestsShare).toBeGreaterThan(0.3)
  expect(budget.requestsShare).toBeLessThanOrEqual(0.5)
  expect(budget.waitSeconds).toBeGreaterThan(10)
  await test.database.query(`update store_budget_clock set used_at = now() - interval '10 minutes'`)
  expect((await load()).budget.requestsShare).toBeLessThan(0.001)
})

it('names who leaves a store alone, until it is back or nothing was heard for long', async () => {
  await tellCircuit(test.database, id, 'one/1', true)
  await tellCircuit(test.database, id, 'two/2', true)
  const [first] = (await load()).leftAloneBy
  await tellCircuit(test.database, id, 'one/1', true)
  expect((await load()).leftAloneBy).toMatchObject([
    { process: 'one/1', since: first.since },
    { process: 'two/2' },
  ])
  await tellCircuit(test.database, id, 'one/1', false)
  expect((await load()).leftAloneBy).toMatchObject([{ process: 'two/2' }])
  await test.database.query(`update store_circuit set told_at = now() - interval '11 minutes'`)
  expect((await load()).leftAloneBy).toEqual([])
})
