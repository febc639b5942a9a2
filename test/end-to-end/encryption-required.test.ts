import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStore } from '../../src/app/open-store.ts'
import { findLocation } from '../../src/database/catalog/locations.ts'
import { insertPolicy } from '../../src/database/placement/policies.ts'
import { insertPriceBook } from '../../src/database/placement/price-books.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { startTestApi, type TestApi } from '../builders/api.ts'
import { CONTAINER, createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'
import { aPolicy, aPriceBook } from '../builders/placement.ts'
import { planUntilRest } from '../builders/planning.ts'

/**
 * From the policy to the copy: an object in a plain folder, a cheaper plain folder, and a dearer one whose
 * objects we seal with a key of ours.
 */

const BYTES = sampleOf(100_000)
const KEY = 'contracts/2026.pdf'
const REVIEWED_AT = 1_000_000 * 86_400

let folder: string
let world: MovingWorld
let api: TestApi
const stores = new Map<Uuid, ObjectStore>()
const locationIds: Record<string, Uuid> = {}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-sealed-'))
  const key = new Redacted(JSON.stringify({ clientEncryptionKey: Buffer.alloc(32, 7).toString('base64') }))
  const opened = {
    'hot-store': openFolder('hot-store', null),
    'cold-store': openFolder('cold-store', null),
    'sealed-store': openFolder('sealed-store', key),
  }
  world = await createMovingWorld({ stores: { hot: opened['hot-store'], cold: opened['cold-store'] } })
  const { database } = world.test
  locationIds.sealed = newId()
  const sealedStoreId = newId()
  await database.query(
    `insert into store (id, name, kind, settings, principal) values ($1, 'sealed-store', 'filesystem', '{}', 'user:test')`,
    [sealedStoreId],
  )
  await database.query(
    `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
     values ($1, 'sealed', $2, $3, 'cold', 'dear', 'r', 1, 'user:test')`,
    [locationIds.sealed, sealedStoreId, CONTAINER],
  )
  await database.query(`update location set price_id = 'cheap' where name = 'cold'`)
  await database.query(`delete from location where name = 'infrequent'`)
  const { rows } = await database.query<{ id: Uuid; name: keyof typeof opened }>('select id, name from store')
  for (const { id, name } of rows) {
    stores.set(id, opened[name])
    await opened[name].ensureContainer(CONTAINER)
  }
  const book = aPriceBook([
    { id: 'p', storageUsdPerGbMonth: 0.03 },
    { id: 'cheap', storageUsdPerGbMonth: 0.001 },
    { id: 'dear', storageUsdPerGbMonth: 0.02 },
  ])
  await insertPriceBook(database, { id: newId(), book, principal: 'user:test' })
  const policyId = newId()
  const spec = aPolicy({ encryption: 'required', graceHours: 0, approval: 'person' })
  await insertPolicy(database, { id: policyId, spec, principal: 'user:test' })
  await database.query('update bucket set policy_id = $1', [policyId])
  world.modelClock.at = Date.UTC(2026, 8, 22)
  api = await startTestApi(database, {
    clock: world.modelClock,
    stores: {
      checkSettings: () => [],
      // The API closes what it opens; the mover goes on with it.
      open: ({ id }) => ({ ...stores.get(id)!, close: async () => undefined }),
      learn: async () => ({ settings: {}, vendor: null, notes: [] }),
    },
  })
})
afterAll(async () => {
  await api.app.close()
  await world.dispose()
  await rm(folder, { recursive: true, force: true })
})

const get = async (url: string) => (await api.send('GET', url, { role: 'viewer' })).json()

it('what must lie encrypted goes to the dearer place that encrypts, and nothing in its plan is refused', async () => {
  await world.addObject(KEY, BYTES)
  const objectId = world.objectId(KEY)
  const { database } = world.test
  await database.query(
    `insert into object_review (object_id, review_ms, reason) values ($1, $2, 'new-object')`,
    [objectId, REVIEWED_AT],
  )

  const explanation = await get(`/v1/objects/photos/${encodeURIComponent(KEY)}/explanation`)
  expect(explanation).toMatchObject({ reason: 'encryption-required', targetLocation: { name: 'sealed' } })
  const refused = explanation.alternatives.find(
    ({ locationName }: { locationName: string }) => locationName === 'cold',
  )
  expect(refused).toMatchObject({
    rejected: 'not-encrypted',
    explanation: expect.stringContaining('cold-store'),
  })

  await planUntilRest({
    database,
    modelClock: world.modelClock,
    storeOf: async id => stores.get(id)!,
  })
  const [proposed] = (await get('/v1/plans?state=proposed')).items
  const { items } = await get(`/v1/plans/${proposed.id}/decisions`)
  expect(items).toMatchObject([{ key: KEY, to: { name: 'sealed' }, reason: 'encryption-required' }])
  const fidelity = await get(`/v1/plans/${proposed.id}/fidelity`)
  expect(fidelity).toMatchObject({ objects: 1, unjudged: 0 })
  expect(fidelity.reasons.filter(({ fate }: { fate: string }) => fate === 'refused')).toEqual([])

  expect((await api.send('POST', `/v1/plans/${proposed.id}/approve`, { body: {} })).statusCode).toBe(200)
  await work()
  const { rows } = await database.query<{ id: Uuid; state: string }>('select id, state from migration')
  expect(rows).toMatchObject([{ state: 'done' }])
  expect((await world.copies(KEY)).filter(({ state }) => state === 'complete')).toMatchObject([
    { locationId: locationIds.sealed, isPrimary: true },
  ])
  const sealed = [...stores.values()].find(({ name }) => name === 'sealed-store')!
  expect((await sealed.head(CONTAINER, KEY)).encryption).toMatchObject({ kind: 'client' })

  const undo = await api.send('POST', `/v1/migrations/${rows[0]!.id}/undo`, { body: {} })
  expect(undo.json()).toMatchObject({
    code: 'conflict',
    detail: expect.stringContaining('not known to encrypt'),
  })
})

function openFolder(name: string, credentials: Redacted | null): ObjectStore {
  const settings = { root: path.join(folder, name), durability: 'none' }
  return openStore({ name, kind: 'filesystem', settings }, credentials)
}

async function work(): Promise<void> {
  const { database } = world.test
  for (let round = 0; round < 10; round++) {
    await world.work({
      openStore: async id => stores.get(id)!,
      locationById: id => findLocation(database, id),
    })
    const { rows } = await database.query('select from migration where finished_at is null')
    if (rows.length === 0) return
    await world.letTimePass()
    world.endGrace()
  }
}
