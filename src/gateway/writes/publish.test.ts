import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import type { Bucket } from '../../domain/bucket.ts'
import { copyDescriptionMetadata } from '../../domain/copy-description.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../stores/object-store.ts'

const FOUND = Buffer.from('found before the write')

/** A store that cannot compare before it writes. */
function plainStore(): ObjectStore {
  const inner = createMemoryStore({ name: 'plain', settings: { capacityBytes: 2 ** 28 } })
  return { ...inner, capabilities: { ...inner.capabilities, conditionalPut: false } }
}

describe.each(['a folder', 'a store that cannot compare'] as const)(
  'a write over bytes the catalog does not know, in %s',
  kind => {
    let testDatabase: TestDatabase
    let door: TestGateway
    let bucket: Bucket

    beforeAll(async () => {
      testDatabase = await createTestDatabase({ connectionsMax: 12 })
      door = await startTestGateway({
        database: testDatabase.database,
        ...(kind === 'a folder' ? { kind: 'filesystem' as const } : { store: plainStore() }),
        limits: { inMemoryBytesMax: 1_000 },
      })
      bucket = await door.addBucket('ours')
    })
    afterAll(async () => {
      await door.close()
      await testDatabase.drop()
    })

    const lay = (key: string, metadata: Record<string, string> = {}) =>
      door.location.store.put(door.location.container, key, FOUND, { size: FOUND.byteLength, metadata })
    const write = (Key: string, size = 10) =>
      door.client.send(new PutObjectCommand({ Bucket: 'ours', Key, Body: Buffer.alloc(size, 'x') }))
    const sizeAt = async (key: string) => (await door.location.store.head(door.location.container, key)).size
    const describing = (name: string, key: string) =>
      copyDescriptionMetadata({
        bucket: name,
        key,
        generation: 1,
        sha256: null,
        etag: null,
        intentId: newId(),
      })
    const intents = async () => (await testDatabase.database.query('select id from write_intent')).rows

    it.each([10, 2_000])('refuses %i bytes over bytes that name another bucket or key', async size => {
      for (const [key, metadata] of [
        [`bucket-${size}`, describing('theirs', `bucket-${size}`)],
        [`key-${size}`, describing('ours', 'another')],
      ] as const) {
        await lay(key, metadata)
        await expect(write(key, size)).rejects.toMatchObject({ name: 'OperationAborted' })
        expect(await sizeAt(key)).toBe(FOUND.byteLength)
        await expect(
          door.client.send(new GetObjectCommand({ Bucket: 'ours', Key: key })),
        ).rejects.toMatchObject({ name: 'NoSuchKey' })
      }
      expect(await intents()).toEqual([])
    })

    it('replaces bytes that nobody claims, and its own leftovers', async () => {
      await lay('foreign')
      await lay('leftover', describing('ours', 'leftover'))
      for (const key of ['foreign', 'leftover']) {
        await write(key)
        expect(await sizeAt(key)).toBe(10)
      }
    })

    it("refuses to write over a copy that is another object's by the catalog", async () => {
      const { database } = testDatabase
      const theirs = await door.addBucket('theirs')
      expect(theirs.id).not.toBe(bucket.id)
      const { identity } = await lay('shared')
      const id = objectIdOf(theirs.id, 'shared')
      await database.query(
        `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
       values ($1, $2, 'shared', 1, 1, true, 'user:test')`,
        [id, theirs.id],
      )
      await database.query(
        `insert into object_version (object_id, generation, size, etag, metadata, last_modified, principal)
       values ($1, 1, $2, 'etag', '{}', now(), 'user:test')`,
        [id, FOUND.byteLength],
      )
      await database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, 1, $3, 'complete', true, $4, $5, 0, 'user:test')`,
        [id, newId(), door.location.id, identity.etag, FOUND.byteLength],
      )
      await expect(write('shared')).rejects.toMatchObject({ name: 'OperationAborted' })
      expect(await sizeAt('shared')).toBe(FOUND.byteLength)
    })
  },
)
