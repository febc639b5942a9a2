import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { readIngestLag } from '../src/database/accesses/ingest-partitions.ts'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { type Database, openDatabase } from '../src/database/postgres.ts'
import type { AccessEvent } from '../src/domain/access-event.ts'
import { objectIdOf } from '../src/domain/identifiers.ts'
import { POSTGRES_LOG } from '../src/events/postgres-log/postgres-event-log.ts'
import { READER_WEIGHTS_DEFAULT } from '../src/heat/reader-weights.ts'
import { silentLogger } from '../src/telemetry/logger.ts'
import { noIngestMetrics } from '../src/workers/ingest-events/ingest-metrics.ts'
import { createIngestWorker, INGEST_DEFAULTS } from '../src/workers/ingest-events.ts'
import { runLoop } from '../src/workers/loop.ts'
import { ACCESS_RECORDER_DEFAULTS, createAccessRecorder } from '../src/workers/record-accesses.ts'
import { openEventLog } from '../test/builders/event-log.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'

const OBJECTS = 100_000
const ZIPF_EXPONENT = 1
const WARM_UP_EVENTS = 100_000
const EVENTS = 600_000
const PACED_EVENTS = 200_000
const NAIVE_EVENTS = 10_000
const TARGET_EVENTS_PER_SECOND = 20_000
/** The recorder is kept this full: as fast as it goes, with bounded memory. */
const QUEUE_EVENTS = 20_000

/**
 * Events per second through the embedded log to counters, heat, windows, daily counts and reviews: recorder,
 * append, fetch and apply at once, in one process, against a real embedded PostgreSQL that waits for its disk
 * at every commit. The reference is what one would write first: for each event one upsert of the object's
 * counters and heat, prepared, in transactions of 100, on the same server in the same run.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-ingest-'))
  const server = await startEmbeddedServer({ dataFolder: folder })
  await server.ensureDatabase('bench')
  const database = openDatabase({
    connectionString: server.connectionString('bench'),
    connectionsMax: 8,
    applicationName: 'bench-ingest',
    onIdleError: error => say(error.message),
  })
  try {
    await applySchemaChanges(database)
    return await measure(database, say)
  } finally {
    await database.end()
    await server.stop()
    await removeDatabaseElsewhere(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(database: Database, say: (line: string) => void): Promise<BenchmarkCase[]> {
  say(`${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}, fsync ${await fsync(database)}`)
  const nextEvent = zipfReads(1)
  await throughLog(database, nextEvent, WARM_UP_EVENTS, Number.POSITIVE_INFINITY)
  const naive = await oneByOne(database, nextEvent, NAIVE_EVENTS)
  say(`one upsert per event: ${Math.round(naive)} events/s`)
  const full = await throughLog(database, nextEvent, EVENTS, Number.POSITIVE_INFINITY)
  say(
    `as fast as it goes: ${Math.round(full.perSecond)} events/s, ${full.processorSeconds} s of our processor`,
  )
  const paced = await throughLog(database, nextEvent, PACED_EVENTS, TARGET_EVENTS_PER_SECOND)
  say(
    `at ${TARGET_EVENTS_PER_SECOND} events/s: at most ${paced.lagMsMax} ms behind; load ${loadavg()[0]!.toFixed(1)}`,
  )
  await expectCounted(database, WARM_UP_EVENTS + EVENTS + PACED_EVENTS)
  const figures = {
    eventsPerSecond: Math.round(full.perSecond),
    referenceEventsPerSecond: Math.round(naive),
    objects: OBJECTS,
    events: EVENTS,
  }
  return [
    {
      case: 'events/s to counters and heat, against 20,000',
      ratio: full.perSecond / TARGET_EVENTS_PER_SECOND,
      target: 1,
      better: 'higher',
      ...figures,
    },
    {
      case: 'events/s to counters and heat, against one upsert per event',
      ratio: full.perSecond / naive,
      target: 4,
      better: 'higher',
      ...figures,
    },
    {
      case: 'longest lag while 20,000 events/s arrive, against one second',
      ratio: paced.lagMsMax / 1_000,
      target: 1,
      better: 'lower',
      lagMsMax: paced.lagMsMax,
      eventsPerSecond: Math.round(paced.perSecond),
    },
  ]
}

/** How one run through the log went. */
interface Run {
  readonly perSecond: number
  /** Age of the oldest event that was appended and not applied, at its highest. */
  readonly lagMsMax: number
  readonly processorSeconds: string
}

/** Records, appends, reads and applies `count` events, at most `perSecondMax`, until all are applied. */
async function throughLog(
  database: Database,
  nextEvent: () => AccessEvent,
  count: number,
  perSecondMax: number,
): Promise<Run> {
  const log = await openEventLog(database)
  const nobody = { inc: () => undefined }
  const recorder = createAccessRecorder({
    ...ACCESS_RECORDER_DEFAULTS,
    eventLog: log,
    bootId: randomUUID(),
    log: silentLogger,
    metrics: { appended: nobody, dropped: nobody, malformed: nobody },
  })
  const worker = createIngestWorker({
    ...INGEST_DEFAULTS,
    database,
    source: log,
    clock: { now: () => Date.now() },
    owner: randomUUID(),
    weights: READER_WEIGHTS_DEFAULT,
    principal: 'system:bench',
    log: silentLogger,
    metrics: noIngestMetrics(),
  })
  const stop = new AbortController()
  const started = performance.now()
  const ingesting = runLoop(worker.loop, { signal: stop.signal, log: silentLogger })
  const processor = process.cpuUsage()
  let lagMsMax = 0
  for (let recorded = 0; recorded < count; ) {
    const due = Math.min(count, ((performance.now() - started) / 1_000) * perSecondMax)
    for (; recorded < due && recorder.waiting() < QUEUE_EVENTS; recorded++) recorder.record(nextEvent())
    if (perSecondMax < Number.POSITIVE_INFINITY) lagMsMax = Math.max(lagMsMax, await lagMs(database))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await recorder.close()
  while ((await lagMs(database)) > 0) await new Promise(resolve => setTimeout(resolve, 20))
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(processor)
  stop.abort()
  await ingesting
  await worker.release()
  const processorSeconds = ((user + system) / 1_000_000).toFixed(1)
  return { perSecond: count / seconds, lagMsMax: Math.round(lagMsMax), processorSeconds }
}

async function lagMs(database: Database): Promise<number> {
  const lag = await readIngestLag(database, POSTGRES_LOG)
  return Math.max(...lag.map(({ seconds }) => seconds)) * 1_000
}

/** A fast wrong answer is no answer. */
async function expectCounted(database: Database, events: number): Promise<void> {
  const { rows } = await database.query<{ reads: number }>(
    'select sum(reads)::bigint as reads from object_heat',
  )
  if (rows[0]?.reads !== events) throw new Error(`${rows[0]?.reads} reads were counted, ${events} recorded`)
}

/** The reference: one upsert per event. */
async function oneByOne(database: Database, nextEvent: () => AccessEvent, count: number): Promise<number> {
  await database.query(`create table naive_heat (object_id uuid primary key, reads bigint not null,
    bytes_read bigint not null, heat float8 not null, last_access_ms bigint not null) with (fillfactor = 70)`)
  const connection = await database.connect()
  try {
    const started = performance.now()
    for (let done = 0; done < count; done++) {
      if (done % 100 === 0) await connection.query('begin')
      const { objectId, bytes, at } = nextEvent()
      await connection.query({
        name: 'naive',
        text: `insert into naive_heat as h values ($1, 1, $2, 1, $3)
          on conflict (object_id) do update set reads = h.reads + 1, bytes_read = h.bytes_read + $2,
          heat = h.heat * exp(-(greatest($3 - h.last_access_ms, 0)) / 3.7e8) + 1, last_access_ms = $3`,
        values: [objectId, bytes, at],
      })
      if (done % 100 === 99) await connection.query('commit')
    }
    return count / ((performance.now() - started) / 1_000)
  } finally {
    connection.release()
  }
}

/** Reads of objects whose popularity falls with their rank; the same sequence for the same seed. */
function zipfReads(seed: number): () => AccessEvent {
  const bucketId = randomUUID()
  const locationId = randomUUID()
  const ids = Array.from({ length: OBJECTS }, (_, rank) => objectIdOf(bucketId, `object-${rank}`))
  const cumulative = new Float64Array(OBJECTS)
  let sum = 0
  for (let rank = 0; rank < OBJECTS; rank++) {
    sum += 1 / (rank + 1) ** ZIPF_EXPONENT
    cumulative[rank] = sum
  }
  const random = mulberry32(seed)
  return () => ({
    objectId: ids[firstAtLeast(cumulative, random() * sum)]!,
    bucketId,
    operation: 'read',
    at: Date.now(),
    bytes: Math.floor(random() * 1_000_000),
    readerClass: 'application',
    locationId,
  })
}

function firstAtLeast(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** A small seeded generator of numbers from 0 to 1 (mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

async function fsync(database: Database): Promise<string> {
  const { rows } = await database.query<{ fsync: string }>('show fsync')
  return rows[0]!.fsync
}
