import { setTimeout as delay } from 'node:timers/promises'
import { createSourceFactsKeeper } from '../../src/database/catalog/source-facts.ts'
import { createImportJob, findImportJob } from '../../src/database/imports/import-jobs.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import { type Database, openBeside, openDatabase } from '../../src/database/postgres.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../src/database/writes/upload-starts.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import type { Location } from '../../src/domain/location.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { importLoop } from '../../src/workers/imports/import-container.ts'
import { noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'
import { watchMemory } from './memory-halves.ts'
import { openSized, type SizedStore } from './sized-stores.ts'

/** One end of a move: a place in a store. */
export interface SizedEnd {
  readonly location: Location
  readonly store: SizedStore
}

/** An import or the moves after it; can be told as JSON to a process of its own. */
export interface SizeTask {
  readonly connectionString: string
  readonly phase: 'import' | 'move'
  readonly bucketId: Uuid
  readonly source: SizedEnd
  readonly target: SizedEnd
  /** How much there is to read, in bytes of one large object or in objects. */
  readonly total: number
  readonly unit: 'bytes' | 'objects'
}

/** What it took. Memory is the resident set of the process. */
export interface SizeReport {
  readonly seconds: number
  readonly memoryBytesMax: number
  /** Until half of it was read, and from then on. */
  readonly memoryBytesMaxOfHalves: readonly [number, number]
}

/** Does the task in this process and watches its memory. */
export async function runPhase(task: SizeTask): Promise<SizeReport> {
  const onIdleError = (error: Error) => void process.stderr.write(`${error.message}\n`)
  const { connectionString, source, target } = task
  const database = openDatabase({
    connectionString,
    connectionsMax: 16,
    applicationName: 'test-sizes',
    onIdleError,
  })
  await database.query('select 1')
  const stores = [openSized('source', source.store), openSized('target', target.store)] as const
  let read = 0
  const counted = countReads(stores[0], task.unit, amount => {
    read += amount
  })
  const memory = watchMemory(() => read / task.total)
  const startedAt = performance.now()
  if (task.phase === 'import') await importAll(task, database, counted)
  else await moveAll(task, database, [counted, stores[1]])
  const seconds = (performance.now() - startedAt) / 1_000
  const report = { seconds, ...memory.stop() }
  for (const store of stores) await store.close()
  await database.end()
  return report
}

/** Tells how many bytes were read, or how many objects were listed or opened. */
function countReads(
  store: ObjectStore,
  unit: SizeTask['unit'],
  count: (amount: number) => void,
): ObjectStore {
  return {
    ...store,
    async get(container, key, options) {
      const stored = await store.get(container, key, options)
      if (unit === 'objects') {
        count(1)
        return stored
      }
      async function* chunks() {
        for await (const chunk of stored.body) {
          count(chunk.byteLength)
          yield chunk
        }
      }
      const destroy = (error?: Error) => stored.body.destroy(error)
      return { ...stored, body: Object.assign(chunks(), { destroy }) }
    },
    async list(container, options) {
      const page = await store.list(container, options)
      count(page.objects.length)
      return page
    },
  }
}

async function importAll(task: SizeTask, database: Database, store: ObjectStore): Promise<void> {
  const principal = 'user:test'
  const id = await createImportJob(database, {
    bucketId: task.bucketId,
    locationId: task.source.location.id,
    prefix: '',
    principal,
  })
  const loop = importLoop({
    database,
    clock: wallClock,
    storeOf: async () => store,
    log: silentLogger,
    principal,
    owner: 'test-sizes',
  })
  await loop.step(new AbortController().signal)
  const job = await findImportJob(database, id)
  if (job?.state !== 'done') throw new Error(`the import ended as ${job?.state}: ${job?.error}`)
}

/** A busy machine makes connections time out; what is to be tried again is waited for. */
const RETRY_MS_MAX = 900_000
const RETRY_LOOK_MS = 100

async function isWaiting(database: Database): Promise<boolean> {
  const { rows } = await database.query<{ found: boolean }>(
    'select exists (select from migration where finished_at is null) as found',
  )
  return rows[0]!.found
}

async function moveAll(
  { source, target }: SizeTask,
  database: Database,
  [from, to]: readonly [ObjectStore, ObjectStore],
): Promise<void> {
  const announcerDatabase = openBeside(database, { connectionsMax: 2, onIdleError: () => undefined })
  const worker = createMigrationWorker({
    ledger: createPostgresLedger(database),
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    noteUploadStart: createUploadStartNoter(database),
    keepFacts: createSourceFactsKeeper(database),
    openStore: async id => (id === source.location.storeId ? from : to),
    locationById: async id => [source, target].find(({ location }) => location.id === id)?.location ?? null,
    modelClock: wallClock,
    wallClock,
    workerId: newId(),
    concurrency: 16,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: Math.random,
  })
  const until = performance.now() + RETRY_MS_MAX
  const { signal } = new AbortController()
  while ((await worker.step(signal)) > 0 || (performance.now() < until && (await isWaiting(database)))) {
    await delay(RETRY_LOOK_MS)
  }
  await announcerDatabase.end()
}
