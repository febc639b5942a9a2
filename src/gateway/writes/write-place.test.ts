import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { createLosingStore, type LosingStore } from '../../../test/builders/losing-store.ts'
import { deleteLocation } from '../../database/catalog/locations.ts'
import { inTransaction } from '../../database/postgres.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'

const Bucket = 'moved'
const Key = 'k'
/** For so long the gateway of this test believes what it looked up. */
const HOUR_MS = 3_600_000

describe('a bucket whose writes go to another location now', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let store: LosingStore
  let cold: TestLocation

  beforeEach(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    store = createLosingStore(createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } }))
    door = await startTestGateway({
      database: testDatabase.database,
      store,
      limits: { cacheTtlMs: HOUR_MS, inMemoryBytesMax: 1_000, intentAgeMs: 0 },
    })
    cold = await door.addLocation('cold')
    await door.addBucket(Bucket)
    // The gateway remembers the place from here on.
    await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
  afterEach(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const read = async () =>
    (await door.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()
  const put = (size = 12) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'acknowledged'.padEnd(size, '.') }))
  const create = () => door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const writeToCold = () => testDatabase.database.query('update bucket set write_location_id = $1', [cold.id])
  const deleteFormer = () =>
    inTransaction(testDatabase.database, connection =>
      deleteLocation(connection, { id: door.location.id, revision: 1, modelNowMs: 0 }),
    )
  const rowsWithoutLocation = async () =>
    (
      await testDatabase.database.query(
        'select from copy c where not exists (select from location l where l.id = c.location_id)',
      )
    ).rowCount

  it.each([12, 2_000])('takes a write of %i bytes there once the former one is deleted', async size => {
    await writeToCold()
    expect(await deleteFormer()).toEqual({ kind: 'removed' })
    await expect(put(size)).rejects.toMatchObject({ name: 'SlowDown' })
    await put(size)
    expect(await read()).toMatch(/^acknowledged/)
    expect((await store.list(door.location.container)).objects).toEqual([])
    expect(await rowsWithoutLocation()).toBe(0)
  })

  it('begins an upload there once the former one is deleted', async () => {
    await writeToCold()
    expect(await deleteFormer()).toEqual({ kind: 'removed' })
    await expect(create()).rejects.toMatchObject({ name: 'SlowDown' })
    expect((await create()).UploadId).toBeDefined()
  })

  it.each([12, 2_000])(
    'takes no write of %i bytes through a store that was opened anew meanwhile',
    async size => {
      const renewed = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
      door.stores.set(door.location.storeId, renewed)
      const opening = vi.spyOn(door.stores, 'get').mockReturnValueOnce(store)
      await expect(put(size)).rejects.toMatchObject({ name: 'SlowDown' })
      opening.mockReturnValueOnce(store)
      await expect(create()).rejects.toMatchObject({ name: 'SlowDown' })
      await put(size)
      expect(await read()).toMatch(/^acknowledged/)
      expect((await store.list(door.location.container)).objects).toEqual([])
    },
  )

  it('keeps the former one while a write publishes to it', async () => {
    const gate = Promise.withResolvers<void>()
    const atGate = Promise.withResolvers<void>()
    const plainPut = store.put
    store.put = async (...args) => {
      atGate.resolve()
      await gate.promise
      return plainPut(...args)
    }
    const writing = put()
    await atGate.promise
    await writeToCold()
    expect(await deleteFormer()).toMatchObject({ kind: 'referred-to' })
    gate.resolve()
    await writing
    expect(await deleteFormer()).toMatchObject({ kind: 'referred-to' })
    expect(await read()).toBe('acknowledged')
  })

  it('keeps the former one until a write that was cut off is settled', async () => {
    store.losing = 'put'
    await expect(put()).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
    await writeToCold()
    expect(await deleteFormer()).toMatchObject({ kind: 'referred-to' })
    await door.gateway.recoverIntents()
    expect(await read()).toBe('acknowledged')
  })

  it('keeps the former one until its uploads are completed or aborted', async () => {
    const { UploadId } = await create()
    const { UploadId: other } = await create()
    const part = { Bucket, Key, UploadId, PartNumber: 1 }
    const { ETag } = await door.client.send(new UploadPartCommand({ ...part, Body: 'in parts' }))
    await writeToCold()
    expect(await deleteFormer()).toMatchObject({ kind: 'referred-to' })
    await door.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: other }))
    expect(await deleteFormer()).toMatchObject({ kind: 'referred-to' })
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await door.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
    expect(await read()).toBe('in parts')
  })
})
