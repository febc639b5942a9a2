import { createHash } from 'node:crypto'
import { boundLongHolds } from '../../src/database/migrations/long-holds.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import { openBeside, openDatabase } from '../../src/database/postgres.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../src/database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../src/database/writes/upload-starts.ts'
import { MIB } from '../../src/domain/bytes.ts'
import { type FaultProxy, startFaultProxy } from '../../src/simulator/fault-proxy/fault-proxy.ts'
import type { NetworkFault } from '../../src/simulator/fault-proxy/network-fault.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import { s3Credentials, s3Settings } from '../../src/stores/s3/config.ts'
import { createS3Store } from '../../src/stores/s3/s3-store.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'
import type { S3Server } from '../services/s3-server.ts'

const CONNECTIONS_MAX = 12
const ROUNDS_MAX = 60
/** From then on the network is good. */
const BAD_ROUNDS = 12
/** One object in so many goes in parts. */
const LARGE_EVERY = 8

/** What is wrong with connections to stores and to the database. */
const FAULTS: Readonly<Record<'stores' | 'database', readonly NetworkFault[]>> = {
  stores: [
    { kind: 'reset', ms: 120, direction: 'both', toxicity: 0.2 },
    { kind: 'cut', bytes: 40_000, direction: 'down', toxicity: 0.15 },
    { kind: 'cut', bytes: 3_000_000, direction: 'up', toxicity: 0.15 },
    { kind: 'latency', ms: 3, jitterMs: 3, direction: 'both', toxicity: 0.5 },
  ],
  database: [
    { kind: 'reset', ms: 150, direction: 'both', toxicity: 0.3 },
    { kind: 'cut', bytes: 30_000, direction: 'down', toxicity: 0.2 },
    { kind: 'latency', ms: 1, jitterMs: 1, direction: 'both', toxicity: 0.5 },
  ],
}

/** What a bad network did to moves. All but the first three must be 0. */
export interface NetworkResult {
  readonly moves: number
  /** Connections that broke or were slow. */
  readonly faulty: number
  readonly ends: Readonly<Record<string, number>>
  readonly lost: number
  readonly corrupt: number
  /** Moves that are not done when the network is good again. */
  readonly notDone: number
  /** Migrations that switched or deleted more than once. */
  readonly doubled: number
}

/**
 * Moves objects between two S3 servers; every connection of the mover, also that to the database, may break.
 */
export async function moveThroughBadNetwork(options: {
  moves: number
  hot: S3Server
  cold: S3Server
  seed: string
  test?: TestDatabase
}): Promise<NetworkResult> {
  const random = seededRandom(options.seed)
  const direct = { hot: storeOf('hot-store', options.hot), cold: storeOf('cold-store', options.cold) }
  const world = await createMovingWorld({
    stores: { ...direct },
    ...(options.test === undefined ? {} : { test: options.test }),
  })
  const proxies: FaultProxy[] = []
  const bad = async (url: string, faults: readonly NetworkFault[]): Promise<string> => {
    const { hostname, port } = new URL(url)
    const proxy = await startFaultProxy({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { host: hostname, port: Number(port) },
      faults,
      random: () => random.next(),
    })
    proxies.push(proxy)
    const through = new URL(url)
    through.port = String(proxy.address.port)
    return through.toString().replace(/\/$/, '')
  }
  const badHot = { ...options.hot, endpoint: await bad(options.hot.endpoint, FAULTS.stores) }
  const badCold = { ...options.cold, endpoint: await bad(options.cold.endpoint, FAULTS.stores) }
  const shaky = { hot: storeOf('hot-store', badHot), cold: storeOf('cold-store', badCold) }
  const database = openDatabase({
    connectionString: await bad(world.test.connectionString, FAULTS.database),
    connectionsMax: CONNECTIONS_MAX,
    applicationName: 'bad-network',
    onIdleError: () => undefined,
  })
  const announcerDatabase = openBeside(database, { connectionsMax: 2, onIdleError: () => undefined })
  const shakyParts = {
    ledger: createPostgresLedger(database, boundLongHolds(database, CONNECTIONS_MAX)),
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    noteUploadStart: createUploadStartNoter(database),
  }
  try {
    const objects = await addObjects(world, options.moves, options.seed)
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const isBad = round < BAD_ROUNDS
      Object.assign(world.stores, isBad ? shaky : direct)
      world.endGrace()
      await world.letTimePass()
      // A mover whose claim failed looks again in the next round, as its loop does.
      const worked = await world
        .work({ workerId: `mover ${round}`, ...(isBad ? shakyParts : {}) })
        .catch(() => 1)
      if (worked === 0 && !isBad) break
    }
    Object.assign(world.stores, direct)
    const faulty = proxies.reduce((sum, proxy) => sum + proxy.counts.faulty, 0)
    return { moves: options.moves, faulty, ...(await lookAt(world, objects)) }
  } finally {
    await Promise.all(proxies.map(proxy => proxy.close()))
    await announcerDatabase.end()
    await database.end()
    await Promise.all([shaky.hot, shaky.cold, direct.hot, direct.cold].map(store => store.close()))
    await world.dispose()
  }
}

function storeOf(name: string, { accessKeyId, endpoint, secretAccessKey }: S3Server) {
  return createS3Store({
    name,
    settings: s3Settings.parse({
      endpoint,
      keys: 'paths',
      requestTimeoutMs: 5_000,
      capabilities: {
        conditionalPut: true,
        conditionalDelete: true,
        conditionalRead: true,
        reportedDigests: ['crc64nvme', 'sha256'],
      },
    }),
    credentials: s3Credentials.parse({ accessKeyId, secretAccessKey }),
  })
}

async function addObjects(world: MovingWorld, moves: number, seed: string): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>()
  for (let index = 0; index < moves; index++) {
    const key = `object-${index}`
    const bytes = sampleOf(index % LARGE_EVERY === 0 ? 9 * MIB : 20_000, `${seed}/${key}`)
    objects.set(key, bytes)
    await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
    await world.plan(key, { graceMs: 0, attemptsMax: 60 })
  }
  return objects
}

async function lookAt(world: MovingWorld, objects: ReadonlyMap<string, Buffer>) {
  let [lost, corrupt] = [0, 0]
  for (const [key, bytes] of objects) {
    const read = await world.read(key).catch(() => null)
    if (read === null) lost++
    else if (!read.equals(bytes)) corrupt++
  }
  const { rows } = await world.test.database.query<{ state: string; migrations: number; doubled: number }>(
    `select m.state, count(*)::int as migrations, count(*) filter (where exists (
              select 1 from migration_event e
              where e.migration_id = m.id and e.event in ('switch-won', 'source-deleted')
              group by e.event having count(*) > 1))::int as doubled
     from migration m group by m.state`,
  )
  const ends = Object.fromEntries(rows.map(row => [row.state, row.migrations]))
  const doubled = rows.reduce((sum, row) => sum + row.doubled, 0)
  return { ends, lost, corrupt, doubled, notDone: objects.size - (ends.done ?? 0) }
}

/** What no network may ever cause. */
export function damageOf(result: NetworkResult): number {
  return result.lost + result.corrupt + result.notDone + result.doubled
}
