import { setTimeout as delay } from 'node:timers/promises'
import type { StoreToOpen } from '../../src/app/open-store.ts'
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
import { type Boundary, noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'

const LOOK_AGAIN_MS = 50

/** What a mover in a process of its own is to do, as its parent process tells it in one argument of JSON. */
export interface MoverTask {
  readonly connectionString: string
  readonly stores: readonly {
    readonly id: Uuid
    readonly store: StoreToOpen
    readonly credentials: object | null
  }[]
  readonly locations: readonly Location[]
  readonly leaseMs: number
  readonly verification: 'reported' | 'read-back'
  /**
   * Where it sends itself the signal: the first time it comes there. Absent: it works until nothing is left.
   */
  readonly fall?: { readonly boundary: Boundary; readonly signal: 'SIGKILL' | 'SIGSTOP' }
}

async function main(task: MoverTask): Promise<void> {
  const onIdleError = (error: Error) => void process.stderr.write(`${error.message}\n`)
  const database = openDatabase({
    connectionString: task.connectionString,
    connectionsMax: 12,
    applicationName: 'mortal-mover',
    onIdleError,
  })
  const announcerDatabase = openBeside(database, { connectionsMax: 2, onIdleError })
  const stores = new Map<Uuid, ObjectStore>()
  for (const { id, store, credentials } of task.stores) stores.set(id, await open(store, credentials))
  let hasFallen = false
  const worker = createMigrationWorker({
    ledger: createPostgresLedger(database),
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    noteUploadStart: createUploadStartNoter(database),
    openStore: async id => stores.get(id)!,
    locationById: async id => task.locations.find(location => location.id === id) ?? null,
    modelClock: wallClock,
    wallClock,
    workerId: newId(),
    concurrency: 4,
    leaseMs: task.leaseMs,
    verification: task.verification,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: Math.random,
    atBoundary(boundary) {
      if (boundary !== task.fall?.boundary || hasFallen) return
      hasFallen = true
      process.kill(process.pid, task.fall.signal)
    },
  })
  const { signal } = new AbortController()
  do {
    const worked = await worker.step(signal)
    if (worked === 0 && task.fall === undefined) await delay(LOOK_AGAIN_MS)
  } while (task.fall === undefined && (await isWorkLeft(database)))
  await Promise.all([...stores.values()].map(store => store.close()))
  await announcerDatabase.end()
  await database.end()
}

async function isWorkLeft(database: Database): Promise<boolean> {
  const { rows } = await database.query<{ left: boolean }>(
    `select exists (select 1 from migration where state <> 'done') as left`,
  )
  return rows[0]!.left
}

/** Opens one store and loads no other adapter: what a process loads is most of the time it takes. */
async function open({ kind, name, settings }: StoreToOpen, credentials: object | null): Promise<ObjectStore> {
  switch (kind) {
    case 's3': {
      const { s3Credentials, s3Settings } = await import('../../src/stores/s3/config.ts')
      const { createS3Store } = await import('../../src/stores/s3/s3-store.ts')
      return createS3Store({
        name,
        settings: s3Settings.parse(settings),
        credentials: s3Credentials.parse(credentials),
      })
    }
    case 'azure-blob': {
      const { azureBlobCredentials, azureBlobSettings } = await import(
        '../../src/stores/azure-blob/config.ts'
      )
      const { createAzureBlobStore } = await import('../../src/stores/azure-blob/azure-blob-store.ts')
      return createAzureBlobStore({
        name,
        settings: azureBlobSettings.parse(settings),
        credentials: azureBlobCredentials.parse(credentials),
      })
    }
    case 'gcs': {
      const { gcsSettings } = await import('../../src/stores/gcs/config.ts')
      const { createGcsStore } = await import('../../src/stores/gcs/gcs-store.ts')
      return createGcsStore({ name, settings: gcsSettings.parse(settings), credentials: null })
    }
    default:
      throw new Error(`no mover falls at a ${kind} store`)
  }
}

await main(JSON.parse(process.argv[2]!) as MoverTask)
