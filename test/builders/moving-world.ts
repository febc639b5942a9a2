import { createHash } from 'node:crypto'
import { COPY_COLUMNS, type CopyRow, copyOf } from '../../src/database/catalog/copies.ts'
import { resolveObject } from '../../src/database/catalog/objects.ts'
import { boundLongHolds } from '../../src/database/migrations/long-holds.ts'
import { readMigrationHolds } from '../../src/database/migrations/migration-holds.ts'
import { findMigration, listMigrationTimeline } from '../../src/database/migrations/migration-views.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import { openBeside } from '../../src/database/postgres.ts'
import { createPostgresSweepLedger } from '../../src/database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../src/database/writes/upload-starts.ts'
import type { BucketMode } from '../../src/domain/bucket.ts'
import { GIB } from '../../src/domain/bytes.ts'
import { type Clock, wallClock } from '../../src/domain/clock.ts'
import { newId, objectIdOf, type Uuid } from '../../src/domain/identifiers.ts'
import type { Location } from '../../src/domain/location.ts'
import type { NewMigration } from '../../src/domain/migration-record.ts'
import type { MigrationLedger } from '../../src/migration/ledger.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { ObjectStore, PutFacts } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { type MigrationParts, noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'
import { createCopySweeper } from '../../src/workers/sweeping/sweep-copies.ts'
import type { TestDatabase } from './cloned-database.ts'

export const CONTAINER = 'data'
const MODEL_START = 1_000_000
/** A storage class of the memory store. */
const INFREQUENT = 'STANDARD_IA'

/** Two stores, two locations, one bucket: everything a move needs, with real bytes. */
export interface MovingWorld {
  readonly test: TestDatabase
  readonly ledger: MigrationLedger
  /** What the mover opens; tests put liars in front of the real stores. */
  readonly stores: { hot: ObjectStore; cold: ObjectStore }
  /** `infrequent` is the container of `hot` in another storage class. */
  readonly locationIds: { readonly hot: Uuid; readonly cold: Uuid; readonly infrequent: Uuid }
  readonly bucketId: Uuid
  readonly modelClock: { at: number; now(): number }
  readonly parts: MigrationParts
  objectId(key: string): Uuid
  /** Puts an object into `hot` and the catalog. Without facts the catalog says it is blue. */
  addObject(key: string, bytes: Uint8Array, options?: { sha256?: string; facts?: PutFacts }): Promise<void>
  /** Plans a move from hot to cold, or back. */
  plan(key: string, change?: Partial<NewMigration>): Promise<Uuid>
  /** Runs everything that is due now, until the signal aborts. */
  work(change?: Partial<MigrationParts>, signal?: AbortSignal): Promise<number>
  sweep(): Promise<number>
  /** A sweeper that remembers what failed. */
  sweeper(change?: { readonly wallClock: Clock }): () => Promise<number>
  /** Leases of dead workers run out, back-off is over, and grace is looked at again. */
  letTimePass(): Promise<void>
  endGrace(): void
  migration(id: Uuid): Promise<NonNullable<Awaited<ReturnType<typeof findMigration>>>>
  timeline(id: Uuid): Promise<string[]>
  copies(key: string): Promise<ReturnType<typeof copyOf>[]>
  /** The bytes a reader is given now. */
  read(key: string): Promise<Buffer>
  dispose(): Promise<void>
}

/** Builds the world on a database of its own. `dispose` it. */
export async function createMovingWorld(
  options: {
    mode?: BucketMode
    stores?: { hot: ObjectStore; cold: ObjectStore }
    /** The storage class of the location `hot`. Default: it names none. */
    hotClass?: string
    connectionsMax?: number
    /** Default: a clone from the server of the test run. */
    test?: TestDatabase
  } = {},
): Promise<MovingWorld> {
  const connectionsMax = options.connectionsMax ?? 24
  // Not imported before it is needed: the long tests run without vitest.
  const test = options.test ?? (await (await import('./database.ts')).createTestDatabase({ connectionsMax }))
  const { database } = test
  const announcerDatabase = openBeside(database, {
    connectionsMax: 2,
    // Dropping the database cuts connections that were told to end and have not gone yet.
    onIdleError: () => undefined,
  })
  const lockDatabase = boundLongHolds(database, connectionsMax)
  const stores = options.stores ?? { hot: newMemoryStore('hot-store'), cold: newMemoryStore('cold-store') }
  const storeIds = { hot: newId(), cold: newId() }
  const locationIds = { hot: newId(), cold: newId(), infrequent: newId() }
  const bucketId = newId()
  const bucketName = 'photos'
  const locations = new Map<Uuid, Location>()
  for (const tier of ['hot', 'cold'] as const) {
    await database.query(
      `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', 'user:test')`,
      [storeIds[tier], `${tier}-store`],
    )
    await database.query(
      `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
       values ($1, $2, $3, $4, $2, 'p', 'r', 1, 'user:test')`,
      [locationIds[tier], tier, storeIds[tier], CONTAINER],
    )
    locations.set(locationIds[tier], locationOf(tier, locationIds[tier], storeIds[tier]))
  }
  if (options.hotClass !== undefined) {
    const { hotClass } = options
    await database.query('update location set storage_class = $2 where id = $1', [locationIds.hot, hotClass])
    locations.set(locationIds.hot, { ...locations.get(locationIds.hot)!, storageClass: hotClass })
  }
  await database.query(
    `insert into location (id, name, store_id, container, storage_class, tier, price_id, region,
                           first_byte_ms_p99, principal)
     values ($1, 'infrequent', $2, $3, $4, 'warm', 'p', 'r', 1, 'user:test')`,
    [locationIds.infrequent, storeIds.hot, CONTAINER, INFREQUENT],
  )
  const hot = locations.get(locationIds.hot)!
  locations.set(locationIds.infrequent, {
    ...hot,
    id: locationIds.infrequent,
    name: 'infrequent',
    storageClass: INFREQUENT,
    tier: 'warm',
  })
  await database.query(
    `insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, $3, $4, 'user:test')`,
    [bucketId, bucketName, options.mode ?? 'exclusive', locationIds.hot],
  )
  await stores.hot.ensureContainer(CONTAINER)
  const modelClock = { at: MODEL_START, now: () => modelClock.at }
  const ledger: MigrationLedger = createPostgresLedger(database, lockDatabase)
  const openStore = async (id: Uuid) => (id === storeIds.hot ? world.stores.hot : world.stores.cold)
  const parts: MigrationParts = {
    ledger,
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    noteUploadStart: createUploadStartNoter(database),
    openStore,
    locationById: async id => locations.get(id) ?? null,
    modelClock,
    wallClock,
    workerId: 'worker-1',
    concurrency: 8,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: () => 0.5,
  }
  const objectId = (key: string) => objectIdOf(bucketId, key)
  const run = async (step: (signal: AbortSignal) => Promise<number>) => step(new AbortController().signal)

  const world: MovingWorld = {
    test,
    ledger,
    stores,
    locationIds,
    bucketId,
    modelClock,
    parts,
    objectId,

    async addObject(key, bytes, { sha256, facts = factsIn(options.hotClass) } = {}) {
      const id = objectId(key)
      const { headers = {}, metadata = { colour: 'blue' }, tags = {} } = facts ?? {}
      const kept = stores.hot.capabilities.tags ? facts : { ...facts, tags: {} }
      const { identity } = await stores.hot.put(CONTAINER, key, bytes, { ...kept, size: bytes.byteLength })
      await database.query(
        `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
         values ($1, $2, $3, 1, 1, true, 'user:test')`,
        [id, bucketId, key],
      )
      await database.query(
        `insert into object_version (object_id, generation, size, etag, sha256, sha256_source, last_modified,
                                     headers, metadata, tags, principal)
         values ($1, 1, $2, 'client-etag', decode($3, 'hex'), $4, now(), $5, $6, $7, 'user:test')`,
        [
          id,
          bytes.byteLength,
          sha256 ?? null,
          sha256 === undefined ? null : 'client-write',
          headers,
          metadata,
          tags,
        ],
      )
      await database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, version_id, size,
                           entered_ms, principal)
         values ($1, $2, 1, $3, 'complete', true, $4, $5, $6, 0, 'user:test')`,
        [id, newId(), locationIds.hot, identity.etag, identity.versionId, bytes.byteLength],
      )
    },

    async plan(key, change = {}) {
      const object = await resolveObject(database, objectId(key))
      const migration: NewMigration = {
        id: newId(),
        objectId: objectId(key),
        generation: object!.generation,
        placementVersion: object!.placementVersion,
        targetCopyId: newId(),
        targetLocationId: locationIds.cold,
        priority: 50,
        direction: 'demotion',
        graceMs: 1_000,
        attemptsMax: 3,
        decisionId: null,
        planId: null,
        monthlySavingUsd: null,
        oneTimeUsd: null,
        ...change,
      }
      const { refused } = await ledger.create([migration], 'user:test')
      if (refused.length > 0) throw new Error(`not planned: ${refused[0]!.reason}`)
      return migration.id
    },

    work: (change, signal = new AbortController().signal) =>
      createMigrationWorker({ ...parts, ...change }).step(signal),
    sweep: () => world.sweeper()(),
    sweeper: change => {
      const loop = createCopySweeper({
        ledger: createPostgresSweepLedger(lockDatabase),
        openStore,
        announceDeletion: parts.announceDeletion,
        readHolds: () => readMigrationHolds(database),
        wallClock,
        log: silentLogger,
        ...change,
      })
      return () => run(loop.step)
    },

    async letTimePass() {
      await database.query(
        `update migration set not_before = now(),
                              lease_expires_at = lease_expires_at - interval '1 hour'`,
      )
    },
    endGrace() {
      modelClock.at += 10_000
    },

    async migration(id) {
      return (await findMigration(database, id))!
    },
    async timeline(id) {
      return (await listMigrationTimeline(database, id)).map(entry => entry.event)
    },
    async copies(key) {
      const { rows } = await database.query<CopyRow>(
        `select ${COPY_COLUMNS} from copy c join object o on o.id = c.object_id
         where c.object_id = $1 order by c.entered_ms, c.id`,
        [objectId(key)],
      )
      return rows.map(copyOf)
    },
    async read(key) {
      const object = await resolveObject(database, objectId(key))
      const copy = object!.copy!
      const store = await openStore(copy.storeId)
      const { body } = await store.get(copy.container, copy.nativeKey, { onlyIf: copy.identity })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    async dispose() {
      await announcerDatabase.end()
      await test.drop()
    },
  }
  return world
}

/** What an object in a location of this class was written with. */
function factsIn(storageClass: string | undefined): PutFacts | undefined {
  return storageClass === undefined ? undefined : { storageClass }
}

/** A store in memory with room for tests. */
function newMemoryStore(name: string): ObjectStore {
  return createMemoryStore({ name, settings: { capacityBytes: GIB } })
}

/** Bytes that differ by seed. */
export function sampleOf(size: number, seed = 'a'): Buffer {
  const block = createHash('sha512').update(seed).digest()
  return Buffer.alloc(size, block)
}

function locationOf(tier: 'hot' | 'cold', id: Uuid, storeId: Uuid): Location {
  return {
    id,
    name: tier,
    storeId,
    container: CONTAINER,
    storageClass: null,
    tier,
    priceId: 'p',
    region: `region-${tier}`,
    firstByteMsP99: 1,
    restoreHours: null,
    capacityBytes: null,
  }
}
