import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'

/** Longer than a native key may be, with a bucket's name in front. */
const LONG = 'ä'.repeat(510)

let test: TestDatabase
let door: TestGateway
let bucketId: string

beforeEach(async () => {
  test = await createTestDatabase({ connectionsMax: 12 })
  // As at S3, where a long key has no room in the metadata.
  const store = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 24 } })
  const capabilities = { ...store.capabilities, metadataBytesMax: 2_048 }
  door = await startTestGateway({ database: test.database, store: { ...store, capabilities } })
  await door.addBucket('owner')
  bucketId = (await door.addBucket('second')).id
})
afterEach(async () => {
  await door.close()
  await test.drop()
})

const put = (Key: string, Body: string) =>
  door.client.send(new PutObjectCommand({ Bucket: 'second', Key, Body }))
const read = async (Key: string) => {
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket: 'second', Key }))
  return Body!.transformToString()
}

describe('an object whose key is too long for the store', () => {
  it('is not overwritten by a key that looks like its native one', async () => {
    const lookalike = `dim-object=${objectIdOf(bucketId, LONG)}`
    await put(LONG, 'long')
    await put(lookalike, 'other')
    await put(`dim-bucket=/second/${lookalike}`, 'third')
    expect(await read(LONG)).toBe('long')
    expect(await read(lookalike)).toBe('other')
    await put(LONG, 'longer')
    expect(await read(lookalike)).toBe('other')
    expect(await read(LONG)).toBe('longer')
  })

  it('is not overwritten where a former installation gave it a native key that another key has', async () => {
    const objectId = objectIdOf(bucketId, LONG)
    const former = `dim-bucket=second/dim-object=${objectId}`
    await put(LONG, 'long')
    const { store, container } = door.location
    const { rows } = await test.database.query<{ native_key: string }>(
      'select native_key from copy where object_id = $1',
      [objectId],
    )
    const { metadata } = await store.head(container, rows[0]!.native_key)
    const { identity } = await store.put(container, former, Buffer.from('long'), { size: 4, metadata })
    await test.database.query('update copy set native_key = $2, etag = $3 where object_id = $1', [
      objectId,
      former,
      identity.etag,
    ])
    await expect(put(`dim-object=${objectId}`, 'other')).rejects.toMatchObject({ name: 'OperationAborted' })
    expect(await read(LONG)).toBe('long')
    await put(LONG, 'longer')
    expect(await read(LONG)).toBe('longer')
  })
})
