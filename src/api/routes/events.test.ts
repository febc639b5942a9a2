import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { seedCatalog, seedObjects, type TestCatalog } from '../../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { openEventLog } from '../../../test/builders/event-log.ts'
import { aPolicy, aPriceBook, NOW } from '../../../test/builders/placement.ts'
import { insertDeadLetters } from '../../database/dead-letters.ts'
import type { AccessEvent } from '../../domain/access-event.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { partitionOf } from '../../events/access-event-log.ts'

let test: TestDatabase
let api: TestApi
let catalog: TestCatalog
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database)
  catalog = await seedCatalog(test.database, {
    policy: aPolicy(),
    priceBook: aPriceBook([{ id: 'hot', storageUsdPerGbMonth: 0.1 }]),
  })
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

const get = async (url: string) => (await api.send('GET', url, { role: 'operator' })).json()

describe('the tail of events', () => {
  it('is empty while nothing was read', async () => {
    expect(await get('/v1/events')).toEqual({ items: [] })
  })

  it('shows the newest accesses of all partitions by name, and how far behind ingest is', async () => {
    const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`)
    await seedObjects(
      test.database,
      catalog.bucketId,
      keys.slice(1).map(key => ({
        key,
        size: 1,
        locationId: catalog.locationIds.hot,
        enteredAt: NOW,
        lnHeats: null,
        reviewAt: null,
      })),
    )
    const log = await openEventLog(test.database)
    const events = keys.map(
      (key, index): AccessEvent => ({
        objectId: objectIdOf(catalog.bucketId, key),
        bucketId: catalog.bucketId,
        operation: 'read',
        at: NOW + index * 1_000,
        bytes: index,
        readerClass: 'application',
        locationId: catalog.locationIds.hot,
      }),
    )
    const byPartition = Map.groupBy(events, event => partitionOf(event.objectId, log.partitionCount))
    const bootId = newId()
    await log.append(
      [...byPartition].map(([partition, inPartition]) => ({
        partition,
        bootId,
        firstSequence: 1,
        events: inPartition,
      })),
    )
    const { items } = await get('/v1/events?limit=4')
    expect(items.map((item: { bytes: number }) => item.bytes)).toEqual([5, 4, 3, 2])
    expect(items[0]).toMatchObject({ bucket: 'photos', key: 'key-5', location: 'hot', operation: 'read' })
    const all = (await get('/v1/events')).items
    expect(all.at(-1)).toMatchObject({ bucket: null, key: null, bytes: 0 })
    expect(await get('/v1/events/lag')).toMatchObject({ lagMessages: 6, partitions: [] })
  })
})

describe('dead letters', () => {
  it('are shown with their reason, as text or base64, a page at a time', async () => {
    const letter = (payload: Buffer, reason: string) => ({
      id: newId(),
      source: 'postgres-log',
      partition: 1,
      logOffset: 7,
      reason,
      payload,
      principal: 'system:ingest',
    })
    await insertDeadLetters(test.database, [
      letter(Buffer.from('{"half":'), 'ends early'),
      letter(Buffer.from([0xff, 0, 1]), 'not text'),
    ])
    const first = await get('/v1/dead-letters?limit=1')
    const second = await get(`/v1/dead-letters?limit=1&cursor=${first.nextCursor}`)
    expect(second.nextCursor).toBeNull()
    const letters = [...first.items, ...second.items]
    expect(letters.find(item => item.reason === 'ends early')).toMatchObject({
      payload: '{"half":',
      payloadEncoding: 'utf-8',
      offset: 7,
      replayedAt: null,
    })
    expect(letters.find(item => item.reason === 'not text')).toMatchObject({
      payload: '/wAB',
      payloadEncoding: 'base64',
      payloadBytes: 3,
    })
    expect((await api.send('GET', '/v1/dead-letters', { role: 'viewer' })).statusCode).toBe(403)
  })
})
