import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CONTAINER, createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { startMoto, startS3Server } from '../../test/services/s3-server.ts'
import { createVersionedBucket, type VersionedBucket } from '../../test/services/versioned-bucket.ts'
import { resolveObject } from '../database/catalog/objects.ts'
import { createImportJob, findImportJob } from '../database/imports/import-jobs.ts'
import { inTransaction } from '../database/postgres.ts'
import { commitDeletion, retireAllCopies } from '../database/writes/object-publication.ts'
import { GIB } from '../domain/bytes.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { importLoop } from './imports/import-container.ts'

/**
 * Objects leave a bucket that keeps versions and to which others write, on real servers: what others see there is the
 * object or nothing, never what it was before, and its history stays.
 */

const SERVERS = [
  ['versitygw', await startS3Server({ keepsVersions: true })],
  ['moto', await startMoto()],
] as const

const BYTES = sampleOf(5_000, 'present')

for (const [name, server] of SERVERS) {
  if ('missing' in server) {
    it.skip(`a source that keeps versions (${name}) [skipped: ${server.missing}]`)
    continue
  }

  describe(`a source that keeps versions: ${name}`, () => {
    const { endpoint, stop, ...keys } = server
    const settings = s3Settings.parse({
      endpoint,
      incompleteBodies: 'refused',
      // As a probe finds it: neither can compare where a marker lies, or an upload is completed.
      capabilities: { conditionalDelete: true, conditionalRead: true, versions: true },
    })
    const credentials = s3Credentials.parse(keys)
    let world: MovingWorld
    let bucket: VersionedBucket
    let versioned: ObjectStore
    let key: string
    let former: string

    beforeEach(async () => {
      key = `k-${randomUUID()}`
      versioned = createS3Store({ name: 'hot-store', settings, credentials })
      const cold = createMemoryStore({ name: 'cold-store', settings: { capacityBytes: GIB } })
      await cold.ensureContainer(CONTAINER)
      world = await createMovingWorld({ mode: 'shared', stores: { hot: versioned, cold } })
      bucket = await createVersionedBucket(server, CONTAINER)
      former = await bucket.write(key, 'former')
      await world.addObject(key, BYTES)
    })
    afterEach(async () => {
      bucket.close()
      await world.dispose()
      await versioned.close()
    })
    afterAll(stop)

    const native = () =>
      versioned.head(CONTAINER, key).then(
        found => found.identity.versionId,
        () => null,
      )

    async function move(change: Parameters<MovingWorld['plan']>[1] = {}): Promise<string> {
      const id = await world.plan(key, change)
      await finish()
      return (await world.migration(id)).state
    }

    async function finish(): Promise<void> {
      for (let round = 0; round < 5; round++) {
        await world.work()
        world.endGrace()
        await world.letTimePass()
        await world.sweep()
      }
    }

    async function runImport() {
      const { database } = world.test
      const id = await createImportJob(database, {
        bucketId: world.bucketId,
        locationId: world.locationIds.hot,
        prefix: key,
        principal: 'system:import',
      })
      await importLoop({
        database,
        clock: world.modelClock,
        storeOf: world.parts.openStore,
        log: silentLogger,
        principal: 'system:import',
        owner: 'importer',
      }).step(new AbortController().signal)
      return (await findImportJob(database, id))!
    }

    const generation = async () => (await resolveObject(world.test.database, world.objectId(key)))!.generation

    it('shows nothing after a move, keeps what was before, and no import takes that for new content', async () => {
      expect(await move()).toBe('done')
      expect(await native()).toBeNull()
      expect(await bucket.history(key)).toEqual(['marker', former])
      expect(await runImport()).toMatchObject({ changed: 0, removed: 0 })
      expect(await generation()).toBe(1)
      expect(await world.read(key)).toEqual(BYTES)
    })

    it('takes the object back, and shows it again', async () => {
      expect(await move()).toBe('done')
      expect(await move({ targetLocationId: world.locationIds.hot, direction: 'promotion' })).toBe('done')
      expect(await world.read(key)).toEqual(BYTES)
      expect(await native()).toBe((await world.copies(key))[0]!.identity.versionId)
      expect(await bucket.history(key)).toHaveLength(3)
    })

    it('finishes a deletion that was cut off after the key was marked', async () => {
      let hasFailed = false
      world.stores.hot = {
        ...versioned,
        async delete(container, deleted, options) {
          if (hasFailed) return versioned.delete(container, deleted, options)
          hasFailed = true
          await bucket.mark(deleted)
          throw new StoreError({
            kind: 'timeout',
            retry: 'unknown-outcome',
            store: 'hot-store',
            operation: 'delete',
            message: 'no answer',
          })
        },
      }
      expect(await move()).toBe('done')
      expect(hasFailed).toBe(true)
      expect(await bucket.history(key)).toEqual(['marker', former])
    })

    it('keeps a version that others marked as deleted: it is their history', async () => {
      const id = await world.plan(key)
      await world.work()
      expect((await world.migration(id)).state).toBe('grace')
      const { versionId } = (await world.copies(key))[0]!.identity
      await bucket.mark(key)
      await finish()
      expect((await world.migration(id)).state).toBe('done')
      expect(await bucket.history(key)).toEqual(expect.arrayContaining(['marker', versionId, former]))
      expect(await world.read(key)).toEqual(BYTES)
    })

    it('keeps an object deleted that a client deleted: what was before does not come back', async () => {
      await inTransaction(world.test.database, async connection => {
        await retireAllCopies(connection, world.objectId(key))
        await commitDeletion(connection, world.objectId(key), 'user:test')
      })
      await world.sweep()
      expect(await native()).toBeNull()
      expect(await bucket.history(key)).toEqual(['marker', former])
      expect(await runImport()).toMatchObject({ changed: 0 })
      expect(await resolveObject(world.test.database, world.objectId(key))).toBeNull()
    })

    it('follows what others write there afterwards', async () => {
      expect(await move()).toBe('done')
      const foreign = await bucket.write(key, 'of others')
      // Dates of stores are seconds; the object is as old as its first write.
      await world.test.database.query(`update object_version set last_modified = now() - interval '1 minute'`)
      expect(await runImport()).toMatchObject({ changed: 1 })
      expect(await world.copies(key)).toContainEqual(
        expect.objectContaining({
          isPrimary: true,
          identity: expect.objectContaining({ versionId: foreign }),
        }),
      )
    })
  })
}
