import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

const Bucket = 'waiting'
const Key = 'k'

describe.each(['exclusive', 'shared'] as const)(
  'two Completes of one upload, %s bucket',
  (mode: BucketMode) => {
    let test: TestDatabase
    let door: TestGateway
    let second: TestGateway
    let store: ObjectStore

    beforeEach(async () => {
      test = await createTestDatabase({ connectionsMax: 16 })
      store = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
      // The wait is as short as the test can bear: the second Complete waits it out.
      const limits = { lockWaitMs: 500, intentAgeMs: 0 }
      door = await startTestGateway({ database: test.database, store, limits })
      second = await startTestGateway({ database: test.database, successorOf: door, limits })
      await door.addBucket(Bucket, { mode })
    })
    afterEach(async () => {
      await second.close()
      await door.close()
      await test.drop()
    })

    const count = async (text: string) =>
      (await test.database.query<{ n: number }>(`select count(*)::integer as n ${text}`)).rows[0]!.n
    const intents = () => count('from write_intent')
    const locksWaitedFor = () =>
      count(`from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())`)
    const read = async () =>
      (await door.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()

    async function upload(Body: string) {
      const { UploadId } = await door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      const part = await door.client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }),
      )
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
      return (at = door) =>
        at.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload })).then(
          () => 'completed',
          (error: Error) => error.name,
        )
    }

    /** One at each of two gateways: both have found no intent and wait for the lock when this lets them go. */
    async function startBoth(complete: (at?: TestGateway) => Promise<string>) {
      const { rows } = await test.database.query<{ id: string }>('select id from object')
      let answers: Promise<string>[] = []
      await withObjectLock(test.database, rows[0]!.id, 1_000, async () => {
        answers = [complete(door), complete(second)]
        await expect.poll(locksWaitedFor, { interval: 5 }).toBe(2)
      })
      return answers
    }

    it('leave the intent of the one that publishes when the other waits in vain', async () => {
      await door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'acknowledged' }))
      const complete = await upload('new content')
      const held = Promise.withResolvers<void>()
      const plain = store.multipart!.complete
      store.multipart!.complete = async (...args) => {
        await held.promise
        return plain(...args)
      }
      const answers = await startBoth(complete)
      // Not SlowDown: of this upload something may have happened.
      expect(await Promise.race(answers)).toBe('InternalError')
      expect(await intents()).toBe(1)
      // The one that publishes loses the database, and then its bytes land.
      await test.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state like 'idle in transaction%'`,
      )
      held.resolve()
      await Promise.all(answers)
      await door.gateway.recoverIntents()
      await second.gateway.recoverIntents()
      expect(await read()).toBe('new content')
      expect(await complete()).toBe('completed')
      expect(await intents()).toBe(0)
    })

    it('do not take the intent of the one that was cut off for their own', async () => {
      await door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'acknowledged' }))
      const complete = await upload('new content')
      const plain = store.multipart!.complete
      let calls = 0
      store.multipart!.complete = async (...args) => {
        const facts = { kind: 'unreachable', store: 'hot', operation: 'complete' } as const
        if (++calls > 1) throw new StoreError({ ...facts, retry: 'yes', message: 'the store is away' })
        await plain(...args)
        throw new StoreError({ ...facts, retry: 'unknown-outcome', message: 'the answer was lost' })
      }
      const answers = await Promise.all(await startBoth(complete))
      expect(answers).not.toContain('completed')
      expect(calls).toBe(1)
      expect(await intents()).toBe(1)
      expect(await complete()).toBe('completed')
      expect(await read()).toBe('new content')
      expect(await intents()).toBe(0)
    })

    it('leave nothing open when the store refuses', async () => {
      await door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'acknowledged' }))
      const complete = await upload('new content')
      const plain = store.multipart!.complete
      store.multipart!.complete = async () => {
        const facts = { kind: 'throttled', store: 'hot', operation: 'complete', retry: 'yes' } as const
        throw new StoreError({ ...facts, message: 'the store is busy' })
      }
      expect(await complete()).toBe('SlowDown')
      expect(await intents()).toBe(0)
      store.multipart!.complete = plain
      expect(await complete()).toBe('completed')
      expect(await read()).toBe('new content')
    })
  },
)
