import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { createImportJob, findImportJob } from '../src/database/imports/import-jobs.ts'
import { type Database, openDatabase } from '../src/database/postgres.ts'
import { wallClock } from '../src/domain/clock.ts'
import { newId, type Uuid } from '../src/domain/identifiers.ts'
import { principal } from '../src/domain/principal.ts'
import { createGatewayClient } from '../src/simulator/client/gateway-client.ts'
import { createMemoryStore } from '../src/stores/memory/memory-store.ts'
import type { ObjectStore } from '../src/stores/object-store.ts'
import { s3Credentials, s3Settings } from '../src/stores/s3/config.ts'
import { createS3Store } from '../src/stores/s3/s3-store.ts'
import { silentLogger } from '../src/telemetry/logger.ts'
import { importLoop } from '../src/workers/imports/import-container.ts'
import { type S3Server, startS3Server } from '../test/services/s3-server.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'

const OBJECTS = 200_000
const OBJECTS_PER_SECOND_TARGET = 10_000
const LISTING_RATIO_TARGET = 1.5
/** Listing and importing take turns, so that both see the same noise. */
const ROUNDS = 3
/** Small on purpose: an import reads no bodies. */
const S3_OBJECT_BYTES = 16
const UPLOADS_OPEN_MAX = 32
const CONTAINER = 'objects'
const IMPORTER = principal('system', 'benchmark')

/**
 * How fast a container enters the catalog of a real PostgreSQL with fsync on: from a store that lists at
 * once, and from a real S3 server against the time of just listing it with the same adapter.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-import-'))
  const server = await startEmbeddedServer({ dataFolder: folder })
  await server.ensureDatabase('bench')
  const database = openDatabase({
    connectionString: server.connectionString('bench'),
    connectionsMax: 4,
    applicationName: 'bench-import',
    onIdleError: error => say(error.message),
  })
  try {
    await applySchemaChanges(database)
    return [await memoryCase(database, say), ...(await s3Case(database, say))]
  } finally {
    await database.end()
    await server.stop()
    await removeDatabaseElsewhere(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

async function memoryCase(database: Database, say: (line: string) => void) {
  const store = createMemoryStore({ name: 'memory', settings: { capacityBytes: 1 } })
  store.seed('objects', seedObjects())
  const listSeconds = await timeListing(store, 'objects')
  const seconds = await timeImport(database, store, 'memory')
  const rate = OBJECTS / seconds
  say(`memory: ${OBJECTS} objects in ${seconds.toFixed(1)} s, ${Math.round(rate)} objects/s`)
  return {
    case: 'memory-objects-per-second',
    ratio: Math.round(rate),
    target: OBJECTS_PER_SECOND_TARGET,
    better: 'higher' as const,
    seconds,
    listSeconds,
  }
}

async function s3Case(database: Database, say: (line: string) => void): Promise<BenchmarkCase[]> {
  const server = await startS3Server()
  if ('missing' in server) {
    say(`left out: ${server.missing}`)
    return []
  }
  const store = createS3Store({
    name: 's3',
    settings: s3Settings.parse({ endpoint: server.endpoint }),
    credentials: s3Credentials.parse({
      accessKeyId: server.accessKeyId,
      secretAccessKey: server.secretAccessKey,
    }),
  })
  try {
    await store.ensureContainer(CONTAINER)
    say(`putting ${OBJECTS} objects into a real S3 server`)
    await fill(server)
    const lists: number[] = []
    const imports: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      lists.push(await timeListing(store, CONTAINER))
      imports.push(await timeImport(database, store, `s3-${round}`))
      say(
        `s3, round ${round + 1}: listed in ${lists[round]!.toFixed(1)} s, imported in ${imports[round]!.toFixed(1)} s`,
      )
    }
    const [listSeconds, seconds] = [median(lists), median(imports)]
    return [
      {
        case: 's3-import-time-over-listing-time',
        ratio: seconds / listSeconds,
        target: LISTING_RATIO_TARGET,
        better: 'lower',
        seconds,
        listSeconds,
      },
    ]
  } finally {
    await store.close()
    await server.stop()
  }
}

async function fill(server: S3Server): Promise<void> {
  const client = createGatewayClient({
    endpoint: server.endpoint,
    credentials: server,
    region: 'us-east-1',
    connectionsMax: UPLOADS_OPEN_MAX,
  })
  const content = Buffer.alloc(S3_OBJECT_BYTES)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const keys = seedObjects()
  // Workers share one list of keys, so that no more than this many uploads are open.
  const work = async () => {
    for (const { key } of keys) {
      const answer = await client.write(CONTAINER, key, { chunks: [content], size: content.length, sha256 })
      if (answer.errorCode !== null) throw new Error(`${key} cannot be put: ${answer.errorCode}`)
    }
  }
  await Promise.all(Array.from({ length: UPLOADS_OPEN_MAX }, work))
  await client.close()
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]!
}

function* seedObjects(): Generator<{ key: string; size: number }> {
  for (let index = 0; index < OBJECTS; index++) {
    yield {
      key: `data/${index % 400}/object-${String(index).padStart(8, '0')}.bin`,
      size: (index * 7919) % 5_000_000,
    }
  }
}

async function timeListing(store: ObjectStore, container: string): Promise<number> {
  const start = performance.now()
  let count = 0
  let cursor: string | null = null
  do {
    const page = await store.list(container, cursor === null ? {} : { cursor })
    count += page.objects.length
    cursor = page.cursor
  } while (cursor !== null)
  if (count !== OBJECTS) throw new Error(`the listing has ${count} objects instead of ${OBJECTS}`)
  return (performance.now() - start) / 1000
}

async function timeImport(database: Database, store: ObjectStore, name: string): Promise<number> {
  const { bucketId, locationId } = await createBucket(database, name)
  const id = await createImportJob(database, { bucketId, locationId, prefix: '', principal: IMPORTER })
  const loop = importLoop({
    database,
    clock: wallClock,
    storeOf: async () => store,
    log: silentLogger,
    principal: IMPORTER,
    owner: 'bench',
  })
  const start = performance.now()
  await loop.step(new AbortController().signal)
  const seconds = (performance.now() - start) / 1000
  const job = await findImportJob(database, id)
  if (job?.state !== 'done' || job.objects !== OBJECTS)
    throw new Error(`the import ended as ${job?.state} with ${job?.objects} objects: ${job?.error}`)
  return seconds
}

async function createBucket(database: Database, name: string): Promise<{ bucketId: Uuid; locationId: Uuid }> {
  const [storeId, locationId, bucketId] = [newId(), newId(), newId()]
  await database.query(
    `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', $3)`,
    [storeId, name, IMPORTER],
  )
  await database.query(
    `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
     values ($1, $2, $3, 'objects', 'hot', 'none', 'here', 1, $4)`,
    [locationId, name, storeId, IMPORTER],
  )
  await database.query(
    `insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, 'exclusive', $3, $4)`,
    [bucketId, `bucket-${name}`, locationId, IMPORTER],
  )
  return { bucketId, locationId }
}
