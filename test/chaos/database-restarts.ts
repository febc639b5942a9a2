import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { GIB } from '../../src/domain/bytes.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { faultyStore } from '../../src/stores/wrappers/faulty-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { runLoop } from '../../src/workers/loop.ts'
import { createMigrationWorker } from '../../src/workers/run-migrations.ts'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'

const OBJECTS_PER_RESTART = 40
const OBJECT_BYTES = 2_000
/** Requests to stores take a little, so that moves are under way when the database goes. */
const STORE_MS = 15
const RESTART_AFTER_MS_MAX = 400
const LEASE_MS = 2_000
/** What is not done by then never will be; machines may be busy. */
const RESUME_MS_MAX = 60_000

/** What restarts of the database did to moves. All but the first three must be 0. */
export interface RestartsResult {
  readonly restarts: number
  readonly migrations: number
  /** From when the database answered again until everything was done, the longest. */
  readonly resumeSecondsMax: number
  readonly lost: number
  readonly corrupt: number
  /** Migrations that did not come to their end. */
  readonly unfinished: number
  /** Migrations that switched or deleted more than once. */
  readonly doubled: number
}

/** Stops and starts a PostgreSQL server of its own while objects are moved, again and again. */
export async function moveThroughRestarts(options: {
  restarts: number
  folder: string
  seed: string
}): Promise<RestartsResult> {
  const random = seededRandom(options.seed)
  const server = await startTestDatabaseServer(options.folder)
  const test = await cloneDatabase(server.url, { connectionsMax: 24, mayBreak: true })
  const slow = (name: string) =>
    faultyStore(createMemoryStore({ name, settings: { capacityBytes: GIB } }), {
      rules: [{ fault: 'delayed', delayMs: STORE_MS }],
      random: () => random.next(),
    })
  const world = await createMovingWorld({
    test,
    stores: { hot: slow('hot-store'), cold: slow('cold-store') },
  })
  const stopping = new AbortController()
  const parts = { ...world.parts, leaseMs: LEASE_MS }
  const running = runLoop(createMigrationWorker(parts), { signal: stopping.signal, log: silentLogger })
  const expected = new Map<string, Buffer>()
  let resumeSecondsMax = 0
  let unfinished = 0
  try {
    for (let restart = 1; restart <= options.restarts && unfinished === 0; restart++) {
      await planSome(world, expected, restart)
      await delay(random.next() * RESTART_AFTER_MS_MAX)
      await server.restart()
      const startMs = performance.now()
      unfinished = await waitForAll(world)
      resumeSecondsMax = Math.max(resumeSecondsMax, (performance.now() - startMs) / 1_000)
    }
    const damage = await lookAt(world, expected)
    const { restarts } = options
    return { restarts, migrations: expected.size, resumeSecondsMax, unfinished, ...damage }
  } finally {
    stopping.abort()
    await running
    await world.dispose()
    await server.stop()
    await server.forget()
  }
}

async function planSome(world: MovingWorld, expected: Map<string, Buffer>, restart: number): Promise<void> {
  for (let index = 0; index < OBJECTS_PER_RESTART; index++) {
    const key = `restart-${restart}/${index}`
    const bytes = sampleOf(OBJECT_BYTES, key)
    expected.set(key, bytes)
    await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
    await world.plan(key, { graceMs: 0, attemptsMax: 20 })
  }
}

/** Resolves to how many are left when nothing more will happen. */
async function waitForAll(world: MovingWorld): Promise<number> {
  const until = performance.now() + RESUME_MS_MAX
  while (true) {
    world.endGrace()
    const { rows } = await world.test.database.query<{ left: number }>(
      `select count(*)::int as left from migration where state <> 'done'`,
    )
    if (rows[0]!.left === 0 || performance.now() > until) return rows[0]!.left
    await delay(50)
  }
}

async function lookAt(world: MovingWorld, expected: ReadonlyMap<string, Buffer>) {
  let [lost, corrupt] = [0, 0]
  for (const [key, bytes] of expected) {
    const read = await world.read(key).catch(() => null)
    if (read === null) lost++
    else if (!read.equals(bytes)) corrupt++
  }
  const { rows } = await world.test.database.query<{ doubled: number }>(
    `select count(*)::int as doubled from (
       select 1 from migration_event where event in ('switch-won', 'source-deleted')
       group by migration_id, event having count(*) > 1) as twice`,
  )
  return { lost, corrupt, doubled: rows[0]!.doubled }
}

/** What no restart may ever cause. */
export function damageOf(result: RestartsResult): number {
  return result.lost + result.corrupt + result.unfinished + result.doubled
}
