import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { lockDueReviews, settleReviews } from '../src/database/placement/object-reviews.ts'
import { type Database, inTransaction, openDatabase } from '../src/database/postgres.ts'
import { decidePlacement } from '../src/placement/decide-placement.ts'
import { checkPolicy } from '../src/placement/policy/policy-document.ts'
import { shippedPriceBook } from '../src/placement/price-book/shipped-price-book.ts'
import { createMemoryStore } from '../src/stores/memory/memory-store.ts'
import { silentLogger } from '../src/telemetry/logger.ts'
import { createPlanner } from '../src/workers/plan-placements.ts'
import { seedCatalog, seedObjects } from '../test/builders/catalog.ts'
import { aLocation, NOW, someFacts } from '../test/builders/placement.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'

const OBJECTS = 100_000
const SEED_BATCH = 10_000
const BATCH = 1_000
const PURE_DECISIONS = 200_000
const DAY = 86_400_000

const POLICY = checkPolicy({
  apiVersion: 'datainmotion.io/v1',
  kind: 'Policy',
  name: 'bench',
  threshold: {
    halfLife: '3d',
    hot: { enterReadsPerDay: 1, leaveReadsPerDay: 0.5 },
    warm: { enterReadsPerDay: 0.1, leaveReadsPerDay: 0.05 },
  },
})

/** The list prices of three tiers under the names of the seeded locations. */
const BOOK = (() => {
  const book = shippedPriceBook()
  const entries = {
    hot: 'onprem/dc1/nvme',
    warm: 'aws/us-east-1/standard-ia',
    cold: 'aws/us-east-1/glacier-ir',
  }
  const priced = Object.entries(entries).map(([id, source]) => ({
    ...book.locations.find(location => location.id === source)!,
    id,
  }))
  return { ...book, locations: priced }
})()

/**
 * How many objects a second one planner reviews on a real embedded PostgreSQL that waits for its disk: lock
 * what is due, read the facts, decide, keep the moves as decisions of a plan, settle. One object in ten is to
 * move. The reference is the bare queue, measured in the same run: the same objects locked and settled in the
 * same batches, nothing read or decided.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-plan-'))
  const server = await startEmbeddedServer({ dataFolder: folder })
  await server.ensureDatabase('bench')
  const database = openDatabase({
    connectionString: server.connectionString('bench'),
    connectionsMax: 4,
    applicationName: 'bench-plan',
    onIdleError: error => say(error.message),
  })
  try {
    await applySchemaChanges(database)
    say(`${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`)
    await seed(database)
    const queuePerSecond = await bareQueue(database)
    say(`bare queue: ${queuePerSecond.toFixed(0)} objects/s`)
    const { objectsPerSecond, moves } = await plan(database)
    say(`planner: ${objectsPerSecond.toFixed(0)} objects/s, ${moves} decisions to move`)
    const purePerSecond = pureDecisions()
    say(`decisions alone: ${purePerSecond.toFixed(0)} /s on one core`)
    return [
      planned(objectsPerSecond, queuePerSecond, moves),
      {
        case: 'decisions alone, per object reviewed through the database',
        ratio: purePerSecond / objectsPerSecond,
        target: 1,
        better: 'higher',
        decisionsPerSecond: Math.round(purePerSecond),
      },
    ]
  } finally {
    await database.end()
    await server.stop()
    await removeDatabaseElsewhere(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

function planned(objectsPerSecond: number, queuePerSecond: number, moves: number): BenchmarkCase {
  return {
    case: 'objects reviewed and planned, against the bare queue',
    ratio: objectsPerSecond / queuePerSecond,
    target: 0.1,
    better: 'higher',
    objectsPerSecond: Math.round(objectsPerSecond),
    queueObjectsPerSecond: Math.round(queuePerSecond),
    objects: OBJECTS,
    moves,
  }
}

async function seed(database: Database): Promise<void> {
  const { bucketId, locationIds } = await seedCatalog(database, { policy: POLICY, priceBook: BOOK })
  for (let start = 0; start < OBJECTS; start += SEED_BATCH) {
    const batch = Array.from({ length: SEED_BATCH }, (_, index) => start + index)
    await seedObjects(
      database,
      bucketId,
      batch.map(number => ({
        key: `folder-${number % 100}/object-${number}`,
        size: 1_000_000 + number,
        locationId: number % 10 === 0 ? locationIds.hot : locationIds.cold,
        enteredAt: NOW - 100 * DAY,
        lnHeats: null,
        reviewAt: NOW,
      })),
    )
  }
  await database.query('analyze')
}

async function bareQueue(database: Database): Promise<number> {
  const startedAt = performance.now()
  let done = 0
  for (;;) {
    const count = await inTransaction(database, async connection => {
      const due = await lockDueReviews(connection, { now: NOW, limit: BATCH })
      const next = due.map(({ objectId }) => ({
        objectId,
        at: NOW + DAY,
        reason: 'requested' as const,
        promoteLnHeat: 0,
      }))
      await settleReviews(connection, next)
      return due.length
    })
    if (count === 0) break
    done += count
  }
  return done / ((performance.now() - startedAt) / 1_000)
}

async function plan(database: Database): Promise<{ objectsPerSecond: number; moves: number }> {
  const planner = createPlanner({
    database,
    storeOf: async id => createMemoryStore({ name: id, settings: { capacityBytes: 0 } }),
    modelClock: { now: () => NOW + DAY },
    wallClock: { now: () => Date.now() },
    log: silentLogger,
    batchObjectsMax: BATCH,
  })
  const startedAt = performance.now()
  for (let done = 0; done < OBJECTS; ) done += await planner.step(new AbortController().signal)
  const seconds = (performance.now() - startedAt) / 1_000
  const { rows } = await database.query<{ moves: number }>('select count(*) as moves from decision')
  return { objectsPerSecond: OBJECTS / seconds, moves: rows[0]!.moves }
}

function pureDecisions(): number {
  const locations = (['hot', 'warm', 'cold'] as const).map(tier =>
    aLocation({ name: tier, tier, firstByteMsP99: 50, region: tier }),
  )
  const hot = locations[0]!.id
  const startedAt = performance.now()
  for (let index = 0; index < PURE_DECISIONS; index += 1) {
    const rate = (index % 100) / 20
    decidePlacement(someFacts({ rate, locationId: hot, size: 1_000 * index }), POLICY, BOOK, locations, NOW)
  }
  return PURE_DECISIONS / ((performance.now() - startedAt) / 1_000)
}
