import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { findBucketByName } from '../../database/catalog/buckets.ts'
import { retireLocation } from '../../database/catalog/location-retirement.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'

describe.each([
  ['a default location', 'hot'],
  ['no default location', null],
])('CreateBucket with %s', (_, defaultWriteLocation) => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let archiveId: string

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 8 })
    door = await startTestGateway({ database: testDatabase.database, defaultWriteLocation })
    archiveId = (await door.addLocation('archive-eu')).id
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const create = (Bucket: string, constraint?: string) =>
    door.client.send(
      new CreateBucketCommand({
        Bucket,
        ...(constraint === undefined
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: constraint as never } }),
      }),
    )
  const locationOf = async (name: string) =>
    (await findBucketByName(testDatabase.database, name))?.writeLocationId

  it('takes the name of a location as LocationConstraint', async () => {
    await create('archived', 'archive-eu')
    expect(await locationOf('archived')).toBe(archiveId)
  })

  it('refuses what is neither a location nor a region, and makes nothing', async () => {
    await expect(create('mistyped', 'archive_eu')).rejects.toMatchObject({
      name: 'InvalidLocationConstraint',
      message: expect.stringContaining('archive_eu'),
    })
    expect(await locationOf('mistyped')).toBeUndefined()
  })

  it('makes no bucket in a location that is being emptied', async () => {
    const { id } = await door.addLocation('leaving')
    await retireLocation(testDatabase.database, { id, principal: 'user:test' })
    await expect(create('too-late', 'leaving')).rejects.toMatchObject({
      name: 'InvalidLocationConstraint',
      message: 'The location leaving is being emptied and takes no new buckets.',
    })
    expect(await locationOf('too-late')).toBeUndefined()
  })

  it('takes a region, or nothing, for the default location', async () => {
    for (const [index, constraint] of [undefined, 'us-east-1', 'EU', 'eu-central-1'].entries()) {
      const name = `made-${index}`
      if (defaultWriteLocation === null) {
        const error: Error = await create(name, constraint).then(
          () => new Error('it was made'),
          reason => reason,
        )
        expect(error.name).toBe('InvalidRequest')
        expect(error.message).toContain('gateway.defaultWriteLocation (DIM_GATEWAY_DEFAULT_WRITE_LOCATION)')
        expect(error.message).toContain('LocationConstraint')
      } else {
        await create(name, constraint)
        expect(await locationOf(name)).toBe(door.location.id)
      }
    }
  })

  it('tells a client once that a store is full, and keeps nothing', async () => {
    const store = createMemoryStore({ name: 'tiny', settings: { capacityBytes: 1_000 } })
    const location = await door.addLocation('tiny', store)
    const bucket = await door.addBucket('full', { location })
    const client = door.clientWith({ maxAttempts: 4 })
    await expect(
      client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'k', Body: Buffer.alloc(2_000) })),
    ).rejects.toMatchObject({
      name: 'InsufficientStorage',
      message: 'The store of this bucket is full; nothing was written.',
      $metadata: { httpStatusCode: 507, attempts: 1 },
    })
    const { rows } = await testDatabase.database.query('select 1 from object where bucket_id = $1', [
      bucket.id,
    ])
    expect(rows).toEqual([])
  })
})
