import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { insertLocation } from './locations.ts'
import { insertStore } from './stores.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const CHANGE = new URL('../schema-changes/0008-file-identities.sql', import.meta.url)
const FORMER = 'file-2a-18c9f3a1b2c3d4e5-10'

/** A copy with an identity of the former form, in a store of this kind. */
async function addCopy(kind: 'filesystem' | 's3', etag: string): Promise<string> {
  const [storeId, locationId, bucketId] = [newId(), newId(), newId()]
  const principal = 'system:test'
  const settings = {}
  await insertStore(test.database, {
    ...{ id: storeId, name: `n${storeId}`, kind, settings, credentialsSealed: null, principal },
  })
  await insertLocation(test.database, {
    ...{ id: locationId, name: `n${locationId}`, storeId, container: 'c', storageClass: null, tier: 'hot' },
    ...{ priceId: 'p', region: 'r', firstByteMsP99: 1, restoreHours: null, capacityBytes: null, principal },
  })
  const objectId = objectIdOf(bucketId, 'k')
  await test.database.query(
    `with bucket_row as (
       insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, 'shared', $3, 'system:test')
     ), object_row as (
       insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
       values ($4, $1, 'k', 1, 1, true, 'system:test')
     ), version_row as (
       insert into object_version (object_id, generation, size, etag, last_modified, principal)
       values ($4, 1, 16, $5, now(), 'system:test')
     )
     insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
     values ($4, $6, 1, $3, 'complete', true, $5, 16, 0, 'system:test')`,
    [bucketId, `b${bucketId.slice(-12)}`, locationId, objectId, etag, newId()],
  )
  return objectId
}

it('takes the inode out of what filesystem stores call their bytes, and out of nothing else', async () => {
  const cases = [
    await addCopy('filesystem', FORMER),
    await addCopy('filesystem', 'file-18c9f3a1b2c3d4e5-10'),
    await addCopy('s3', FORMER),
  ]
  await test.database.query(await readFile(CHANGE, 'utf8'))
  const etags = []
  for (const objectId of cases) {
    const { rows } = await test.database.query<{ native: string; shown: string }>(
      `select c.etag as native, v.etag as shown
       from copy c join object_version v on v.object_id = c.object_id where c.object_id = $1`,
      [objectId],
    )
    etags.push(rows[0])
  }
  expect(etags).toEqual([
    { native: 'file-18c9f3a1b2c3d4e5-10', shown: FORMER },
    { native: 'file-18c9f3a1b2c3d4e5-10', shown: 'file-18c9f3a1b2c3d4e5-10' },
    { native: FORMER, shown: FORMER },
  ])
})
