import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { type Database, openDatabase } from '../src/database/postgres.ts'
import { KIB, MIB } from '../src/domain/bytes.ts'
import type { ObjectStore } from '../src/stores/object-store.ts'
import { s3Credentials, s3Settings } from '../src/stores/s3/config.ts'
import { createS3Store } from '../src/stores/s3/s3-store.ts'
import { type S3Server, startS3Server } from '../test/services/s3-server.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'
import { addLocation, countArrived, importLocation, planMoves } from './copy-parts/catalog.ts'
import type { MoverOrder, MoverReport, MoverTask } from './copy-parts/mover-process.ts'
import { openRclone, type Rclone } from './copy-parts/rclone.ts'

/** Sets of objects, how many of them move at once, and how rclone is tuned for them. */
const SETS = [
  {
    name: '4000 x 16 KiB',
    objects: 4_000,
    size: 16 * KIB,
    concurrency: 32,
    target: 0.9,
    rclone: ['--transfers', '32', '--checkers', '32'],
  },
  {
    name: '200 x 4 MiB',
    objects: 200,
    size: 4 * MIB,
    concurrency: 32,
    target: 0.85,
    rclone: ['--transfers', '16', '--checkers', '16'],
  },
  {
    name: '4 x 512 MiB',
    objects: 4,
    size: 512 * MIB,
    concurrency: 4,
    target: 1.3,
    rclone: [
      ...['--transfers', '4', '--checkers', '4', '--s3-chunk-size', '16M', '--s3-upload-concurrency', '4'],
      ...['--multi-thread-streams', '4', '--multi-thread-chunk-size', '16M'],
    ],
  },
] as const

const ROUNDS = 5
/** As `bin/dim.js` starts the product. */
const LAUNCHER_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=100']
const MEMORY_BYTES_TARGET = 256 * MIB
/** Where files live in memory, so that no disk is measured. */
const TMPFS = '/dev/shm'
const CAPABILITIES = {
  conditionalPut: true,
  conditionalDelete: true,
  conditionalRead: true,
  reportedDigests: ['crc64nvme', 'sha256'],
  multipartDigests: true,
}

/**
 * Moves between two real S3 servers on a memory file system, through the whole durable life cycle without
 * grace and with every copy proven, against `rclone move` of the same objects: it compares sizes and the digests
 * it can get, deletes the source as we do, and remembers nothing. Rounds alternate; each finds its objects where
 * the round before left them. rclone is started for each round, as it is used; our mover is a service that runs
 * already, and its first round, in which it warms up, counts like the others. Ratio: our rate ÷ rclone's.
 *
 * `DIM_BENCH_SETS=16,4` measures some of the sets, by the beginning of their names' sizes; `DIM_BENCH_ROUNDS`
 * sets the number of rounds.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const memory = await access(TMPFS).then(
    () => TMPFS,
    () => tmpdir(),
  )
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-copy-'))
  const postgres = await startEmbeddedServer({ dataFolder: path.join(folder, 'database') })
  await postgres.ensureDatabase('bench')
  const connectionString = postgres.connectionString('bench')
  const database = openDatabase({
    connectionString,
    connectionsMax: 4,
    applicationName: 'bench-copy-set-up',
    onIdleError: error => say(error.message),
  })
  const started: S3Server[] = []
  const start = async () => {
    const server = await startS3Server({ parentFolder: memory, keepsConnections: true })
    if ('missing' in server) throw new Error(server.missing)
    started.push(server)
    return server
  }
  try {
    await applySchemaChanges(database)
    const servers = { one: await start(), two: await start() }
    const rclone = await openRclone(folder, servers)
    if (rclone === null) throw new Error('rclone is not installed: run "bench/copy-parts/rclone install"')
    const results: BenchmarkCase[] = []
    for (const set of SETS) {
      if (!isAsked(set.name)) continue
      say(`${set.name}, load ${loadavg()[0]!.toFixed(1)}`)
      results.push(...(await measureSet({ set, database, connectionString, servers, rclone, say })))
    }
    return results
  } finally {
    await Promise.all(started.map(server => server.stop()))
    await database.end()
    await postgres.stop()
    await removeDatabaseElsewhere(path.join(folder, 'database'))
    await rm(folder, { recursive: true, force: true })
  }
}

function isAsked(name: string): boolean {
  const asked = process.env.DIM_BENCH_SETS?.split(',')
  return asked === undefined || asked.some(size => name.includes(` x ${size}`))
}

interface Measured {
  readonly set: (typeof SETS)[number]
  readonly database: Database
  readonly connectionString: string
  readonly servers: { readonly one: S3Server; readonly two: S3Server }
  readonly rclone: Rclone
  readonly say: (line: string) => void
}

async function measureSet(measured: Measured): Promise<BenchmarkCase[]> {
  const { set, database, servers, rclone, say } = measured
  const slug = `set-${set.size / KIB}k`
  const stores = { one: storeOf('one', servers.one), two: storeOf('two', servers.two) }
  let mover: Mover | null = null
  try {
    for (const store of [stores.one, stores.two]) {
      await store.ensureContainer(slug)
      await store.ensureContainer(`${slug}-rclone`)
    }
    await fill(stores.one, [slug, `${slug}-rclone`], set.objects, set.size)
    const locations = {
      one: await addLocation(database, `${slug}-one`, slug),
      two: await addLocation(database, `${slug}-two`, slug),
    }
    const bucketId = await importLocation(database, stores.one, locations.one)
    const task: MoverTask = {
      connectionString: measured.connectionString,
      concurrency: set.concurrency,
      stores: (['one', 'two'] as const).map(name => ({
        id: locations[name].storeId,
        name,
        settings: settingsOf(servers[name]),
        credentials: credentialsOf(servers[name]),
      })),
      locations: [locations.one, locations.two],
    }
    mover = startMover(task)
    const ours: MoverReport[] = []
    const theirs: MoverReport[] = []
    const rounds = Number(process.env.DIM_BENCH_ROUNDS ?? ROUNDS)
    for (let round = 0; round < rounds; round++) {
      const [from, to] = round % 2 === 0 ? (['one', 'two'] as const) : (['two', 'one'] as const)
      const flags = ['--no-traverse', '--fast-list', '-q', ...set.rclone]
      theirs.push(await rclone.run('move', `${from}:${slug}-rclone`, `${to}:${slug}-rclone`, ...flags))
      await planMoves(database, bucketId, locations[to])
      ours.push(await mover.run())
      const arrived = await countArrived(database, bucketId, locations[to])
      if (arrived !== set.objects) throw new Error(`${arrived} of ${set.objects} objects arrived`)
      const [a, b] = [theirs.at(-1)!, ours.at(-1)!]
      say(`round ${round + 1}: rclone ${a.seconds.toFixed(2)} s, ours ${b.seconds.toFixed(2)} s`)
    }
    return casesOf(set, ours, theirs)
  } finally {
    await mover?.stop()
    await Promise.all([stores.one.close(), stores.two.close()])
  }
}

function casesOf(
  set: Measured['set'],
  ours: readonly MoverReport[],
  theirs: readonly MoverReport[],
): BenchmarkCase[] {
  const middle = (reports: readonly MoverReport[], fact: keyof MoverReport) =>
    median(reports.map(report => report[fact]))
  const seconds = middle(ours, 'seconds')
  const rcloneSeconds = middle(theirs, 'seconds')
  const memory = Math.max(...ours.map(report => report.memoryBytesMax))
  return [
    {
      case: set.name,
      ratio: rcloneSeconds / seconds,
      target: set.target,
      better: 'higher',
      objectsPerSecond: set.objects / seconds,
      rcloneObjectsPerSecond: set.objects / rcloneSeconds,
      mbPerSecond: (set.objects * set.size) / seconds / 1e6,
      rcloneMbPerSecond: (set.objects * set.size) / rcloneSeconds / 1e6,
      clientCpuSeconds: middle(ours, 'cpuSeconds'),
      rcloneCpuSeconds: middle(theirs, 'cpuSeconds'),
      memoryMiBMax: memory / MIB,
      rcloneMemoryMiBMax: Math.max(...theirs.map(report => report.memoryBytesMax)) / MIB,
    },
    {
      case: `${set.name}: peak memory`,
      ratio: memory / MEMORY_BYTES_TARGET,
      target: 1,
      better: 'lower',
    },
  ]
}

interface Mover {
  run(): Promise<MoverReport>
  stop(): Promise<void>
}

/** A mover in a process of its own, which stays from round to round as the product's does. */
function startMover(task: MoverTask): Mover {
  const file = path.join(import.meta.dirname, 'copy-parts', 'mover-process.ts')
  const child = fork(file, [JSON.stringify(task)], { execArgv: LAUNCHER_FLAGS })
  const ended = once(child, 'close')
  const order = (what: MoverOrder) => child.send(what)
  return {
    async run() {
      order('run')
      const report = await Promise.race([once(child, 'message'), ended.then(() => null)])
      if (report === null) throw new Error('the mover ended before its work')
      return report[0] as MoverReport
    },
    async stop() {
      if (child.connected) order('stop')
      await ended
    },
  }
}

async function fill(
  store: ObjectStore,
  containers: readonly string[],
  objects: number,
  size: number,
): Promise<void> {
  const left = containers.flatMap(container =>
    Array.from({ length: objects }, (_, index) => ({
      container,
      key: `data/${index % 40}/object-${String(index).padStart(6, '0')}.bin`,
    })),
  )
  const block = randomBytes(Math.min(size, 16 * MIB))
  const put = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const body = async function* () {
        for (let sent = 0; sent < size; sent += block.length) yield block.subarray(0, size - sent)
      }
      await store.put(next.container, next.key, size <= block.length ? block : body(), { size })
    }
  }
  await Promise.all(Array.from({ length: 8 }, put))
}

function storeOf(name: string, server: S3Server): ObjectStore {
  const settings = s3Settings.parse(settingsOf(server))
  return createS3Store({ name, settings, credentials: s3Credentials.parse(credentialsOf(server)) })
}

function settingsOf({ endpoint }: S3Server): object {
  return { endpoint, keys: 'paths', incompleteBodies: 'refused', capabilities: CAPABILITIES, socketsMax: 64 }
}

function credentialsOf({ accessKeyId, secretAccessKey }: S3Server): object {
  return { accessKeyId, secretAccessKey }
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]!
}
