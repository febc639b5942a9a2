import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { startDrill, updateStoreLimits } from '../database/catalog/store-limits.ts'
import { listStoreLoads } from '../database/catalog/store-loads.ts'
import { findStore, insertStore } from '../database/catalog/stores.ts'
import { newId } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { expectFailure, putBytes, readObject, sampleBytes } from '../stores/contract/samples.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { storeFailure } from '../stores/store-operation.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createStoreLayers } from './create-store-layers.ts'
import { openStore } from './open-store.ts'
import { createSecretBox } from './secrets/secret-box.ts'
import { createStoreRegistry } from './store-registry.ts'

let test: TestDatabase
const tester = principal('user', 'tester')
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

/** A process with a memory store that people change; `look` lets the process notice at once. */
async function processWithStore(around: (adapter: ObjectStore) => ObjectStore = adapter => adapter) {
  const { database } = test
  const id = newId()
  const store = { id, name: `m-${id}`, kind: 'memory', settings: {}, credentialsSealed: null } as const
  await insertStore(database, { ...store, principal: tester })
  const clock = { at: 0 }
  const metrics = createMetrics()
  const stores = createStoreRegistry({
    database,
    secretBox: createSecretBox([{ id: Buffer.alloc(8), key: Buffer.alloc(32) }]),
    openStore: (...asked) => around(openStore(...asked)),
    layers: createStoreLayers({ database, metrics, log: silentLogger, owner: 'me' }),
    nowMs: () => clock.at,
  })
  const look = async () => {
    clock.at += 10_000
    return { clients: await stores.open(id), background: await stores.openInBackground(id) }
  }
  const change = async (limits: Parameters<typeof updateStoreLimits>[2]) => {
    const { rows } = await database.query<{ revision: number }>('select revision from store where id = $1', [
      id,
    ])
    await updateStoreLimits(database, { id, revision: rows[0]!.revision }, limits, tester)
    return look()
  }
  return { id, stores, metrics, look, change }
}

const urlOf = (file: string) => new URL(file, import.meta.url).href

const ask = (store: ObjectStore, times: number) =>
  Promise.all(Array.from({ length: times }, () => store.list('c')))

describe('the layers of a store', () => {
  it('let background work wait for a budget, and clients never', async () => {
    const { look, change, metrics, stores } = await processWithStore()
    await (await look()).clients.ensureContainer('c')
    const { clients, background } = await change({ budget: [{ requestsPerSecond: 20 }] })
    await ask(background, 15)
    const waited = async () =>
      (await metrics.storeBudgetWaitSeconds.get()).values.reduce((sum, { value }) => sum + value, 0)
    const before = await waited()
    expect(before).toBeGreaterThan(0.2)
    await ask(clients, 1_000)
    expect(await waited()).toBe(before)
    await stores.close()
  })

  it('begin another budget anew, for those who wait already, too', async () => {
    const { look, change, stores } = await processWithStore()
    await (await look()).clients.ensureContainer('c')
    const narrow = await change({ budget: [{ bytesPerSecond: 1 }] })
    await putBytes(narrow.background, 'c', 'k', sampleBytes(10_000))
    // Its turn is hours away.
    const waiting = putBytes(narrow.background, 'c', 'k2', sampleBytes(10))
    await expect
      .poll(async () => (await listStoreLoads(test.database)).some(load => load.waitMs > 3_600_000))
      .toBe(true)
    const wide = await change({ budget: [{ bytesPerSecond: 1_000_000 }] })
    await putBytes(wide.background, 'c', 'k3', sampleBytes(10))
    await waiting
    await stores.close()
  })

  it('let a process end while its next tokens are hours away', async () => {
    const program = `
      import { createMetrics } from ${JSON.stringify(urlOf('../telemetry/metrics.ts'))}
      import { silentLogger } from ${JSON.stringify(urlOf('../telemetry/logger.ts'))}
      import { createMemoryStore } from ${JSON.stringify(urlOf('../stores/memory/memory-store.ts'))}
      import { StoreLayers } from ${JSON.stringify(urlOf('./store-layers.ts'))}
      const row = { kind: 'memory', budget: [{ requestsPerSecond: 1 }], requestsAtOnceMax: null, drill: null, state: 'active', revision: 1 }
      const layers = new StoreLayers(row, createMemoryStore({ name: 'm', settings: { capacityBytes: 1 } }), {
        metrics: createMetrics(), log: silentLogger, wallClock: { now: () => 0 }, nowMs: () => 0,
        tokenClock: { advance: async () => 3_600_000 }, tellCircuit() {}, async tellRefusal() {},
      })
      const stop = new AbortController()
      const asked = layers.layer(row).background.list('c', { signal: stop.signal })
      setImmediate(() => stop.abort())
      await asked.catch(error => console.log(error.kind))`
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    expect(stdout).toBe('aborted\n')
  })

  it('are changed without opening the store anew', async () => {
    const { look, change, stores } = await processWithStore()
    const { clients } = await look()
    await clients.ensureContainer('c')
    await putBytes(clients, 'c', 'k', sampleBytes(10))
    const after = await change({ requestsAtOnceMax: 4 })
    expect(await readObject(after.background, 'c', 'k')).toEqual(sampleBytes(10))
    await stores.close()
  })

  it('fail on purpose while a drill is held, for everybody, and count it', async () => {
    const { id, look, change, metrics, stores } = await processWithStore()
    await (await change({ isForDrills: true })).clients.ensureContainer('c')
    const rules = [{ fault: 'refused', on: ['list'], refusal: 'access-denied' }] as const
    await startDrill(test.database, id, { rules, seed: 's', seconds: 0.8 }, tester)
    const { clients, background } = await look()
    await expectFailure(clients.list('c'), 'access-denied')
    await expectFailure(background.list('c'), 'access-denied')
    const { values } = await metrics.storeDrillFaults.get()
    expect(values).toMatchObject([{ value: 2, labels: { fault: 'refused', operation: 'list' } }])
    await expect
      .poll(
        () =>
          clients.list('c').then(
            () => 'works',
            () => 'fails',
          ),
        { timeout: 5_000 },
      )
      .toBe('works')
    await stores.close()
  })

  it('take no drill for refused credentials', async () => {
    const { id, look, change, stores } = await processWithStore()
    await (await change({ isForDrills: true })).clients.ensureContainer('c')
    const rules = [{ fault: 'refused', refusal: 'access-denied' }] as const
    await startDrill(test.database, id, { rules, seed: 's', seconds: 60 }, tester)
    const { clients } = await look()
    for (let time = 0; time < 30; time++) await expectFailure(clients.head('c', `k${time}`), 'access-denied')
    expect(stores.isRefusing(id)).toBe(false)
    await stores.close()
    expect(await findStore(test.database, id)).toMatchObject({ state: 'active', refusedAt: null })
  })

  it('take keys that may not be read for no refused credentials where a list is granted', async () => {
    let lists = 0
    const { id, look, stores } = await processWithStore(adapter => ({
      ...adapter,
      head: (_, key) =>
        Promise.reject(storeFailure({ store: 'm', operation: 'head', key }, 'access-denied', 'denied')),
      list: (...asked) => {
        lists++
        return adapter.list(...asked)
      },
    }))
    const { clients } = await look()
    await clients.ensureContainer('c')
    for (let time = 0; time < 25; time++) await expectFailure(clients.head('c', `k${time}`), 'access-denied')
    await expect.poll(() => lists).toBe(2)
    await stores.close()
    expect(await findStore(test.database, id)).toMatchObject({ state: 'active', refusedAt: null })
  })

  it('try again for background work, and tell clients at once', async () => {
    const { id, look, change, metrics, stores } = await processWithStore()
    await (await change({ isForDrills: true })).clients.ensureContainer('c')
    const rules = [{ fault: 'refused', on: ['list'], nth: 1 }] as const
    const begin = () => startDrill(test.database, id, { rules, seed: 's', seconds: 60 }, tester)
    await begin()
    await expectFailure((await look()).clients.list('c'), 'throttled')
    await begin()
    await (await look()).background.list('c')
    expect((await metrics.storeRetries.get()).values).toMatchObject([{ value: 1 }])
    await stores.close()
  })

  it('leave clients the connections: many requests of theirs wait for none of the background', async () => {
    const { look, change, stores } = await processWithStore()
    await (await look()).clients.ensureContainer('c')
    const { clients, background } = await change({ requestsAtOnceMax: 2, budget: [{ requestsPerSecond: 2 }] })
    let isSlowOver = false
    const slow = ask(background, 6).then(() => {
      isSlowOver = true
    })
    await ask(clients, 500)
    expect(isSlowOver).toBe(false)
    await slow
    await stores.close()
  })
})

it('tells everybody that this process leaves a store alone, until it has other settings', async () => {
  const { change, id, look, stores } = await processWithStore()
  await updateStoreLimits(test.database, { id, revision: 1 }, { isForDrills: true }, tester)
  const drill = { rules: [{ fault: 'refused', refusal: 'unreachable' }], seed: 's', seconds: 60 } as const
  await startDrill(test.database, id, drill, tester)
  const { clients } = await look()
  await Promise.all(Array.from({ length: 12 }, () => clients.list('c').catch(error => error)))
  const leftAloneBy = async () =>
    (await listStoreLoads(test.database))
      .find(load => load.id === id)
      ?.leftAloneBy.map(({ process }) => process)
  await expect.poll(leftAloneBy).toEqual(['me'])
  await test.database.query(`update store set settings = '{"capacityBytes": 1000000}' where id = $1`, [id])
  await change({ isForDrills: false })
  await expect.poll(leftAloneBy).toEqual([])
  await stores.close()
})
