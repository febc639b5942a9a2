import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { createLosingStore, type LosingStore } from '../../../test/builders/losing-store.ts'
import { createPostgresSweepLedger } from '../../database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import type { Bucket as BucketRow } from '../../domain/bucket.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createCopySweeper } from '../../workers/sweeping/sweep-copies.ts'

const Bucket = 'ordered'
const Key = 'k'
const limits = { intentAgeMs: 0, inMemoryBytesMax: 1_000 }
/** One body that is staged in memory, and one that is staged as an upload. */
const SIZES = [10, 2_000] as const

describe('the order of writes that were cut off', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let store: LosingStore
  let bucket: BucketRow
  let skewMs = 0

  beforeEach(async () => {
    skewMs = 0
    testDatabase = await createTestDatabase({ connectionsMax: 16 })
    store = createLosingStore(createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } }))
    door = await startTestGateway({
      database: testDatabase.database,
      store,
      wallClock: { now: () => Date.now() + skewMs },
      limits,
    })
    bucket = await door.addBucket(Bucket)
  })
  afterEach(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (content: string, size: number = SIZES[0]) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body: content.padEnd(size, '.') }))
  const remove = () => door.client.send(new DeleteObjectCommand({ Bucket, Key }))
  const read = async () => {
    const found = await door.client.send(new GetObjectCommand({ Bucket, Key }))
    return (await found.Body!.transformToString()).replace(/\.+$/, '')
  }
  const putUnanswered = async (content: string, size: number = SIZES[0]) => {
    store.losing = size === SIZES[0] ? 'put' : 'complete'
    await expect(put(content, size)).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
  }
  const keysAt = async (place: { store: ObjectStore; container: string }) =>
    (await place.store.list(place.container)).objects.map(object => object.key)
  const openIntents = async () =>
    (await testDatabase.database.query('select id from write_intent')).rows.length
  const writeTo = (place: { id: string }) =>
    testDatabase.database.query('update bucket set write_location_id = $1 where id = $2', [
      place.id,
      bucket.id,
    ])
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

  it.each(SIZES)('is that of their turns, not of their clocks, at %i bytes', async size => {
    await put('acknowledged', size)
    skewMs = -2_000
    await putUnanswered('later by an earlier clock', size)
    skewMs = 0
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 1, dropped: 0, left: 0 })
    expect(await read()).toBe('later by an earlier clock')
    expect(await openIntents()).toBe(0)
  })

  it('is that of their turns when one waited while another gateway was faster', async () => {
    const gate = Promise.withResolvers<void>()
    const atGate = Promise.withResolvers<void>()
    const plainPut = store.put
    store.put = async (...args) => {
      if (args[1] === 'slow') {
        atGate.resolve()
        await gate.promise
      }
      return plainPut(...args)
    }
    const arrivedAt = Date.now()
    const narrow = await startTestGateway({
      database: testDatabase.database,
      successorOf: door,
      wallClock: { now: () => arrivedAt },
      limits: { ...limits, publicationsMax: 1 },
    })
    const send = (at: TestGateway, key: string, Body: string) =>
      at.client.send(new PutObjectCommand({ Bucket, Key: key, Body }))
    const slow = send(narrow, 'slow', 's')
    await atGate.promise
    const waiting = send(narrow, Key, 'waited')
    await send(door, Key, 'faster')
    store.losing = 'put'
    gate.resolve()
    await Promise.allSettled([slow, waiting])
    store.losing = 'nothing'
    for (const each of [narrow, door]) await each.gateway.recoverIntents()
    expect(await read()).toBe('waited')
    await narrow.close()
  })

  it.each(SIZES)('lets a deleted object stay deleted, at %i bytes', async size => {
    await put('acknowledged', size)
    skewMs = -2_000
    await putUnanswered('unanswered', size)
    skewMs = 0
    await remove()
    await sweep()
    await door.gateway.recoverIntents()
    await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' })
    await sweep()
    expect(await keysAt(door.location)).toEqual([])
    expect(await openIntents()).toBe(0)
  })

  it.each(['present', 'never there'])(
    'lets a deletion come after a write whose store is down, of an object that was %s',
    async before => {
      if (before === 'present') await put('acknowledged')
      await putUnanswered('unanswered')
      store.isDown = true
      await remove()
      store.isDown = false
      await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' })
      await door.gateway.recoverIntents()
      await sweep()
      await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' })
      expect(await keysAt(door.location)).toEqual([])
      expect(await openIntents()).toBe(0)
    },
  )

  it.each([
    [0, SIZES[0]],
    [-2_000, SIZES[0]],
    [0, SIZES[1]],
  ])('keeps what was acknowledged elsewhere since, by a clock %i ms off, at %i bytes', async (skew, size) => {
    const cold = await door.addLocation('cold')
    await putUnanswered('unanswered', size)
    await writeTo(cold)
    skewMs = skew
    await put('acknowledged', size)
    skewMs = 0
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 1, left: 0 })
    await sweep()
    expect(await read()).toBe('acknowledged')
    expect(await keysAt(door.location)).toEqual([])
    expect(await keysAt(cold)).toEqual([Key])
  })

  it('does not ask for a store that is down to settle an older write elsewhere', async () => {
    const cold = await door.addLocation('cold')
    await putUnanswered('unanswered')
    await writeTo(cold)
    store.isDown = true
    await put('acknowledged')
    expect(await read()).toBe('acknowledged')
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 0, left: 1 })
    store.isDown = false
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 1, left: 0 })
    expect(await keysAt(door.location)).toEqual([])
  })

  it('is not confused by a file that is dated into the future', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'dim-dated-'))
    const folder = createLosingStore(
      createFilesystemStore({ name: 'folder', settings: { root, durability: 'none' } }),
    )
    const dated = await door.addLocation('folder', folder)
    await writeTo(dated)
    await put('old')
    const inFuture = new Date('2030-01-01')
    await utimes(path.join(root, dated.container, Key), inFuture, inFuture)
    await testDatabase.database.query('update object_version set last_modified = $1', [inFuture])
    folder.losing = 'put'
    await expect(put('new')).rejects.toMatchObject({ name: 'InternalError' })
    folder.losing = 'nothing'
    await door.gateway.recoverIntents()
    expect(await read()).toBe('new')
    await rm(root, { recursive: true })
  })

  it('follows bytes that took the place of an import that came in between', async () => {
    const lay = (content: string) =>
      store.put(door.location.container, Key, Buffer.from(content), { size: content.length })
    await lay('found')
    const plainPut = store.put
    store.put = async (...args) => {
      const result = await plainPut(...args)
      // An import takes no lock; it enters what it saw a moment ago.
      await testDatabase.database.query(
        `with o as (
           insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
           select object_id, bucket_id, key, 1, 1, true, 'user:test' from write_intent returning id
         ), v as (
           insert into object_version (object_id, generation, size, etag, metadata, last_modified, principal)
           select id, 1, 5, $1, '{}', now(), 'user:test' from o
         )
         insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                           principal)
         select id, gen_random_uuid(), 1, $2, 'complete', true, $1, 5, 0, 'user:test' from o`,
        ['of what was found', door.location.id],
      )
      return result
    }
    await expect(put('written')).rejects.toMatchObject({ name: 'InternalError' })
    store.put = plainPut
    await door.gateway.recoverIntents()
    expect(await read()).toBe('written')
  })
})
