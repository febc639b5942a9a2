import { on } from 'node:events'
import { createLocationFinder } from '../../src/database/catalog/locations.ts'
import { createSourceFactsKeeper } from '../../src/database/catalog/source-facts.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import { openBeside, openDatabase } from '../../src/database/postgres.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../src/database/writes/upload-starts.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId } from '../../src/domain/identifiers.ts'
import type { Location } from '../../src/domain/location.ts'
import { s3Credentials, s3Settings } from '../../src/stores/s3/config.ts'
import { createS3Store } from '../../src/stores/s3/s3-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'

/** What the mover is to do, as its parent process tells it in one argument of JSON. */
export interface MoverTask {
  readonly connectionString: string
  readonly concurrency: number
  readonly stores: readonly { id: string; name: string; settings: object; credentials: object }[]
  readonly locations: readonly Location[]
}

/** `run`: moves everything that is planned and answers a {@link MoverReport}. `stop`: ends. */
export type MoverOrder = 'run' | 'stop'

/** What it took. `memoryBytesMax` is the most since the process began. */
export interface MoverReport {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly memoryBytesMax: number
}

async function main(task: MoverTask): Promise<void> {
  const database = openDatabase({
    connectionString: task.connectionString,
    connectionsMax: 16,
    applicationName: 'bench-copy',
    onIdleError: error => process.stderr.write(`${error.message}\n`),
  })
  const announcerDatabase = openBeside(database, {
    connectionsMax: 2,
    onIdleError: error => process.stderr.write(`${error.message}\n`),
  })
  const stores = new Map(
    task.stores.map(({ id, name, settings, credentials }) => [
      id,
      createS3Store({
        name,
        settings: s3Settings.parse(settings),
        credentials: s3Credentials.parse(credentials),
      }),
    ]),
  )
  const worker = createMigrationWorker({
    ledger: createPostgresLedger(database),
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    noteUploadStart: createUploadStartNoter(database),
    keepFacts: createSourceFactsKeeper(database),
    openStore: async id => stores.get(id)!,
    locationById: createLocationFinder(database),
    modelClock: wallClock,
    wallClock,
    workerId: newId(),
    concurrency: task.concurrency,
    log: silentLogger,
    metrics: noMigrationMetrics(),
    random: Math.random,
  })
  await database.query('select 1')
  const run = async (): Promise<MoverReport> => {
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    const signal = new AbortController().signal
    for (let moved = 1; moved > 0; ) moved = await worker.step(signal)
    const cpu = process.cpuUsage(cpuBefore)
    return {
      seconds: (performance.now() - startedAt) / 1_000,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      memoryBytesMax: process.resourceUsage().maxRSS * 1_024,
    }
  }
  for await (const [order] of on(process, 'message') as AsyncIterable<[MoverOrder]>) {
    if (order === 'stop') break
    process.send!(await run())
  }
  await Promise.all([...stores.values()].map(store => store.close()))
  await announcerDatabase.end()
  await database.end()
  process.disconnect()
}

await main(JSON.parse(process.argv[2]!) as MoverTask)
