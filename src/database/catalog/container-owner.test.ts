import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { newId } from '../../domain/identifiers.ts'
import { createImportJob, findContainerOwner } from '../imports/import-jobs.ts'
import { deleteBucket, findBucketWithTarget, insertBucket } from './buckets.ts'
import { insertLocation } from './locations.ts'
import { insertStore } from './stores.ts'

describe('a container', () => {
  let test: TestDatabase
  const storeId = newId()
  const locationId = newId()
  const principal = 'user:test'

  beforeAll(async () => {
    test = await createTestDatabase()
    const kept = {
      id: storeId,
      name: 'disk',
      kind: 'memory' as const,
      settings: {},
      credentialsSealed: null,
      principal,
    } as const
    await insertStore(test.database, kept)
    await insertLocation(test.database, {
      id: locationId,
      name: 'shelf',
      storeId,
      container: 'shelf',
      storageClass: null,
      tier: 'hot',
      priceId: 'p',
      region: 'r',
      firstByteMsP99: 1,
      restoreHours: null,
      capacityBytes: null,
      principal,
    })
  })
  afterAll(() => test.drop())

  const addBucket = async (name: string) => {
    const id = newId()
    await insertBucket(test.database, {
      id,
      name,
      mode: 'exclusive',
      writeLocationId: locationId,
      policyId: null,
      principal,
    })
    return id
  }
  const owns = async (name: string) =>
    (await findBucketWithTarget(test.database, name))?.writeTarget.ownsContainer

  it('belongs to the bucket that came first, and to the next one only when that is gone', async () => {
    const first = await addBucket('first')
    const second = await addBucket('second')
    expect([await owns('first'), await owns('second')]).toEqual([true, false])
    await createImportJob(test.database, { bucketId: second, locationId, prefix: '', principal })
    expect(await findContainerOwner(test.database, locationId)).toEqual({ id: first, name: 'first' })
    await deleteBucket(test.database, first)
    await addBucket('third')
    expect([await owns('second'), await owns('third')]).toEqual([false, true])
  })
})
