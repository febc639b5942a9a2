import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { startDrill, updateStoreLimits } from '../database/catalog/store-limits.ts'
import { insertStore } from '../database/catalog/stores.ts'
import { listActivities } from '../database/people/activities.ts'
import { newId } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { endDrillsLoop } from './end-drills.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

it('tells once of each drill that ended by itself', async () => {
  const { database } = test
  const tester = principal('user', 'tester')
  for (const [name, seconds] of [
    ['over', 0],
    ['held', 3_600],
  ] as const) {
    const id = newId()
    await insertStore(database, {
      id,
      name,
      kind: 'memory',
      settings: {},
      credentialsSealed: null,
      principal: tester,
    })
    await updateStoreLimits(database, { id, revision: 1 }, { isForDrills: true }, tester)
    await startDrill(database, id, { rules: [{ fault: 'flips' }], seed: 's', seconds }, tester)
  }
  const loop = endDrillsLoop({ database })
  const signal = new AbortController().signal
  expect([await loop.step(signal), await loop.step(signal)]).toEqual([1, 0])
  const told = await listActivities(database, { beforeId: null, limit: 10 })
  expect(told).toMatchObject([{ kind: 'store.drill-ended', subject: 'over', principal: 'system:drills' }])
})
