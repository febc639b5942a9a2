import { randomBytes } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { MIB } from '../../domain/bytes.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { faultyStore } from '../../stores/wrappers/faulty-store.ts'

const Bucket = 'things'

describe('a store that gives wrong bytes', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let other: TestLocation
  let bucketId: string
  let isLying = false

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    const memory = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 30 } })
    const store = faultyStore(memory, {
      rules: [{ fault: 'flips', on: ['get'] }],
      random: () => 0.5,
      isActive: () => isLying,
    })
    door = await startTestGateway({ database: testDatabase.database, store })
    other = await door.addLocation('other')
    bucketId = (await door.addBucket(Bucket)).id
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  async function written(Key: string, size: number): Promise<Buffer> {
    const body = randomBytes(size)
    isLying = false
    await door.client.send(new PutObjectCommand({ Bucket, Key, Body: body }))
    isLying = true
    return body
  }

  /** As clients read that compare no checksum themselves. */
  async function read(Key: string): Promise<Buffer> {
    const client = door.clientWith({ responseChecksumValidation: 'WHEN_REQUIRED', maxAttempts: 1 })
    const answer = await client.send(new GetObjectCommand({ Bucket, Key }))
    return Buffer.from(await answer.Body!.transformToByteArray())
  }

  it.each([10, 100_000, 9 * MIB])('of %i bytes never gives a reader all of them', async size => {
    await written(`alone-${size}`, size)
    await expect(read(`alone-${size}`)).rejects.toThrow()
    isLying = false
    expect(await read(`alone-${size}`)).toHaveLength(size)
  })

  it('loses the proof of its copy, so that the scrubber and whoever deletes another copy read it first', async () => {
    await written('proven', 1_000)
    const objectId = objectIdOf(bucketId, 'proven')
    const { database } = testDatabase
    await database.query('update copy set verified_ms = 1, scrubbed_ms = 1 where object_id = $1', [objectId])
    const times = async () =>
      (await database.query('select verified_ms, scrubbed_ms from copy where object_id = $1', [objectId]))
        .rows
    isLying = false
    await read('proven')
    expect(await times()).toEqual([{ verified_ms: 1, scrubbed_ms: 1 }])
    isLying = true
    await expect(read('proven')).rejects.toThrow()
    expect(await times()).toEqual([{ verified_ms: null, scrubbed_ms: null }])
  })

  it('is left for another copy that is whole, when nothing was sent yet', async () => {
    const body = await written('copied', 1_000)
    await other.store.put(other.container, 'copied', body, { size: body.length })
    const { identity } = await other.store.head(other.container, 'copied')
    await testDatabase.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', false, $4, $5, 0, 'system:test')`,
      [objectIdOf(bucketId, 'copied'), newId(), other.id, identity.etag, body.length],
    )
    expect((await read('copied')).equals(body)).toBe(true)
  })

  it('is not asked at all for a copy whose bytes were found corrupt', async () => {
    await written('corrupt', 1_000)
    isLying = false
    await testDatabase.database.query(
      `update copy set state = 'suspect', scrub_verdict = 'corrupt' where object_id = $1`,
      [objectIdOf(bucketId, 'corrupt')],
    )
    await expect(read('corrupt')).rejects.toMatchObject({
      name: 'InternalError',
      message: expect.stringMatching(/quarantined/),
    })
  })
})
