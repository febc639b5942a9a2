import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { resolveObject } from '../../src/database/catalog/objects.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import { createPostgresSweepLedger } from '../../src/database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../src/database/writes/upload-starts.ts'
import type { BucketMode } from '../../src/domain/bucket.ts'
import { newId, objectIdOf } from '../../src/domain/identifiers.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { type MigrationParts, noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'
import { createCopySweeper } from '../../src/workers/sweeping/sweep-copies.ts'
import type { TestDatabase } from './cloned-database.ts'
import { startTestGateway, TEST_LOCATION_FACTS, type TestGateway, type TestLocation } from './gateway.ts'

/**
 * A gateway, a mover and a sweeper over one catalog: clients write bucket `ours` to the first location, while
 * objects are moved between it and `cold`.
 */
export interface MovingGateway {
  readonly test: TestDatabase
  readonly door: TestGateway
  readonly cold: TestLocation
  /** Resolves to `taken`, or to the name of the error. */
  put(body: string, key?: string): Promise<string>
  read(key?: string): Promise<string>
  /** Where the primary copy of the key `k` lies. */
  placeNow(): Promise<string>
  /** Plans a move of a key, `k` unless told otherwise. */
  plan(target: TestLocation, key?: string): Promise<void>
  /** One step of the mover. */
  work(change?: Partial<MigrationParts>): Promise<number>
  /** Lets migrations that rest begin again. */
  dueNow(): Promise<void>
  /** One step of the sweeper. */
  sweep(): Promise<number>
  close(): Promise<void>
}

/** Starts one; `store` is the first location's, and `limits` are the gateway's. */
export async function startMovingGateway(options: {
  store: ObjectStore
  /** Default: one in memory. */
  coldStore?: ObjectStore
  mode?: BucketMode
  limits?: NonNullable<Parameters<typeof startTestGateway>[0]['limits']>
  /** Default: a clone from the server of the test run. */
  test?: TestDatabase
}): Promise<MovingGateway> {
  const { store, limits = {}, mode = 'exclusive' } = options
  // Not imported before it is needed: the long tests run without vitest.
  const test =
    options.test ?? (await (await import('./database.ts')).createTestDatabase({ connectionsMax: 16 }))
  const { database } = test
  const door = await startTestGateway({ database, store, limits })
  const bucket = await door.addBucket('ours', { mode })
  const cold = await door.addLocation('cold', options.coldStore)
  const openStore = async (id: string) => door.stores.get(id)!
  const object = async (key = 'k') => (await resolveObject(database, objectIdOf(bucket.id, key)))!

  return {
    test,
    door,
    cold,
    put: (Body, Key = 'k') =>
      door.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body })).then(
        () => 'taken',
        (error: Error) => error.name,
      ),
    async read(Key = 'k') {
      const { Body } = await door.client.send(new GetObjectCommand({ Bucket: bucket.name, Key }))
      return Body!.transformToString()
    },
    placeNow: async () => (await object()).copy!.locationId,
    async plan(target, key = 'k') {
      const { generation, placementVersion } = await object(key)
      const move = {
        id: newId(),
        objectId: objectIdOf(bucket.id, key),
        generation,
        placementVersion,
        targetCopyId: newId(),
        targetLocationId: target.id,
        priority: 50,
        direction: 'demotion',
        graceMs: 0,
        attemptsMax: 3,
        decisionId: null,
        planId: null,
        monthlySavingUsd: null,
        oneTimeUsd: null,
      } as const
      const { refused } = await createPostgresLedger(database).create([move], 'user:test')
      if (refused.length > 0) throw new Error('the test planned a move that was refused')
    },
    work(change = {}) {
      const places = [door.location, cold].map(place => ({ ...place, ...TEST_LOCATION_FACTS }))
      return createMigrationWorker({
        ledger: createPostgresLedger(database),
        openStore,
        announceDeletion: createDeletionAnnouncer(database),
        announcePublication: createPublicationAnnouncer(database),
        noteUploadStart: createUploadStartNoter(database),
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
    },
    async dueNow() {
      await database.query('update migration set not_before = now()')
    },
    sweep: () =>
      createCopySweeper({
        ledger: createPostgresSweepLedger(database),
        openStore,
        announceDeletion: createDeletionAnnouncer(database),
        wallClock: { now: Date.now },
        log: silentLogger,
      }).step(new AbortController().signal),
    async close() {
      await door.close()
      await test.drop()
    },
  }
}
