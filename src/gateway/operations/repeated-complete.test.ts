import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { createLosingStore, type LosingStore } from '../../../test/builders/losing-store.ts'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../stores/s3/config.ts'
import { createS3Store } from '../../stores/s3/s3-store.ts'

const Bucket = 'repeated'
const limits = { intentAgeMs: 0 }

const root = await mkdtemp(path.join(tmpdir(), 'dim-repeated-'))
const server = await startS3Server()
afterAll(async () => {
  if (!('missing' in server)) await server.stop()
  await rm(root, { recursive: true })
})

const kinds = [
  'memory',
  'filesystem',
  'missing' in server ? `S3 (skipped: ${server.missing})` : 'S3',
] as const

function openInner(kind: string): ObjectStore {
  if (kind === 'memory') return createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  if (kind === 'filesystem')
    return createFilesystemStore({ name: 'hot', settings: { root, durability: 'none' } })
  if ('missing' in server) throw new Error(server.missing)
  const { accessKeyId, endpoint, secretAccessKey } = server
  return createS3Store({
    name: 'hot',
    settings: s3Settings.parse({ endpoint, capabilities: { conditionalPut: false } }),
    credentials: s3Credentials.parse({ accessKeyId, secretAccessKey }),
  })
}

describe.each(kinds)('a Complete that is repeated, %s store', kind => {
  if (kind.startsWith('S3 (')) return it.skip('needs the server', () => undefined)
  let testDatabase: TestDatabase
  let door: TestGateway
  let store: LosingStore
  let count = 0

  beforeEach(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 16 })
    store = createLosingStore(openInner(kind))
    door = await startTestGateway({ database: testDatabase.database, store, limits })
    await door.addBucket(Bucket)
  })
  afterEach(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const read = async (Key: string) =>
    (await door.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()
  const openIntents = async () =>
    (await testDatabase.database.query('select id from write_intent')).rows.length
  const generations = async () =>
    (await testDatabase.database.query('select key, generation from object')).rows as {
      key: string
      generation: number
    }[]
  const restart = () => startTestGateway({ database: testDatabase.database, successorOf: door, limits })

  async function upload(Body: string) {
    const Key = `key-${count++}`
    const { UploadId } = await door.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const part = await door.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
    const completeAt = (at: TestGateway) =>
      at.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
    return { Key, completeAt }
  }

  it('is answered after a crash between the store and the catalog', async () => {
    const { Key, completeAt } = await upload('in parts')
    store.losing = 'complete'
    await expect(completeAt(door)).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
    const successor = await restart()
    const first = await completeAt(successor)
    expect((await completeAt(successor)).ETag).toBe(first.ETag)
    expect(await read(Key)).toBe('in parts')
    expect(await openIntents()).toBe(0)
    expect(await successor.gateway.recoverIntents()).toEqual({ rolledForward: 0, dropped: 0, left: 0 })
    await successor.close()
  })

  it('is answered when the store has completed it and then does not know it any more', async () => {
    const { Key, completeAt } = await upload('in parts')
    const { complete } = store.multipart!
    store.multipart!.complete = async (...args) => {
      await complete(...args)
      // What a client that asks twice by itself is told.
      const facts = { kind: 'upload-not-found', retry: 'no', store: 'hot', operation: 'complete' } as const
      throw new StoreError({ ...facts, message: 'there is no such upload' })
    }
    await completeAt(door)
    store.multipart!.complete = complete
    expect(await read(Key)).toBe('in parts')
    expect(await openIntents()).toBe(0)
  })

  it('commits one generation however many come at once', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const { completeAt } = await upload('in parts')
      const answers = await Promise.all([completeAt(door), completeAt(door), completeAt(door)])
      expect(new Set(answers.map(answer => answer.ETag)).size).toBe(1)
    }
    expect(await openIntents()).toBe(0)
    const successor = await restart()
    await successor.gateway.recoverIntents()
    await successor.close()
    for (const object of await generations()) expect(object).toMatchObject({ generation: 1 })
  })

  it('does not take the place of what was written since', async () => {
    const { Key, completeAt } = await upload('in parts')
    store.losing = 'complete'
    await expect(completeAt(door)).rejects.toMatchObject({ name: 'InternalError' })
    store.losing = 'nothing'
    // As if so much time had passed that it cannot land any more where the store does not compare.
    await testDatabase.database.query('delete from publication_in_flight')
    await door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'since' }))
    const successor = await restart()
    await expect(completeAt(successor)).rejects.toMatchObject({ name: 'NoSuchUpload' })
    await successor.gateway.recoverIntents()
    expect(await read(Key)).toBe('since')
    expect(await openIntents()).toBe(0)
    await successor.close()
  })

  it('is refused for an upload the store has lost, and leaves nothing open', async () => {
    const { Key, completeAt } = await upload('in parts')
    const { rows } = await testDatabase.database.query<{ id: string }>(
      'select native_upload_id as id from multipart_upload',
    )
    await store.multipart!.abort(door.location.container, Key, rows[0]!.id)
    await expect(completeAt(door)).rejects.toMatchObject({ name: 'NoSuchUpload' })
    expect(await openIntents()).toBe(0)
  })
})
