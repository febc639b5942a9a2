import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { resolveObject } from '../../database/catalog/objects.ts'
import { createPostgresLedger } from '../../database/migrations/postgres-ledger.ts'
import { createPostgresSweepLedger } from '../../database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../database/writes/upload-starts.ts'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, type PutOptions, StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createMigrationWorker } from '../run-migrations.ts'
import { createCopySweeper } from '../sweeping/sweep-copies.ts'
import { type MigrationParts, noMigrationMetrics } from './migration-parts.ts'

/** What happens while a store takes bytes; `landing` is what puts them there, now or later. */
type Meanwhile = (landing: () => Promise<unknown>) => Promise<void>

/** A store that cannot compare, and in which something can happen while bytes are on their way to it. */
function slowToTake(): { store: ObjectStore; meanwhile: (what: Meanwhile | null) => void } {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  let happens: Meanwhile | null = null
  const store: ObjectStore = {
    ...inner,
    capabilities: { ...inner.capabilities, conditionalPut: false, conditionalDelete: false },
    async put(container, key, body, options) {
      const event = happens
      happens = null
      const landing = () => inner.put(container, key, body, withoutSignal(options))
      await event?.(landing)
      return inner.put(container, key, body, options)
    },
  }
  return { store, meanwhile: what => (happens = what) }
}

describe('a publication that is on its way when the database loses the session of its lock', () => {
  let test: TestDatabase
  let door: TestGateway
  let bucketId: Uuid
  let cold: TestLocation
  let meanwhile: ReturnType<typeof slowToTake>['meanwhile']
  afterEach(async () => {
    await door.close()
    await test.drop()
  })

  /** An object of bucket `ours` that lies in `cold`, while clients write to `hot`, which cannot compare. */
  async function open() {
    test = await createTestDatabase({ connectionsMax: 16 })
    const slow = slowToTake()
    meanwhile = slow.meanwhile
    // Of interrupted writes nothing but their announcement keeps anybody away.
    door = await startTestGateway({
      database: test.database,
      store: slow.store,
      limits: { intentAgeMs: 1 },
    })
    bucketId = (await door.addBucket('ours')).id
    cold = await door.addLocation('cold')
    expect(await put('first')).toBe('taken')
    await plan(cold)
    await work()
    expect(await placeNow()).toBe(cold.id)
    await sweep()
  }

  const put = (Body: string, Key = 'k') =>
    door.client.send(new PutObjectCommand({ Bucket: 'ours', Key, Body })).then(
      () => 'taken',
      (error: Error) => error.name,
    )
  const read = async (Key = 'k') => {
    const { Body } = await door.client.send(new GetObjectCommand({ Bucket: 'ours', Key }))
    return Body!.transformToString()
  }
  const object = async () => (await resolveObject(test.database, objectIdOf(bucketId, 'k')))!
  const placeNow = async () => (await object()).copy!.locationId
  const openStore = async (id: string) => door.stores.get(id)!

  async function plan(target: TestLocation): Promise<void> {
    const { generation, placementVersion } = await object()
    const { refused } = await createPostgresLedger(test.database).create(
      [
        {
          id: newId(),
          objectId: objectIdOf(bucketId, 'k'),
          generation,
          placementVersion,
          targetCopyId: newId(),
          targetLocationId: target.id,
          priority: 50,
          direction: 'promotion',
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
    expect(refused).toEqual([])
  }

  function work(change: Partial<MigrationParts> = {}): Promise<number> {
    const places = [door.location, cold].map(locationOf)
    return createMigrationWorker({
      ledger: createPostgresLedger(test.database),
      openStore,
      announceDeletion: createDeletionAnnouncer(test.database),
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
      ...change,
    }).step(new AbortController().signal)
  }

  const sweep = () =>
    createCopySweeper({
      ledger: createPostgresSweepLedger(test.database),
      openStore,
      announceDeletion: createDeletionAnnouncer(test.database),
      wallClock: { now: Date.now },
      log: silentLogger,
    }).step(new AbortController().signal)

  /** As if so much time had passed that nothing can land any more. */
  const letItLand = () =>
    test.database.query(`update publication_in_flight set lands_until = now() - interval '1 second'`)
  const announcements = async () => (await test.database.query('select from publication_in_flight')).rowCount
  const dueNow = () => test.database.query('update migration set not_before = now()')

  it('of the mover never lands over a write that was acknowledged', async () => {
    await open()
    await plan(door.location)
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    await work()
    expect(answers).toEqual(['SlowDown'])
    // The store has answered: nothing is left to wait for.
    expect(await put('third')).toBe('taken')
    await dueNow()
    await work()
    await sweep()
    expect(await read()).toBe('third')
    expect(await placeNow()).toBe(door.location.id)
    expect(await announcements()).toBe(0)
  })

  it('is kept away from by clients, movers and sweepers when it lands long after its sender gave up', async () => {
    await open()
    await plan(door.location)
    let land: () => Promise<unknown> = async () => undefined
    meanwhile(async landing => {
      land = landing
      await loseLockSessions(test.database)
      throw timedOut()
    })
    await work()
    expect(await put('second')).toBe('SlowDown')
    await dueNow()
    await work()
    expect(await placeNow()).toBe(cold.id)
    await test.database.query(`update migration set cancel_requested = true, not_before = now()`)
    await work()
    await sweep()
    // Nothing lies there yet, and it would be forgotten.
    expect((await test.database.query(`select from copy where state = 'deleting'`)).rowCount).toBe(1)
    await land()
    await letItLand()
    expect(await put('third')).toBe('taken')
    await sweep()
    expect(await read()).toBe('third')
  })

  it('of a client never lands over a write that was acknowledged, nor over the first one of its key', async () => {
    await open()
    const landed: string[] = []
    for (const key of ['k', 'new']) {
      let land: () => Promise<unknown> = async () => undefined
      meanwhile(async landing => {
        land = landing
        await loseLockSessions(test.database)
        throw timedOut()
      })
      expect(await put('second', key)).not.toBe('taken')
      expect(await put('third', key)).toBe('SlowDown')
      // It may still land, so nobody forgets of it.
      expect(await door.gateway.recoverIntents()).toMatchObject({ dropped: 0, left: 1 })
      await land()
      await letItLand()
      expect(await put('fourth', key)).toBe('taken')
      await door.gateway.recoverIntents()
      landed.push(await read(key))
    }
    expect(landed).toEqual(['fourth', 'fourth'])
  })

  it('of a client is not forgotten when it lands while another gateway settles it', async () => {
    await open()
    const other = await startTestGateway({
      database: test.database,
      successorOf: door,
      limits: { intentAgeMs: 1 },
    })
    const begun = Promise.withResolvers<void>()
    const lands = Promise.withResolvers<void>()
    expect(await put('first', 'new')).toBe('taken')
    meanwhile(async () => {
      await loseLockSessions(test.database)
      begun.resolve()
      await lands.promise
    })
    const answer = put('second', 'new')
    await begun.promise
    const { store } = door.location
    const { head } = store
    let isLooked = false
    store.head = async (...asked) => {
      const found = await head(...asked)
      if (!isLooked && asked[1] === 'new') {
        isLooked = true
        lands.resolve()
        await answer
      }
      return found
    }
    const settled = () => other.gateway.recoverIntents()
    await expect.poll(settled, { timeout: 5_000 }).toMatchObject({ dropped: 0, left: 1 })
    lands.resolve()
    expect([await answer, isLooked, await announcements()]).toEqual(['InternalError', true, 0])
    await other.gateway.recoverIntents()
    expect(await read('new')).toBe('second')
    await other.close()
  })

  it('is not sent when the lock was lost before that', async () => {
    await open()
    await plan(door.location)
    let isSent = false
    meanwhile(async () => {
      isSent = true
    })
    const announce = createPublicationAnnouncer(test.database)
    await work({
      announcePublication: async place => {
        const announcement = await announce(place)
        await loseLockSessions(test.database)
        return announcement
      },
    })
    expect(isSent).toBe(false)
    expect(await announcements()).toBe(0)
    meanwhile(null)
    expect(await put('second')).toBe('taken')
    expect(await read()).toBe('second')
  })

  it('is announced no longer once its store refused it', async () => {
    await open()
    await plan(door.location)
    const seen: unknown[] = []
    meanwhile(async () => {
      seen.push(await announcements())
      throw new StoreError({
        kind: 'access-denied',
        retry: 'no',
        store: 'hot',
        operation: 'put',
        message: 'no',
      })
    })
    await work()
    expect([...seen, await announcements()]).toEqual([1, 0])
  })

  it('is not announced where the store compares', async () => {
    await open()
    await put('second')
    await plan(cold)
    const announcePublication = () => Promise.reject(new Error('nobody has to be told'))
    await work({ announcePublication })
    expect(await placeNow()).toBe(cold.id)
  })
})

function timedOut(): StoreError {
  return new StoreError({
    kind: 'timeout',
    retry: 'unknown-outcome',
    store: 'hot',
    operation: 'put',
    message: 'no answer',
  })
}

/** What is on its way lands although its sender gave up. */
function withoutSignal({ signal: _, ...options }: PutOptions): PutOptions {
  return options
}

function locationOf(place: TestLocation): Location {
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
