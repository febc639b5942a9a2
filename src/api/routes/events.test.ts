import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { seedCatalog, seedObjects, type TestCatalog } from '../../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { openEventLog } from '../../../test/builders/event-log.ts'
import { aPolicy, aPriceBook, NOW } from '../../../test/builders/placement.ts'
import { insertDeadLetters } from '../../database/accesses/dead-letters.ts'
import { countDeadLetters } from '../../database/accesses/event-progress.ts'
import type { AccessEvent } from '../../domain/access-event.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { partitionOf } from '../../events/access-event-log.ts'
import { encodeBatch } from '../../events/postgres-log/batch-encoding.ts'
import { READER_WEIGHTS_DEFAULT } from '../../heat/reader-weights.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { noIngestMetrics } from '../../workers/ingest-events/ingest-metrics.ts'
import { createIngestWorker, INGEST_DEFAULTS } from '../../workers/ingest-events.ts'

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

describe('a replay of a dead letter', () => {
  const aRead = (key: string): AccessEvent => ({
    objectId: objectIdOf(catalog.bucketId, key),
    bucketId: catalog.bucketId,
    operation: 'read',
    at: NOW,
    bytes: 1,
    readerClass: 'application',
    locationId: null,
  })
  async function keep(payload: Buffer): Promise<string> {
    const id = newId()
    const letter = { id, source: 'postgres-log', partition: 1, logOffset: 7, reason: 'refused', payload }
    await insertDeadLetters(test.database, [{ ...letter, principal: 'system:ingest' }])
    return id
  }
  const replay = (id: string) =>
    api.send('POST', `/v1/dead-letters/${id}/replay`, { role: 'operator', body: {} })

  /** How often ingest has counted reads of this key once it has caught up. */
  async function readsOf(key: string): Promise<number> {
    const source = await openEventLog(test.database)
    const ingest = createIngestWorker({
      ...INGEST_DEFAULTS,
      database: test.database,
      source,
      clock: { now: () => NOW },
      owner: newId(),
      weights: READER_WEIGHTS_DEFAULT,
      principal: 'system:ingest',
      log: silentLogger,
      metrics: noIngestMetrics(),
    })
    while ((await ingest.loop.step(new AbortController().signal)) > 0);
    await ingest.release()
    const { rows } = await test.database.query<{ reads: number }>(
      'select reads from object_heat where object_id = $1',
      [objectIdOf(catalog.bucketId, key)],
    )
    return rows[0]?.reads ?? 0
  }

  it('counts its event once, however often and however many ask at once', async () => {
    const id = await keep(Buffer.from(JSON.stringify(aRead('pressed-twice'))))
    expect(await get(`/v1/dead-letters/${id}`)).toMatchObject({ replayableEvents: 1, replayedAt: null })
    const before = await countDeadLetters(test.database)
    const answers = await Promise.all([replay(id), replay(id), replay(id)])
    expect(answers.map(answer => answer.json().replayedEvents).toSorted()).toEqual([0, 0, 1])
    expect((await replay(id)).json()).toMatchObject({ replayedEvents: 0, replayedAt: expect.any(String) })
    expect(await readsOf('pressed-twice')).toBe(1)
    expect(await get(`/v1/dead-letters/${id}`)).toMatchObject({ replayableEvents: 0 })
    expect(await countDeadLetters(test.database)).toBe(before - 1)
    const { items } = await get('/v1/activity')
    const told = items.filter((item: { subject: string }) => item.subject === id)
    expect(told).toMatchObject([
      { kind: 'dead-letter.replayed', principal: expect.stringMatching(/^token:/) },
    ])
  })

  it('counts once when it died between the log and the catalog', async () => {
    const event = aRead('died-between')
    const id = await keep(Buffer.from(JSON.stringify(event)))
    const log = await openEventLog(test.database)
    const partition = partitionOf(event.objectId, log.partitionCount)
    await log.append([{ partition, bootId: id, firstSequence: 1, events: [event] }])
    expect(await readsOf('died-between')).toBe(1)
    expect((await replay(id)).json().replayedEvents).toBe(1)
    expect(await readsOf('died-between')).toBe(1)
  })

  it('keeps what is still malformed, with the reason of today', async () => {
    const id = await keep(Buffer.from(JSON.stringify({ ...aRead('bad'), bytes: -1 })))
    expect((await replay(id)).json()).toMatchObject({
      replayedEvents: 0,
      replayedAt: null,
      reason: 'bytes is not a count of bytes',
    })
    const batch = await keep(encodeBatch([aRead('good'), { ...aRead('bad'), at: Number.NaN }]))
    expect((await replay(batch)).json()).toMatchObject({ replayedEvents: 1 })
    expect(await readsOf('good')).toBe(1)
    expect((await get('/v1/dead-letters?limit=1')).items).toMatchObject([
      { reason: 'at is not an instant', payloadBytes: 38, replayedAt: null },
    ])
  })

  it('is no longer possible once it is discarded', async () => {
    const id = await keep(Buffer.from('anything'))
    const discard = () => api.send('DELETE', `/v1/dead-letters/${id}`, { role: 'operator' })
    expect((await discard()).statusCode).toBe(204)
    expect((await discard()).statusCode).toBe(404)
    expect((await replay(id)).statusCode).toBe(404)
    expect((await api.send('DELETE', `/v1/dead-letters/${id}`, { role: 'viewer' })).statusCode).toBe(403)
  })
})
