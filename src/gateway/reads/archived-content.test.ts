import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore, type MemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

const Bucket = 'things'
const CONTENT = 'what was written'

describe('an object whose primary copy lies in an archive', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let archive: MemoryStore
  let other: TestLocation
  let bucketId: string
  let isOtherAway = false

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    const settings = { capacityBytes: 2 ** 20 }
    const classes = { classes: ['DEEP_ARCHIVE'], restoreMs: Number.POSITIVE_INFINITY }
    archive = createMemoryStore({ name: 'hot', settings, archive: classes })
    door = await startTestGateway({ database: testDatabase.database, store: archive })
    const beside = createMemoryStore({ name: 'other', settings })
    const answering: ObjectStore = {
      ...beside,
      get: (...asked) => (isOtherAway ? Promise.reject(away()) : beside.get(...asked)),
    }
    other = await door.addLocation('other', answering)
    bucketId = (await door.addBucket(Bucket)).id
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  function away(): StoreError {
    const facts = { store: 'other', operation: 'get', message: 'no route' }
    return new StoreError({ kind: 'unreachable', retry: 'yes', ...facts })
  }

  /** As if the owner of the bucket had archived it: the same bytes, in another class. */
  async function archived(Key: string): Promise<void> {
    await door.client.send(new PutObjectCommand({ Bucket, Key, Body: CONTENT }))
    const { container } = door.location
    const { identity: onlyIf } = await archive.head(container, Key)
    const { identity } = await archive.changeStorageClass(container, Key, 'DEEP_ARCHIVE', { onlyIf })
    await testDatabase.database.query('update copy set etag = $2 where object_id = $1', [
      objectIdOf(bucketId, Key),
      identity.etag,
    ])
  }

  async function alsoBeside(Key: string): Promise<void> {
    const { identity } = await other.store.put(other.container, Key, Buffer.from(CONTENT), {
      size: CONTENT.length,
    })
    await testDatabase.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', false, $4, $5, 0, 'user:test')`,
      [objectIdOf(bucketId, Key), newId(), other.id, identity.etag, CONTENT.length],
    )
  }

  const read = async (Key: string) => {
    const client = door.clientWith({ maxAttempts: 1 })
    const answer = await client.send(new GetObjectCommand({ Bucket, Key }))
    return answer.Body!.transformToString()
  }

  it('is told as InvalidObjectState, which nobody retries for hours, and still has its facts', async () => {
    await archived('alone')
    const refused = { name: 'InvalidObjectState', $metadata: { httpStatusCode: 403 } }
    await expect(read('alone')).rejects.toMatchObject(refused)
    const head = await door.client.send(new HeadObjectCommand({ Bucket, Key: 'alone' }))
    expect(head.ContentLength).toBe(CONTENT.length)
  })

  it('is read from another copy, and asked for again while that one is away', async () => {
    await archived('twice')
    await alsoBeside('twice')
    expect(await read('twice')).toBe(CONTENT)
    isOtherAway = true
    await expect(read('twice')).rejects.toMatchObject({ name: 'SlowDown' })
    isOtherAway = false
  })
})
