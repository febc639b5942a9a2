import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { insertBucket } from '../../src/database/catalog/buckets.ts'
import { insertLocation } from '../../src/database/catalog/locations.ts'
import { insertStore } from '../../src/database/catalog/stores.ts'
import { insertAccessKey } from '../../src/database/people/access-keys.ts'
import type { Database } from '../../src/database/postgres.ts'
import type { AccessEvent, ReaderClass } from '../../src/domain/access-event.ts'
import type { Bucket, BucketMode } from '../../src/domain/bucket.ts'
import { type Clock, wallClock } from '../../src/domain/clock.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import { gatewayLimits } from '../../src/gateway/config.ts'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { type GatewayServer, listenGateway } from '../../src/gateway/server.ts'
import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'

export const TEST_ACCESS_KEY = 'DIMTESTACCESSKEY'
export const TEST_SECRET = 'test-secret-of-the-gateway'

/** A listening gateway over a database of the test, with one store and location to start with. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly server: GatewayServer
  readonly url: string
  /** The AWS SDK, signed with the test's access key. */
  readonly client: S3Client
  readonly events: AccessEvent[]
  readonly stores: Map<Uuid, ObjectStore>
  readonly location: TestLocation
  clientWith(config: Partial<S3ClientConfig>): S3Client
  addLocation(name: string, store?: ObjectStore): Promise<TestLocation>
  addBucket(name: string, options?: { mode?: BucketMode; location?: TestLocation }): Promise<Bucket>
  addAccessKey(key: {
    id: string
    readerClass?: ReaderClass
    bucketIds?: Uuid[] | null
    mayWrite?: boolean
  }): Promise<void>
  close(): Promise<void>
}

export interface TestLocation {
  readonly id: Uuid
  readonly name: string
  readonly storeId: Uuid
  readonly container: string
  readonly store: ObjectStore
}

/** What every location of a test gateway is said to be. */
export const TEST_LOCATION_FACTS = {
  storageClass: null,
  tier: 'hot',
  priceId: 'test',
  region: 'test',
  firstByteMsP99: 10,
  restoreHours: null,
  capacityBytes: null,
} as const

/** Starts a gateway. Secrets are kept unsealed in tests, so that no key file is needed. */
export async function startTestGateway(options: {
  database: Database
  kind?: 'memory' | 'filesystem'
  store?: ObjectStore
  limits?: Partial<ReturnType<typeof gatewayLimits.parse>>
  wallClock?: Clock
  baseHosts?: string[]
  /** `hot`, the location to start with, unless told otherwise. */
  defaultWriteLocation?: string | null
  bootId?: Uuid
  /** Uses what an earlier gateway of the same test left, as after a restart. */
  successorOf?: TestGateway
}): Promise<TestGateway> {
  const { database } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-gateway-'))
  const stores = options.successorOf?.stores ?? new Map<Uuid, ObjectStore>()
  const events: AccessEvent[] = []

  async function addLocation(name: string, given?: ObjectStore): Promise<TestLocation> {
    const kind = options.kind ?? 'memory'
    const store =
      given ??
      (kind === 'memory'
        ? createMemoryStore({ name, settings: { capacityBytes: 2 ** 30 } })
        : createFilesystemStore({ name, settings: { root: path.join(folder, name), durability: 'none' } }))
    const storeId = newId()
    const location = { id: newId(), name, storeId, container: `${name}-container`, store }
    stores.set(storeId, store)
    await insertStore(database, {
      id: storeId,
      name,
      kind,
      settings: {},
      credentialsSealed: null,
      principal: 'system:test',
    })
    await insertLocation(database, {
      id: location.id,
      name,
      storeId,
      container: location.container,
      ...TEST_LOCATION_FACTS,
      principal: 'system:test',
    })
    await store.ensureContainer(location.container)
    return location
  }

  const location = options.successorOf?.location ?? (await addLocation('hot', options.store))
  const limits = { ...gatewayLimits.parse({}), cacheTtlMs: 0, drainMs: 5_000, ...options.limits }
  const gateway = createGateway({
    database,
    modelClock: wallClock,
    wallClock: options.wallClock ?? wallClock,
    openStore(storeId) {
      const store = stores.get(storeId)
      if (store === undefined) throw new Error(`the test opened no store ${storeId}`)
      return store
    },
    unsealSecret: sealed => sealed.toString('utf8'),
    recordAccess: event => events.push(event),
    log: silentLogger,
    limits,
    bootId: options.bootId ?? newId(),
    region: 'us-east-1',
    baseHosts: options.baseHosts ?? ['s3.test'],
    defaultWriteLocation: options.defaultWriteLocation === undefined ? 'hot' : options.defaultWriteLocation,
  })
  const server = await listenGateway(gateway, { host: '127.0.0.1', port: 0, limits })
  const url = `http://127.0.0.1:${server.port}`

  async function addAccessKey(key: Parameters<TestGateway['addAccessKey']>[0]): Promise<void> {
    await insertAccessKey(database, {
      id: key.id,
      secretSealed: Buffer.from(TEST_SECRET),
      readerClass: key.readerClass ?? 'application',
      bucketIds: key.bucketIds ?? null,
      mayWrite: key.mayWrite ?? true,
      principal: 'system:test',
    })
  }
  if (options.successorOf === undefined) await addAccessKey({ id: TEST_ACCESS_KEY })

  const clients: S3Client[] = []
  const clientWith = (config: Partial<S3ClientConfig>) => {
    const client = new S3Client({
      endpoint: url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: TEST_ACCESS_KEY, secretAccessKey: TEST_SECRET },
      maxAttempts: 1,
      ...config,
    })
    clients.push(client)
    return client
  }

  return {
    gateway,
    server,
    url,
    client: clientWith({}),
    events,
    stores,
    location,
    clientWith,
    addLocation,
    addAccessKey,
    async addBucket(name, { mode = 'exclusive', location: place = location } = {}) {
      const bucket = await insertBucket(database, {
        id: newId(),
        name,
        mode,
        writeLocationId: place.id,
        policyId: null,
        principal: 'system:test',
      })
      if (bucket === null) throw new Error(`the test has a bucket ${name} already`)
      return bucket
    },
    async close() {
      for (const client of clients) client.destroy()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
