import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import {
  advanceBudgetClock,
  endDrillsInTime,
  startDrill,
  stopDrill,
  updateStoreLimits,
} from './store-limits.ts'
import { findStore, insertStore } from './stores.ts'

let test: TestDatabase
const tester = principal('user', 'tester')
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

async function newStore(): Promise<Uuid> {
  const id = newId()
  const store = { id, name: id, kind: 'memory', settings: {}, credentialsSealed: null } as const
  await insertStore(test.database, { ...store, principal: tester })
  return id
}

describe('the clock of a budget', () => {
  const advance = (id: Uuid, requestsMs: number, bytesMs = 0, aheadMsMax: number | null = null) =>
    advanceBudgetClock(test.database, id, { requestsMs, bytesMs }, aheadMsMax)

  it('gives each of many who draw at once a time of their own', async () => {
    const id = await newStore()
    const ahead = await Promise.all(Array.from({ length: 20 }, () => advance(id, 60_000)))
    ahead.sort((left, right) => left - right)
    expect(ahead[0]).toBe(0)
    for (const [index, ms] of ahead.entries()) {
      expect(ms).toBeLessThanOrEqual(index * 60_000)
      expect(ms).toBeGreaterThan(index * 60_000 - 30_000)
    }
  })

  it('has a hand for requests and one for bytes', async () => {
    const id = await newStore()
    await advance(id, 0, 60_000)
    expect(await advance(id, 60_000)).toBe(0)
    expect(await advance(id, 0, 1)).toBeGreaterThan(50_000)
  })

  it('is moved ahead by those who did not wait only so far', async () => {
    const id = await newStore()
    await advance(id, 600_000, 0, 5_000)
    const ahead = await advance(id, 600_000, 0, 5_000)
    expect(ahead).toBeGreaterThan(0)
    expect(ahead).toBeLessThanOrEqual(5_000)
    expect(await advance(id, 1)).toBeLessThanOrEqual(5_000)
  })
})

describe('a drill', () => {
  const drill = { rules: [{ fault: 'flips' }], seed: 's', seconds: 3_600 } as const

  it('is held only at a store that is marked for it', async () => {
    const id = await newStore()
    expect(await startDrill(test.database, id, drill, tester)).toBe(false)
    await updateStoreLimits(test.database, { id, revision: 1 }, { isForDrills: true }, tester)
    expect(await startDrill(test.database, id, drill, tester)).toBe(true)
    expect((await findStore(test.database, id))!.drill).toMatchObject({ rules: drill.rules, seed: 's' })
    expect(await stopDrill(test.database, id, tester)).toBe(true)
    expect(await stopDrill(test.database, id, tester)).toBe(false)
  })

  it('is over when its time is, and is then forgotten', async () => {
    const id = await newStore()
    await updateStoreLimits(test.database, { id, revision: 1 }, { isForDrills: true }, tester)
    await startDrill(test.database, id, { ...drill, seconds: 0 }, tester)
    expect((await findStore(test.database, id))!.drill).toBe(null)
    expect(await endDrillsInTime(test.database)).toEqual([{ id, name: id }])
    expect(await endDrillsInTime(test.database)).toEqual([])
  })

  it('ends when its store is for drills no more', async () => {
    const id = await newStore()
    await updateStoreLimits(test.database, { id, revision: 1 }, { isForDrills: true }, tester)
    await startDrill(test.database, id, drill, tester)
    await updateStoreLimits(test.database, { id, revision: 3 }, { isForDrills: false }, tester)
    expect((await findStore(test.database, id))!.drill).toBe(null)
  })
})

describe('the limits of a store', () => {
  it('are changed where its revision is still the same, and only those that are named', async () => {
    const id = await newStore()
    const budget = [{ bytesPerSecond: 10 }]
    const change = (revision: number, limits: object) =>
      updateStoreLimits(test.database, { id, revision }, limits, tester)
    expect(await change(1, { budget, requestsAtOnceMax: 8 })).toBe(true)
    expect(await change(1, { budget: [] })).toBe(false)
    expect(await change(2, { requestsAtOnceMax: null })).toBe(true)
    expect(await findStore(test.database, id)).toMatchObject({ budget, requestsAtOnceMax: null, revision: 3 })
  })
})
