import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { seedCatalog, type TestCatalog } from '../../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { aPolicy, aPriceBook } from '../../../test/builders/placement.ts'
import { inTransaction } from '../postgres.ts'
import { updateBucketSettings } from './bucket-settings.ts'
import { holdForRetirement, holdForWrites, reinstateLocation, retireLocation } from './location-retirement.ts'

let test: TestDatabase
let catalog: TestCatalog
const principal = 'user:test'
beforeAll(async () => {
  test = await createTestDatabase({ connectionsMax: 4 })
  catalog = await seedCatalog(test.database, {
    policy: aPolicy({}),
    priceBook: aPriceBook([{ id: 'hot', storageUsdPerGbMonth: 0.02 }]),
  })
})
beforeEach(() => reinstateLocation(test.database, catalog.locationIds.cold))
afterAll(() => test.drop())

/** Until another session of this database waits for a lock. */
const untilOneWaits = () =>
  vi.waitFor(
    async () => {
      const { rows } = await test.database.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(rows).toHaveLength(1)
    },
    { timeout: 5_000, interval: 5 },
  )

it('makes a bucket that comes meanwhile wait, and tells it', async () => {
  const { cold } = catalog.locationIds
  const told = await inTransaction(test.database, async retiring => {
    expect(await holdForRetirement(retiring, cold)).toEqual([])
    const bucket = inTransaction(test.database, connection => holdForWrites(connection, cold))
    await untilOneWaits()
    await retireLocation(retiring, { id: cold, principal })
    return { bucket }
  })
  expect(await told.bucket).toBe('cold')
})

it('waits for a bucket that came first, and sees it', async () => {
  const { cold } = catalog.locationIds
  const told = await inTransaction(test.database, async connection => {
    expect(await holdForWrites(connection, cold)).toBe(null)
    const retiring = inTransaction(test.database, late => holdForRetirement(late, cold))
    await untilOneWaits()
    const target = { id: catalog.bucketId, revision: 1 }
    expect(await updateBucketSettings(connection, target, { writeLocationId: cold }, principal)).toBe(true)
    return { retiring }
  })
  expect(await told.retiring).toEqual(['photos'])
})
