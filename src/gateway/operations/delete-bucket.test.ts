import { DeleteBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { createLosingStore, type LosingStore } from '../../../test/builders/losing-store.ts'
import { createPostgresSweepLedger } from '../../database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import type { Bucket as BucketRow } from '../../domain/bucket.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createCopySweeper } from '../../workers/sweeping/sweep-copies.ts'

const Bucket = 'doomed'
const Key = 'k'

describe('deleting a bucket', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let store: LosingStore
  let bucket: BucketRow

  beforeEach(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    store = createLosingStore(createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } }))
    door = await startTestGateway({ database: testDatabase.database, store, limits: { intentAgeMs: 0 } })
    bucket = await door.addBucket(Bucket)
  })
  afterEach(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (name: string) => door.client.send(new PutObjectCommand({ Bucket: name, Key, Body: 'content' }))
  const remove = () => door.client.send(new DeleteObjectCommand({ Bucket, Key }))
  const deleteBucket = () => door.client.send(new DeleteBucketCommand({ Bucket }))
  async function sweep(): Promise<void> {
    const sweeper = createCopySweeper({
      ledger: createPostgresSweepLedger(testDatabase.database),
      openStore: async id => door.stores.get(id)!,
      announceDeletion: createDeletionAnnouncer(testDatabase.database),
      wallClock: { now: Date.now },
      log: silentLogger,
    })
    while ((await sweeper.step(new AbortController().signal)) > 0);
  }
  const refused = (why: RegExp) => ({ name: 'BucketNotEmpty', message: expect.stringMatching(why) })

  it('waits for a write that was cut off after it published', async () => {
    store.losing = 'put'
    await expect(put(Bucket)).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
    await expect(deleteBucket()).rejects.toMatchObject(refused(/cut off/))
    await door.gateway.recoverIntents()
    await remove()
    await sweep()
    await deleteBucket()
    // Nothing is in the way of the next bucket in the container.
    await door.addBucket('heir')
    await put('heir')
  })

  it('waits until a cut off write that a deletion outdated is gone', async () => {
    store.losing = 'put'
    await expect(put(Bucket)).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
    store.isDown = true
    await remove()
    store.isDown = false
    await expect(deleteBucket()).rejects.toMatchObject(refused(/cut off/))
    await door.gateway.recoverIntents()
    await deleteBucket()
    expect((await store.list(door.location.container)).objects).toEqual([])
  })

  it('is refused while copies of its objects are retained', async () => {
    await put(Bucket)
    await remove()
    await testDatabase.database.query(`update copy set state = 'retained'`)
    await expect(deleteBucket()).rejects.toMatchObject(refused(/retained/))
  })

  it('waits for the sweeper', async () => {
    await put(Bucket)
    await remove()
    await expect(deleteBucket()).rejects.toMatchObject(refused(/being removed/))
    await sweep()
    await deleteBucket()
  })

  it('waits for migrations that are not finished', async () => {
    await put(Bucket)
    const cold = await door.addLocation('cold')
    await testDatabase.database.query(
      `insert into migration (id, kind, object_id, bucket_id, key, generation, placement_version,
                              source_copy_id, source_location_id, target_copy_id, target_location_id, size,
                              state, direction, principal)
       select $1, 'move', o.id, o.bucket_id, o.key, o.generation, o.placement_version, c.id, c.location_id,
              $2, $3, c.size, 'planned', 'demotion', 'user:test'
       from object o join copy c on c.object_id = o.id where o.id = $4`,
      [newId(), newId(), cold.id, objectIdOf(bucket.id, Key)],
    )
    await remove()
    await sweep()
    await expect(deleteBucket()).rejects.toMatchObject(refused(/being moved/))
    await testDatabase.database.query(`update migration set state = 'aborted', finished_at = now()`)
    await deleteBucket()
  })
})
