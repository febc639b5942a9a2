import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../src/database/postgres.ts'
import { READER_WEIGHTS_DEFAULT } from '../../src/heat/reader-weights.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { noIngestMetrics } from '../../src/workers/ingest-events/ingest-metrics.ts'
import { createIngestWorker } from '../../src/workers/ingest-events.ts'
import { runLoop } from '../../src/workers/loop.ts'
import { openEventLog } from '../builders/event-log.ts'

/** An ingest process of its own, to be killed: `node ingest-process.ts <connection string>`. */
const database = openDatabase({
  connectionString: process.argv[2]!,
  connectionsMax: 6,
  applicationName: 'ingest-to-be-killed',
  onIdleError: error => process.stderr.write(`${error}\n`),
})
const worker = createIngestWorker({
  database,
  source: await openEventLog(database),
  clock: { now: () => Date.now() },
  owner: randomUUID(),
  weights: READER_WEIGHTS_DEFAULT,
  principal: 'system:ingest',
  log: silentLogger,
  metrics: noIngestMetrics(),
  leaseMs: 300,
  partitionsMax: 4,
  stretchEventsMax: 150,
  idleMs: 10,
})
await runLoop(worker.loop, { signal: new AbortController().signal, log: silentLogger })
