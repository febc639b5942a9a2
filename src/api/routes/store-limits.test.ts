import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'

let test: TestDatabase
let api: TestApi
let path: string
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database)
  const made = await api.send('POST', '/v1/stores', { body: { name: 'cold', kind: 'memory', settings: {} } })
  path = `/v1/stores/${made.json().id}`
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

const etag = async () => String((await api.send('GET', `${path}/limits`)).headers.etag)

async function change(body: object) {
  return api.send('PATCH', `${path}/limits`, { body, headers: { 'if-match': await etag() } })
}

it('shows a budget where the store is shown', async () => {
  const window = { from: '08:00', to: '18:00', timeZone: 'Europe/Berlin', bytesPerSecond: 1_000 }
  const answer = await change({ budget: [window] })
  expect(answer.statusCode, answer.body).toBe(200)
  expect((await api.send('GET', path)).json().budget).toEqual([window])
})

it.each([
  [{ bytesPerSecond: 0 }],
  [{ from: '08:00', bytesPerSecond: 1 }],
  [{ from: '8', to: '9', bytesPerSecond: 1 }],
  [{ timeZone: 'Mars/Olympus', bytesPerSecond: 1 }],
  [{}],
])('refuses a window that is none: %j', async window => {
  expect((await change({ budget: [window] })).statusCode).toBe(400)
})

it('refuses a drill at a store that is not marked for drills, and says how to mark it', async () => {
  const drill = { rules: [{ fault: 'flips' }], seconds: 60 }
  const refused = await api.send('POST', `${path}/drill`, { body: drill })
  expect(refused.statusCode).toBe(409)
  expect(refused.json().detail).toContain('--for-drills')
  await change({ isForDrills: true })
  const begun = await api.send('POST', `${path}/drill`, { body: drill })
  expect(begun.json().drill).toMatchObject({ rules: [{ fault: 'flips' }], seed: 'drill' })
  const stopped = await api.send('DELETE', `${path}/drill`)
  expect(stopped.json().drill).toBe(null)
  const { items } = (await api.send('GET', '/v1/activity')).json()
  const kinds = items.map((item: { kind: string }) => item.kind)
  expect(kinds.slice(0, 3)).toEqual(['store.drill-stopped', 'store.drill-started', 'store.limits-changed'])
})

it('refuses rules that make no sense, and drills without an end', async () => {
  const stale = { rules: [{ fault: 'stale', on: ['put'] }], seconds: 60 }
  expect((await api.send('POST', `${path}/drill`, { body: stale })).statusCode).toBe(400)
  const endless = { rules: [{ fault: 'flips' }] }
  expect((await api.send('POST', `${path}/drill`, { body: endless })).statusCode).toBe(400)
})
