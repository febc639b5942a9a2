import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import {
  startTestGateway,
  TEST_ACCESS_KEY,
  TEST_SECRET,
  type TestGateway,
} from '../../../test/builders/gateway.ts'
import { createLosingStore, type LosingStore } from '../../../test/builders/losing-store.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../stores/s3/config.ts'
import { createS3Store } from '../../stores/s3/s3-store.ts'

const Bucket = 'outcomes'
const Key = 'k'
const limits = { intentAgeMs: 0, inMemoryBytesMax: 1_000 }
const UNKNOWN = { name: 'InternalError', $metadata: { httpStatusCode: 500 } }

function memoryStore(): LosingStore {
  return createLosingStore(createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } }))
}

describe('a write whose outcome is not known', () => {
  let test: TestDatabase
  let door: TestGateway
  let store: LosingStore

  beforeEach(async () => {
    test = await createTestDatabase({ connectionsMax: 12 })
    store = memoryStore()
    door = await startTestGateway({ database: test.database, store, limits })
    await door.addBucket(Bucket)
  })
  afterEach(async () => {
    await door.close()
    await test.drop()
  })

  const put = (size: number) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, 'x') }))
  const copy = (key: string) =>
    door.client.send(new CopyObjectCommand({ Bucket, Key: key, CopySource: `${Bucket}/${Key}` }))
  /** Every transaction that touches this table is cut off when it commits. */
  const breakCommits = (table: string, event: string) =>
    test.database.query(`
      create function cut_off() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
      create constraint trigger cut_off after ${event} on ${table} deferrable initially deferred
        for each row execute function cut_off()`)

  it.each([10, 2_000])('is answered 500 when the store is silent after a put of %i bytes', async size => {
    store.losing = size > limits.inMemoryBytesMax ? 'complete' : 'put'
    await expect(put(size)).rejects.toMatchObject(UNKNOWN)
  })

  it.each([10, 2_000])('is answered 500 when the store is silent after a copy of %i bytes', async size => {
    await put(size)
    store.losing = size > limits.inMemoryBytesMax ? 'complete' : 'put'
    await expect(copy('copied')).rejects.toMatchObject(UNKNOWN)
  })

  it.each([10, 2_000])('is answered 500 when the database goes away after a put of %i bytes', async size => {
    await breakCommits('object_version', 'insert')
    await expect(put(size)).rejects.toMatchObject(UNKNOWN)
  })

  it('is answered 500 when the database goes away after a Complete', async () => {
    const { UploadId } = await door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const { ETag } = await door.client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'in parts' }),
    )
    await breakCommits('object_version', 'insert')
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    const complete = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload })
    await expect(door.client.send(complete)).rejects.toMatchObject(UNKNOWN)
  })

  it('is answered 500 when the database goes away while a deletion commits', async () => {
    await put(10)
    await breakCommits('object', 'update')
    await expect(door.client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(UNKNOWN)
    const { Errors } = await door.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }),
    )
    expect(Errors).toMatchObject([{ Key, Code: 'InternalError' }])
  })

  it('is not one whose store says that it did not begin', async () => {
    const plain = store.put
    store.put = async () => {
      const facts = { kind: 'unreachable', retry: 'yes', store: 'hot', operation: 'put' } as const
      throw new StoreError({ ...facts, message: 'nobody is there' })
    }
    await expect(put(10)).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } })
    store.put = plain
    expect((await test.database.query('select id from write_intent')).rows).toEqual([])
  })
})

describe('a write that did not land before anybody looked', () => {
  it('is waited for, and given up when it can land no longer', async () => {
    const test = await createTestDatabase({ connectionsMax: 12 })
    const inner = memoryStore()
    let land: () => Promise<unknown> = async () => undefined
    const late: ObjectStore = {
      ...inner,
      put: async (...given) => {
        land = () => inner.put(...given)
        const facts = { kind: 'timeout', retry: 'unknown-outcome', store: 'hot', operation: 'put' } as const
        throw new StoreError({ ...facts, message: 'no answer' })
      },
    }
    let now = Date.now()
    const door = await startTestGateway({
      database: test.database,
      store: late,
      limits: { ...limits, intentAgeMs: 30_000 },
      wallClock: { now: () => now },
    })
    await door.addBucket(Bucket)
    const put = (key: string) =>
      door.clientWith({ maxAttempts: 1 }).send(new PutObjectCommand({ Bucket, Key: key, Body: 'late' }))
    await expect(put('lands')).rejects.toMatchObject(UNKNOWN)
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 0, left: 1 })
    await land()
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 1, dropped: 0, left: 0 })
    const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key: 'lands' }))
    expect(await Body!.transformToString()).toBe('late')
    await expect(put('never')).rejects.toMatchObject(UNKNOWN)
    now += 60_000
    expect(await door.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 1, left: 0 })
    await door.close()
    await test.drop()
  })
})

describe('a gateway whose store is a gateway', () => {
  it.each([
    [10, 'put'],
    [2_000, 'complete'],
  ] as const)('keeps an object when the lower one loses an answer, at %i bytes', async (size, losing) => {
    const tests = [
      await createTestDatabase({ connectionsMax: 12 }),
      await createTestDatabase({ connectionsMax: 12 }),
    ]
    const store = memoryStore()
    const lower = await startTestGateway({ database: tests[0]!.database, store, limits })
    const over: ObjectStore = createS3Store({
      name: 'lower',
      settings: s3Settings.parse({
        endpoint: lower.url,
        capabilities: {
          conditionalPut: true,
          conditionalRead: true,
          reportedDigests: ['sha256', 'crc64nvme'],
        },
        incompleteBodies: 'refused',
      }),
      credentials: s3Credentials.parse({ accessKeyId: TEST_ACCESS_KEY, secretAccessKey: TEST_SECRET }),
    })
    const upper = await startTestGateway({ database: tests[1]!.database, store: over, limits })
    await upper.addBucket(Bucket)
    const put = (letter: string) =>
      upper.client.send(new PutObjectCommand({ Bucket, Key, Body: letter.repeat(size) }))
    await put('a')
    store.losing = losing
    await expect(put('b')).rejects.toMatchObject(UNKNOWN)
    store.losing = 'nothing'
    for (const { database } of tests) {
      expect((await database.query('select id from write_intent')).rows).toHaveLength(1)
    }
    expect(await lower.gateway.recoverIntents()).toEqual({ rolledForward: 1, dropped: 0, left: 0 })
    expect(await upper.gateway.recoverIntents()).toEqual({ rolledForward: 1, dropped: 0, left: 0 })
    const { Body } = await upper.client.send(new GetObjectCommand({ Bucket, Key }))
    expect(await Body!.transformToString()).toBe('b'.repeat(size))
    await upper.close()
    await over.close()
    await lower.close()
    for (const test of tests) await test.drop()
  })
})
