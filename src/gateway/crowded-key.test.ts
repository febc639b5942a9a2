import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../test/builders/gateway.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import type { ObjectStore } from '../stores/object-store.ts'

const Bucket = 'crowded'
const CONNECTIONS_MAX = 8
const CROWD = 16

describe('while one key is crowded, with a small pool', () => {
  let test: TestDatabase
  let door: TestGateway
  let store: ObjectStore
  /** The store does what is asked of `k` at once, and answers only when this is let go. */
  let held: PromiseWithResolvers<void>
  let isAtStore: PromiseWithResolvers<void>

  beforeEach(async () => {
    test = await createTestDatabase({ connectionsMax: CONNECTIONS_MAX })
    store = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
    door = await startTestGateway({ database: test.database, store })
    await door.addBucket(Bucket)
    await put('k', 'old')
    await put('other', 'content')
    held = Promise.withResolvers()
    isAtStore = Promise.withResolvers()
  })
  afterEach(async () => {
    await door.close()
    await test.drop()
  })

  const answered = <T>(request: Promise<T>) =>
    request.then(
      () => 'ok',
      (error: Error) => error.name,
    )
  const put = (Key: string, Body: string) =>
    answered(door.client.send(new PutObjectCommand({ Bucket, Key, Body })))
  const get = async (Key: string) =>
    (await door.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()
  const locksWaitedFor = async () =>
    (
      await test.database.query<{ n: number }>(
        `select count(*)::integer as n from pg_locks where locktype = 'advisory' and not granted
         and database = (select oid from pg_database where datname = current_database())`,
      )
    ).rows[0]!.n

  function holdAnswers(): void {
    const { put: plainPut } = store
    const { complete } = store.multipart!
    store.put = async (...args) => {
      const result = await plainPut(...args)
      if (args[1] !== 'k') return result
      isAtStore.resolve()
      await held.promise
      return result
    }
    store.multipart!.complete = async (...args) => {
      const result = await complete(...args)
      isAtStore.resolve()
      await held.promise
      return result
    }
  }

  /** Whether others go on while the crowd waits: it is let go only afterwards, and waits far longer. */
  async function expectOthersGoOn(): Promise<void> {
    await expect.poll(locksWaitedFor, { interval: 5 }).toBeGreaterThan(0)
    expect(await get('other')).toBe('content')
    expect(await put('other', 'newer')).toBe('ok')
    expect(await get('other')).toBe('newer')
    expect(test.database.waitingCount).toBe(0)
  }

  it('by readers of an overwrite, others go on, and the readers are sent back or answered', async () => {
    holdAnswers()
    const writing = put('k', 'new!')
    await isAtStore.promise
    const readers = Array.from({ length: CROWD }, () => answered(get('k')))
    await expectOthersGoOn()
    const first = await Promise.race(readers)
    expect(first).toBe('SlowDown')
    held.resolve()
    expect(await writing).toBe('ok')
    for (const answer of await Promise.all(readers)) expect(answer).toMatch(/^(ok|SlowDown)$/)
    expect(await get('k')).toBe('new!')
  })

  it('by writers, others go on, and all are answered in the end', async () => {
    holdAnswers()
    const first = put('k', 'value')
    await isAtStore.promise
    const writers = Array.from({ length: CROWD }, (_, index) => put('k', `value-${index}`))
    const reader = answered(get('k'))
    await expectOthersGoOn()
    held.resolve()
    for (const answer of await Promise.all([first, ...writers])) expect(answer).toBe('ok')
    expect(await reader).toMatch(/^(ok|SlowDown)$/)
  })

  it.each(['at once', 'after it'] as const)(
    'by Completes and aborts of an upload, %s, others go on',
    async when => {
      const Key = 'k'
      const { UploadId } = await door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      const { ETag } = await door.client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'in parts' }),
      )
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      const complete = () =>
        answered(
          door.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload })),
        )
      const abort = () =>
        answered(door.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })))
      holdAnswers()
      const completes = [complete()]
      if (when === 'after it') await isAtStore.promise
      completes.push(...Array.from({ length: CROWD }, complete))
      await isAtStore.promise
      const aborts = Array.from({ length: CROWD }, abort)
      await expectOthersGoOn()
      held.resolve()
      for (const answer of await Promise.all(completes)) expect(answer).toBe('ok')
      for (const answer of await Promise.all(aborts)) expect(answer).toBe('NoSuchUpload')
      expect(await get(Key)).toBe('in parts')
    },
  )
})
