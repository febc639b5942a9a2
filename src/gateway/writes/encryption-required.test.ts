import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { aPolicy } from '../../../test/builders/placement.ts'
import { insertPolicy } from '../../database/placement/policies.ts'
import { newId } from '../../domain/identifiers.ts'

describe('what clients write where the policy requires encryption', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let other: TestLocation

  beforeAll(async () => {
    testDatabase = await createTestDatabase()
    const { database } = testDatabase
    door = await startTestGateway({ database, limits: { inMemoryBytesMax: 1_000 } })
    const sealed = await door.addBucket('sealed')
    other = await door.addLocation('other')
    await door.addBucket('plain', { location: other })
    const policyId = newId()
    const spec = aPolicy({ encryption: 'required' })
    await insertPolicy(database, { id: policyId, spec, principal: 'user:test' })
    await database.query('update bucket set policy_id = $1 where id = $2', [policyId, sealed.id])
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (Bucket: string, Key: string, size: number) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x'.repeat(size) }))
  const encryptionOf = async (key: string, { container, store }: TestLocation = door.location) =>
    (await store.head(container, key)).encryption

  it.each([
    ['at once', 12],
    ['in parts of ours', 2_000],
  ])('asks the store to encrypt it, sent %s', async (Key, size) => {
    await put('sealed', Key, size)
    expect(await encryptionOf(Key)).toEqual({ kind: 'store' })
  })

  it('asks for it in parts of the client’s, too', async () => {
    const at = { Bucket: 'sealed', Key: 'parts' }
    const { UploadId } = await door.client.send(new CreateMultipartUploadCommand(at))
    const { ETag } = await door.client.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'xy' }),
    )
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await door.client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
    expect(await encryptionOf('parts')).toEqual({ kind: 'store' })
  })

  it('asks for nothing where no policy does', async () => {
    await put('plain', 'k', 12)
    expect(await encryptionOf('k', other)).toBeNull()
  })
})
