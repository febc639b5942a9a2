import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { DAY, HOUR, MINUTE } from '../../domain/duration.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type MultipartStore, type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createLostUploadAborter } from './abort-lost-uploads.ts'

const Bucket = 'things'
const Key = 'k'

describe('uploads whose id nobody got to know', () => {
  let test: TestDatabase
  let door: TestGateway
  let multipart: MultipartStore
  let nowMs: number
  let losesAnswers: boolean

  beforeEach(async () => {
    nowMs = Date.now() - DAY - HOUR
    losesAnswers = false
    test = await createTestDatabase({ connectionsMax: 12 })
    const inner = createMemoryStore({
      name: 'hot',
      settings: { capacityBytes: 2 ** 28 },
      clock: { now: () => nowMs },
    })
    multipart = inner.multipart!
    const store: ObjectStore = {
      ...inner,
      multipart: {
        ...multipart,
        async create(...args) {
          const begun = await multipart.create(...args)
          if (!losesAnswers) return begun
          const facts = { kind: 'timeout', retry: 'unknown-outcome', store: 'hot' } as const
          throw new StoreError({ ...facts, operation: 'create', message: 'the process is killed here' })
        },
      },
    }
    door = await startTestGateway({ database: test.database, store, limits: { inMemoryBytesMax: 1_000 } })
    await door.addBucket(Bucket)
  })
  afterEach(async () => {
    await door.close()
    await test.drop()
  })

  const create = () => door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const putLarge = () => door.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(2_000) }))
  const uploadIds = async () =>
    (await multipart.list!(door.location.container, Key)).map(({ uploadId }) => uploadId)
  const starts = async () => (await test.database.query('select from upload_start')).rowCount
  /** A day and an hour later. */
  const letADayPass = () =>
    test.database.query(`update upload_start set started_at = started_at - interval '25 hours'`)
  async function look(): Promise<void> {
    const loop = createLostUploadAborter({
      database: test.database,
      openStore: async id => door.stores.get(id)!,
      wallClock: { now: Date.now },
      log: silentLogger,
    })
    while ((await loop.step(new AbortController().signal)) > 0);
  }

  it('stay while their store is paused', async () => {
    losesAnswers = true
    await create().catch(() => undefined)
    losesAnswers = false
    await letADayPass()
    const [lost] = await uploadIds()
    expect(lost).toBeDefined()
    await test.database.query(`update store set state = 'paused', paused_at = now()`)
    await look()
    expect(await uploadIds()).toEqual([lost])
    await test.database.query(`update store set state = 'active', paused_at = null`)
    await look()
    expect(await uploadIds()).toEqual([])
  })

  it.each([
    ['a client begins', create],
    ['a large write begins', putLarge],
  ])('that %s are aborted a day later', async (_, begin) => {
    losesAnswers = true
    await expect(begin()).rejects.toMatchObject({ name: 'InternalError' })
    losesAnswers = false
    await look()
    expect(await uploadIds()).toHaveLength(1)
    await letADayPass()
    await look()
    expect(await uploadIds()).toEqual([])
    expect(await starts()).toBe(0)
  })

  it('leave no trace when all goes well', async () => {
    await create()
    await putLarge()
    expect(await starts()).toBe(0)
  })

  it('are told from uploads of clients and of others', async () => {
    await create()
    const known = await uploadIds()
    losesAnswers = true
    await expect(create()).rejects.toMatchObject({ name: 'InternalError' })
    losesAnswers = false
    nowMs += 2 * HOUR
    const { uploadId: later } = await multipart.create(door.location.container, Key, {})
    nowMs -= 4 * HOUR
    const { uploadId: earlier } = await multipart.create(door.location.container, Key, {})
    await letADayPass()
    await look()
    expect((await uploadIds()).sort()).toEqual([...known, later, earlier].sort())
  })

  /** One of ours whose answer is lost, and another's at the same key `laterMs` later. Resolves to their ids. */
  async function loseOneBesideAnother(laterMs: number): Promise<{ ours: string; foreign: string }> {
    losesAnswers = true
    await expect(create()).rejects.toMatchObject({ name: 'InternalError' })
    losesAnswers = false
    const [ours] = await uploadIds()
    nowMs += laterMs
    const { uploadId: foreign } = await multipart.create(door.location.container, Key, {})
    await letADayPass()
    return { ours: ours!, foreign }
  }
  const share = (mode: string) => test.database.query('update bucket set mode = $1', [mode])

  it('are told from one that began half an hour later', async () => {
    const { foreign } = await loseOneBesideAnother(30 * MINUTE)
    await look()
    expect(await uploadIds()).toEqual([foreign])
    expect(await starts()).toBe(0)
  })

  it('all stay when two began within minutes: nobody can say which one is ours', async () => {
    const { foreign, ours } = await loseOneBesideAnother(MINUTE)
    await look()
    expect((await uploadIds()).sort()).toEqual([ours, foreign].sort())
    expect(await starts()).toBe(0)
  })

  it.each(['shared', 'observed'])('stay where others write too: the bucket is %s', async mode => {
    const { foreign, ours } = await loseOneBesideAnother(30 * MINUTE)
    await share(mode)
    await look()
    expect((await uploadIds()).sort()).toEqual([ours, foreign].sort())
    expect(await starts()).toBe(0)
  })

  it('stay where another bucket that is not only ours lies in the same container', async () => {
    const { foreign, ours } = await loseOneBesideAnother(30 * MINUTE)
    await door.addBucket('others', { mode: 'shared' })
    await look()
    expect((await uploadIds()).sort()).toEqual([ours, foreign].sort())
  })

  it('stay where the bucket that owned the container is gone', async () => {
    const { foreign, ours } = await loseOneBesideAnother(30 * MINUTE)
    await test.database.query('delete from container_owner')
    await look()
    expect((await uploadIds()).sort()).toEqual([ours, foreign].sort())
  })
})
