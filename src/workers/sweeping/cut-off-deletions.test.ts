import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { resolveObject } from '../../database/catalog/objects.ts'
import { createPostgresLedger } from '../../database/migrations/postgres-ledger.ts'
import { createPostgresSweepLedger } from '../../database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../database/writes/upload-starts.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { noMigrationMetrics } from '../migrations/migration-parts.ts'
import { createMigrationWorker } from '../run-migrations.ts'
import { createCopySweeper } from './sweep-copies.ts'

/** A store that cannot compare, and in which something can happen while a deletion is on its way. */
function slowToDelete(): { store: ObjectStore; meanwhile: (what: (() => Promise<void>) | null) => void } {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  let happens: (() => Promise<void>) | null = null
  const store: ObjectStore = {
    ...inner,
    capabilities: { ...inner.capabilities, conditionalPut: false, conditionalDelete: false },
    async delete(container, key) {
      const event = happens
      happens = null
      await event?.()
      await inner.delete(container, key)
    },
  }
  return { store, meanwhile: what => (happens = what) }
}

describe('a deletion that is on its way when the database loses the session of its lock', () => {
  let test: TestDatabase
  let door: TestGateway
  let meanwhile: ReturnType<typeof slowToDelete>['meanwhile']
  afterEach(async () => {
    await door.close()
    await test.drop()
  })

  async function open() {
    test = await createTestDatabase({ connectionsMax: 16 })
    const slow = slowToDelete()
    meanwhile = slow.meanwhile
    door = await startTestGateway({ database: test.database, store: slow.store })
    return door.addBucket('ours')
  }

  const put = (Body: string) =>
    door
      .clientWith({ maxAttempts: 1 })
      .send(new PutObjectCommand({ Bucket: 'ours', Key: 'k', Body }))
      .then(
        () => 'taken',
        (error: Error) => error.name,
      )
  const read = async () => {
    const { Body } = await door.client.send(new GetObjectCommand({ Bucket: 'ours', Key: 'k' }))
    return Body!.transformToString()
  }
  const openStore = async (id: string) => door.stores.get(id)!
  const announcer = () => createDeletionAnnouncer(test.database)
  /** As if so much time had passed that nothing can land any more. */
  const letItLand = () =>
    test.database.query(`update deletion_in_flight set lands_until = now() - interval '1 second'`)
  const sweep = () =>
    createCopySweeper({
      ledger: createPostgresSweepLedger(test.database),
      openStore,
      announceDeletion: announcer(),
      wallClock: { now: Date.now },
      log: silentLogger,
    }).step(new AbortController().signal)

  it('of the sweeper takes no write away that was acknowledged', async () => {
    await open()
    await put('first')
    await test.database.query(`update copy set state = 'deleting', is_primary = false`)
    await test.database.query('update object set is_present = false, generation = 2')
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    await sweep()
    expect(answers).toEqual(['SlowDown'])
    expect(await put('third')).toBe('SlowDown')
    await letItLand()
    expect(await put('fourth')).toBe('taken')
    await sweep()
    expect(await read()).toBe('fourth')
  })

  it('of the mover takes no write away that was acknowledged', async () => {
    const bucket = await open()
    const cold = await door.addLocation('cold')
    await put('first')
    const objectId = objectIdOf(bucket.id, 'k')
    const ledger = createPostgresLedger(test.database)
    const { generation, placementVersion } = (await resolveObject(test.database, objectId))!
    await ledger.create(
      [
        {
          id: newId(),
          objectId,
          generation,
          placementVersion,
          targetCopyId: newId(),
          targetLocationId: cold.id,
          priority: 50,
          direction: 'demotion',
          graceMs: 0,
          attemptsMax: 3,
          decisionId: null,
          planId: null,
          monthlySavingUsd: null,
          oneTimeUsd: null,
        },
      ],
      'user:test',
    )
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    const places = [door.location, cold].map(place => locationOf(place))
    const worker = createMigrationWorker({
      ledger,
      openStore,
      announceDeletion: announcer(),
      announcePublication: createPublicationAnnouncer(test.database),
      noteUploadStart: createUploadStartNoter(test.database),
      locationById: async id => places.find(place => place.id === id) ?? null,
      modelClock: { now: Date.now },
      wallClock: { now: Date.now },
      workerId: 'worker-1',
      concurrency: 1,
      log: silentLogger,
      metrics: noMigrationMetrics(),
      random: Math.random,
    })
    await worker.step(new AbortController().signal)
    expect(answers).toEqual(['SlowDown'])
    await letItLand()
    expect(await put('third')).toBe('taken')
    await test.database.query('update migration set not_before = now()')
    await worker.step(new AbortController().signal)
    await sweep()
    expect(await read()).toBe('third')
  })

  it('is kept away from when it was done again meanwhile, as the first one may still land', async () => {
    await open()
    await put('first')
    await test.database.query(`update copy set state = 'deleting', is_primary = false`)
    await test.database.query('update object set is_present = false, generation = 2')
    meanwhile(async () => {
      await loseLockSessions(test.database)
      throw new Error('it was sent and is on its way')
    })
    await sweep()
    await sweep()
    expect((await test.database.query('select from copy')).rowCount).toBe(0)
    expect(await put('second')).toBe('SlowDown')
    await letItLand()
    expect(await put('third')).toBe('taken')
  })

  it('is forgotten once it was answered, so that writes after it are taken at once', async () => {
    await open()
    await put('first')
    await test.database.query(`update copy set state = 'deleting', is_primary = false`)
    await test.database.query('update object set is_present = false, generation = 2')
    await sweep()
    expect((await test.database.query('select from deletion_in_flight')).rowCount).toBe(0)
    expect(await put('second')).toBe('taken')
  })

  it.each(['locked', 'precondition-failed', 'access-denied'] as const)(
    'is forgotten once its store refused it: %s',
    async kind => {
      await open()
      await put('first')
      await test.database.query(`update copy set state = 'deleting', is_primary = false`)
      await test.database.query('update object set is_present = false, generation = 2')
      meanwhile(async () => {
        expect((await test.database.query('select from deletion_in_flight')).rowCount).toBe(1)
        throw new StoreError({ kind, retry: 'no', store: 'hot', operation: 'delete', message: 'it stays' })
      })
      await sweep()
      expect((await test.database.query('select from deletion_in_flight')).rowCount).toBe(0)
    },
  )

  it('keeps the announcement of another one when it is refused', async () => {
    await open()
    const copy = { id: newId(), objectId: newId() }
    const withdrawFirst = await announcer()(copy)
    const withdrawSecond = await announcer()(copy)
    await withdrawFirst()
    expect((await test.database.query('select from deletion_in_flight')).rowCount).toBe(2)
    await withdrawSecond()
    // The first one may have been sent by a worker whose lock was lost: it lapses by itself.
    expect((await test.database.query('select from deletion_in_flight')).rowCount).toBe(1)
  })
})

function locationOf(place: TestGateway['location']): Location {
  return {
    ...place,
    storageClass: null,
    tier: 'hot',
    priceId: 'test',
    region: 'test',
    firstByteMsP99: 10,
    restoreHours: null,
    capacityBytes: null,
  }
}
