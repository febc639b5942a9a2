import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { insertBucket } from '../src/database/catalog/buckets.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { createPostgresLedger } from '../src/database/migrations/postgres-ledger.ts'
import { type Database, openDatabase } from '../src/database/postgres.ts'
import { createDeletionAnnouncer } from '../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../src/database/writes/upload-starts.ts'
import { wallClock } from '../src/domain/clock.ts'
import { newId, type Uuid } from '../src/domain/identifiers.ts'
import type { Location } from '../src/domain/location.ts'
import { silentLogger } from '../src/telemetry/logger.ts'
import { noMigrationMetrics } from '../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../src/workers/run-migrations.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'
import { addLocation } from './copy-parts/catalog.ts'
import { impliedStore, OBJECT_BYTES } from './queue-parts/implied-store.ts'

/** How many migrations wait; `DIM_BENCH_MIGRATIONS` asks for fewer. */
const MIGRATIONS = 1_000_000
const WORKERS = 1_000
const CLAIM_LIMIT = 16
const CLAIM_LEASE_MS = 3_600_000
/** Claims on both sides of the 10th and of the 1,000th worker's, together. */
const CLAIMS_COMPARED = 10
/** Each moves at most 10,000 migrations. */
const MOVER_STEPS = 2
const REFERENCE_CHANGES = 4_000
const REFERENCE_CONNECTIONS = 16

/**
 * A million queued migrations, on stores whose bytes are implied, so that only the ledger is measured.
 *
 * State changes per second of one mover, against what one would write first: one transaction for each change, on 16
 * connections of the same server. And what the database reads for a claim of the 1,000th worker, when 999 others
 * hold their leases, against one of the 10th.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-queue-'))
  const server = await startEmbeddedServer({ dataFolder: path.join(folder, 'database') })
  await server.ensureDatabase('bench')
  const open = (connectionsMax: number) =>
    openDatabase({
      connectionString: server.connectionString('bench'),
      connectionsMax,
      applicationName: 'bench-queue',
      onIdleError: error => say(error.message),
    })
  const [database, single] = [open(REFERENCE_CONNECTIONS), open(1)]
  try {
    await applySchemaChanges(database)
    const migrations = Number(process.env.DIM_BENCH_MIGRATIONS ?? MIGRATIONS)
    const locations = [
      await addLocation(database, 'from', 'queue-from'),
      await addLocation(database, 'to', 'queue-to'),
    ] as const
    say(`${migrations} migrations are queued, load ${loadavg()[0]!.toFixed(1)}`)
    await queueMigrations(database, locations, migrations)
    const claims = await compareClaims(single, say)
    return [claims, await measureMover(database, locations, say)]
  } finally {
    await single.end()
    await database.end()
    await server.stop()
    await removeDatabaseElsewhere(path.join(folder, 'database'))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Objects, versions, copies and their planned moves, each with one statement. */
async function queueMigrations(
  database: Database,
  [from, to]: readonly [Location, Location],
  count: number,
): Promise<void> {
  const bucketId = newId()
  await insertBucket(database, {
    id: bucketId,
    name: 'bench-queue',
    mode: 'exclusive',
    writeLocationId: from.id,
    policyId: null,
    principal: 'system:bench',
  })
  await inOneConnection(database, [
    [
      `create temporary table queued as select gen_random_uuid() as object_id, gen_random_uuid() as copy_id,
        gen_random_uuid() as target_id, 'data/' || n as key, n from generate_series(1, $1::int) as n`,
      [count],
    ],
    [
      `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
      select object_id, $1, key, 1, 1, true, 'system:bench' from queued`,
      [bucketId],
    ],
    [
      `insert into object_version (object_id, generation, size, etag, last_modified, principal)
      select object_id, 1, $1, 'implied', now(), 'system:bench' from queued`,
      [OBJECT_BYTES],
    ],
    [
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
      select object_id, copy_id, 1, $1, 'complete', true, 'implied', $2, 0, 'system:bench' from queued`,
      [from.id, OBJECT_BYTES],
    ],
    [
      `insert into migration (id, kind, object_id, bucket_id, key, generation, placement_version, source_copy_id,
        source_location_id, target_copy_id, target_location_id, size, state, priority, direction, principal)
      select gen_random_uuid(), 'move', object_id, $1, key, 1, 1, copy_id, $2, target_id, $3, $4, 'planned', 50,
        'lateral', 'system:bench' from queued order by n`,
      [bucketId, from.id, to.id, OBJECT_BYTES],
    ],
    ['vacuum analyze', []],
  ])
}

async function inOneConnection(
  database: Database,
  statements: readonly (readonly [string, readonly unknown[]])[],
): Promise<void> {
  const connection = await database.connect()
  try {
    await connection.query('set statement_timeout = 0')
    for (const [text, values] of statements) await connection.query(text, [...values])
  } finally {
    connection.release(true)
  }
}

/** Every worker takes its share and keeps it, one after the other. */
async function compareClaims(database: Database, say: (line: string) => void): Promise<BenchmarkCase> {
  const ledger = createPostgresLedger(database)
  const claim = (worker: number) =>
    ledger.claim({ worker: `worker-${worker}`, limit: CLAIM_LIMIT, leaseMs: CLAIM_LEASE_MS })
  const measured = async (first: number) => {
    const before = await pagesRead(database)
    const startedAt = performance.now()
    for (let worker = first; worker < first + CLAIMS_COMPARED; worker++) {
      const claimed = await claim(worker)
      if (claimed.length !== CLAIM_LIMIT) throw new Error(`worker ${worker} got ${claimed.length} migrations`)
    }
    const milliseconds = (performance.now() - startedAt) / CLAIMS_COMPARED
    return { milliseconds, pages: ((await pagesRead(database)) - before) / CLAIMS_COMPARED }
  }
  // The first claims of a connection are planned.
  for (let worker = 0; worker < CLAIMS_COMPARED; worker++) await claim(worker)
  const tenth = await measured(CLAIMS_COMPARED)
  for (let worker = 2 * CLAIMS_COMPARED; worker < WORKERS - CLAIMS_COMPARED; worker++) await claim(worker)
  const last = await measured(WORKERS - CLAIMS_COMPARED)
  say(`a claim reads ${tenth.pages} pages at the 10th worker and ${last.pages} at the 1,000th`)
  return {
    case: 'pages a claim reads: 1,000th worker ÷ 10th',
    ratio: last.pages / tenth.pages,
    target: 1.25,
    better: 'lower',
    pages10th: tenth.pages,
    pages1000th: last.pages,
    milliseconds10th: tenth.milliseconds,
    milliseconds1000th: last.milliseconds,
  }
}

/** Pages of migrations and their indexes that were looked at so far, in memory or not. */
async function pagesRead(database: Database): Promise<number> {
  await database.query('select pg_stat_force_next_flush()')
  const { rows } = await database.query<{ pages: number }>(
    `select (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8 as pages
     from pg_statio_user_tables where relname = 'migration'`,
  )
  return rows[0]!.pages
}

async function measureMover(
  database: Database,
  locations: readonly Location[],
  say: (line: string) => void,
): Promise<BenchmarkCase> {
  const stores = new Map<Uuid, ReturnType<typeof impliedStore>>(
    locations.map((location, index) => [
      location.storeId,
      impliedStore(location.name, { holdsAll: index === 0 }),
    ]),
  )
  const worker = createMigrationWorker({
    ledger: createPostgresLedger(database),
    announceDeletion: createDeletionAnnouncer(database),
    announcePublication: createPublicationAnnouncer(database),
    noteUploadStart: createUploadStartNoter(database),
    openStore: async id => stores.get(id)!,
    locationById: async id => locations.find(location => location.id === id) ?? null,
    modelClock: wallClock,
    wallClock,
    workerId: newId(),
    concurrency: 16,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: Math.random,
  })
  const before = await countSteps(database)
  const startedAt = performance.now()
  for (let step = 0; step < MOVER_STEPS; step++) await worker.step(new AbortController().signal)
  const seconds = (performance.now() - startedAt) / 1_000
  const { steps, ended } = await countSteps(database)
  const moved = ended - before.ended
  const reference = await changeOneByOne(database)
  const rate = (steps - before.steps) / seconds
  say(`${moved} migrations in ${seconds.toFixed(1)} s; one by one ${reference.toFixed(0)} changes/s`)
  return {
    case: 'state changes per second',
    ratio: rate / reference,
    target: 3,
    better: 'higher',
    changesPerSecond: rate,
    migrationsPerSecond: moved / seconds,
    referenceChangesPerSecond: reference,
  }
}

async function countSteps(database: Database): Promise<{ steps: number; ended: number }> {
  const { rows } = await database.query<{ steps: number; ended: number }>(
    `select (select coalesce(sum(1 + coalesce(jsonb_array_length(passed), 0)), 0) from migration_event)::float8 as steps,
            (select count(*) from migration where state = 'done')::float8 as ended`,
  )
  return rows[0]!
}

/** What one would write first: a transaction for each change of a state and its line on the timeline. */
async function changeOneByOne(database: Database): Promise<number> {
  const { rows } = await database.query<{ id: Uuid }>(
    "select id from migration where state = 'planned' and lease_owner is null limit $1",
    [REFERENCE_CHANGES],
  )
  const left = rows.map(row => row.id)
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: REFERENCE_CONNECTIONS }, async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        await database.query({
          name: 'bench_change',
          text: `
            with changed as (update migration set state = 'copying', attempt = attempt + 1 where id = $1 returning id)
            insert into migration_event (migration_id, sequence, state_from, event, state_to, fencing_token, worker)
            select id, 1, 'planned', 'taken-up', 'copying', 1, 'bench' from changed`,
          values: [id],
        })
      }
    }),
  )
  return rows.length / ((performance.now() - startedAt) / 1_000)
}
