import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { startS3Server } from '../../test/services/s3-server.ts'
import { findStore, updateStore } from '../database/catalog/stores.ts'
import { sweepHolds } from '../database/migrations/migration-hold-sweeps.ts'
import { readMigrationHolds, resumeStore } from '../database/migrations/migration-holds.ts'
import { listPausedStores } from '../database/migrations/queue-status.ts'
import { inTransaction } from '../database/postgres.ts'
import type { Uuid } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { Redacted } from '../domain/redacted.ts'
import { storeCredentialsPurpose } from '../domain/secret-box.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createStoreLayers } from './create-store-layers.ts'
import { openStore } from './open-store.ts'
import { createSecretBox } from './secrets/secret-box.ts'
import { createStoreRegistry } from './store-registry.ts'

const server = await startS3Server()
const OBJECTS = 60
const ROUNDS_MAX = 20
const WRONG_SECRET = 'a-secret-that-is-no-longer-good'
const tester = principal('user', 'tester')

/** A mover whose cold store is a real S3 server, and people who replace its credentials. */
async function moverTo(world: MovingWorld, endpoint: string) {
  const { database } = world.test
  const secretBox = createSecretBox([{ id: Buffer.alloc(8), key: Buffer.alloc(32) }])
  const { rows } = await database.query<{ id: Uuid }>(`select id from store where name = 'cold-store'`)
  const id = rows[0]!.id
  await database.query(`update store set kind = 's3', settings = $2 where id = $1`, [
    id,
    { endpoint, keys: 'paths', reservedPrefixes: ['.sgwtmp'] },
  ])
  const lines: string[] = []
  const log = createLogger({ level: 'debug', destination: { write: line => void lines.push(line) } })
  const metrics = createMetrics()
  const clock = { aheadMs: 0 }
  const stores = createStoreRegistry({
    database,
    secretBox,
    openStore,
    layers: createStoreLayers({ database, metrics, log, owner: 'mover' }),
    nowMs: () => performance.now() + clock.aheadMs,
  })
  const store = async () => (await findStore(database, id))!
  const parts = {
    openStore: (storeId: Uuid): Promise<ObjectStore> =>
      storeId === id ? stores.openInBackground(id) : Promise.resolve(world.stores.hot),
    isRefusing: (storeId: Uuid) => stores.isRefusing(storeId),
    readHolds: () => readMigrationHolds(database),
    log,
  }
  return {
    id,
    lines,
    store,
    parts,
    stores,
    /** What a person patches; every process has read the row again afterwards. */
    async giveKey(secretAccessKey: string): Promise<void> {
      const credentials = JSON.stringify({ accessKeyId: 'dimtestkey', secretAccessKey })
      const credentialsSealed = secretBox.seal(new Redacted(credentials), storeCredentialsPurpose(id))
      const { revision } = await store()
      expect(await updateStore(database, { id, revision }, { credentialsSealed }, tester)).not.toBeNull()
      clock.aheadMs += 10_000
    },
    async resume(): Promise<void> {
      await inTransaction(database, connection => resumeStore(connection, id))
      clock.aheadMs += 10_000
    },
    /** Works until the store has this state. */
    async workUntil(state: string): Promise<void> {
      for (let round = 0; round < ROUNDS_MAX && (await store()).state !== state; round++) {
        await world.letTimePass()
        await world.work(parts)
      }
      expect((await store()).state).toBe(state)
      clock.aheadMs += 10_000
    },
    async requests(): Promise<number> {
      const { values } = await metrics.storeRequests.get()
      return values.reduce((sum, { value }) => sum + value, 0)
    },
  }
}

if ('missing' in server) {
  describe('a store that refuses our credentials', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  describe('a store that refuses our credentials', () => {
    afterAll(server.stop)
    let world: MovingWorld
    let mover: Awaited<ReturnType<typeof moverTo>>
    let ids: Uuid[]
    beforeEach(async () => {
      world = await createMovingWorld()
      mover = await moverTo(world, server.endpoint)
      await mover.giveKey(server.secretAccessKey)
      await (await mover.stores.openInBackground(mover.id)).ensureContainer('data')
      ids = []
      for (let index = 0; index < OBJECTS; index++) {
        await world.addObject(`k${index}`, sampleOf(1_000, `${index}`))
        ids.push(await world.plan(`k${index}`))
      }
    })
    afterEach(async () => {
      await mover.stores.close()
      await world.dispose()
    })

    const migrations = () => Promise.all(ids.map(id => world.migration(id)))
    /** Everything goes on and ends. */
    const finish = async () => {
      while ((await sweepHolds(world.test.database)) > 0);
      for (let round = 0; round < ROUNDS_MAX; round++) {
        world.endGrace()
        await world.letTimePass()
        await world.work(mover.parts)
        if ((await migrations()).every(({ state }) => state === 'done')) return
      }
    }

    it('is left alone with its reason, costs no migration a try, and everything goes on with the right key', async () => {
      let proven = 0
      const atBoundary = async (boundary: string) => {
        if (boundary === 'proven' && ++proven === 3) await mover.giveKey(WRONG_SECRET)
      }
      await world.work({ ...mover.parts, atBoundary, concurrency: 1 })
      await mover.workUntil('auth-failed')

      const { refusedBecause, pausedAt } = await mover.store()
      expect(refusedBecause).toMatch(/signature/i)
      expect(pausedAt).toBeNull()
      expect(await listPausedStores(world.test.database)).toMatchObject([
        { name: 'cold-store', reason: `it refuses our credentials: ${refusedBecause}` },
      ])
      const held = (await migrations()).filter(({ state }) => state !== 'done' && state !== 'grace')
      expect(held.length).toBeGreaterThan(0)
      expect(held.map(({ attempt }) => attempt)).toEqual(held.map(() => 0))
      expect(held.every(({ heldBy }) => heldBy.includes('target-store'))).toBe(true)

      const before = await mover.requests()
      await world.letTimePass()
      await world.work(mover.parts)
      expect(await mover.requests()).toBe(before)
      const errors = mover.lines.filter(line => JSON.parse(line).level >= 50)
      expect(errors).toHaveLength(1)
      for (const secret of [WRONG_SECRET, server.secretAccessKey])
        expect(
          `${mover.lines.join()}${JSON.stringify((await migrations()).map(({ evidence }) => evidence))}${refusedBecause}`,
        ).not.toContain(secret)

      await mover.giveKey(server.secretAccessKey)
      expect(await mover.store()).toMatchObject({ state: 'active', refusedAt: null, refusedBecause: null })
      await finish()
      expect((await migrations()).map(({ state }) => state)).toEqual(ids.map(() => 'done'))
      world.stores.cold = await mover.stores.openInBackground(mover.id)
      expect(await world.read('k7')).toEqual(sampleOf(1_000, '7'))
    })

    it('is asked a few times and left alone again when it is resumed and still refuses', async () => {
      await mover.giveKey(WRONG_SECRET)
      await mover.workUntil('auth-failed')
      for (let time = 0; time < 2; time++) {
        await mover.resume()
        expect((await mover.store()).state).toBe('active')
        while ((await sweepHolds(world.test.database)) > 0);
        const before = await mover.requests()
        await mover.workUntil('auth-failed')
        expect((await mover.requests()) - before).toBeLessThan(OBJECTS * 3)
      }
      expect((await migrations()).map(({ state, attempt }) => [state, attempt])).toEqual(
        ids.map(() => [expect.stringMatching(/planned|copying/), 0]),
      )
    })
  })
}
