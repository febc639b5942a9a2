import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { insertBucket } from '../src/database/catalog/buckets.ts'
import { insertLocation } from '../src/database/catalog/locations.ts'
import { insertStore } from '../src/database/catalog/stores.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { insertAccessKey } from '../src/database/people/access-keys.ts'
import { type Database, openDatabase } from '../src/database/postgres.ts'
import { KIB, MIB } from '../src/domain/bytes.ts'
import { newId } from '../src/domain/identifiers.ts'
import type { Benchmark, BenchmarkCase } from './benchmark.ts'
import type { LoadOrder, LoadResult } from './gateway-parts/load-process.ts'

const CONTAINER = 'container'
const BUCKET = 'bench'
const ACCESS_KEY = 'BENCHACCESSKEY'
const SECRET = 'bench-secret'
const ROUNDS = 5
const ROUND_SECONDS = 3

const CASES = [
  { name: 'small-get-16KiB', size: 16 * KIB, objects: 2_000, clients: 16, target: 0.25 },
  { name: 'large-get-64MiB', size: 64 * MIB, objects: 4, clients: 4, target: 0.8 },
] as const

/**
 * GET through the gateway (signature verified, object resolved in PostgreSQL, identity checked, access event
 * left) against the same files served by plain `node:http`. Server and load generator are processes of their
 * own on the same cores; rounds alternate, and the medians are compared. Ratio: gateway rate ÷ plain rate.
 */
export const benchmark: Benchmark = async ({ say }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-bench-gateway-'))
  const server = await startEmbeddedServer({ dataFolder: path.join(folder, 'database') })
  await server.ensureDatabase('bench')
  const connectionString = server.connectionString('bench')
  const database = openDatabase({
    connectionString,
    connectionsMax: 2,
    applicationName: 'bench-gateway-set-up',
    onIdleError: error => say(error.message),
  })
  const root = path.join(folder, 'store')
  const children: ChildProcess[] = []
  const start = async (file: string, ...args: string[]) => {
    const child = fork(path.join(import.meta.dirname, 'gateway-parts', file), args)
    children.push(child)
    return child
  }
  try {
    await applySchemaChanges(database)
    await prepareCatalog(database)
    const gateway = await listening(await start('gateway-process.ts', connectionString, root))
    const load = await start('load-process.ts')
    say(`${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`)
    for (const { name, size, objects } of CASES) await seed(gateway, name, size, objects)
    await database.query('analyze')
    const plain = await listening(await start('plain-process.ts', path.join(root, CONTAINER)))
    const results: BenchmarkCase[] = []
    for (const measured of CASES) results.push(await compare(measured, { gateway, plain, load, say }))
    return results
  } finally {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(children.map(child => (child.exitCode === null ? once(child, 'exit') : null)))
    await database.end()
    await server.stop()
    await removeDatabaseElsewhere(path.join(folder, 'database'))
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(
  measured: (typeof CASES)[number],
  parts: { gateway: string; plain: string; load: ChildProcess; say: (line: string) => void },
): Promise<BenchmarkCase> {
  const keys = Array.from({ length: measured.objects }, (_, index) => keyOf(measured.name, index))
  const order = { clients: measured.clients, seconds: ROUND_SECONDS, bytesEach: measured.size }
  const plainRequests = keys.map(key => ({ path: `/${key}`, headers: {} }))
  const gatewayRequests = await Promise.all(keys.map(key => signedGet(parts.gateway, `/${BUCKET}/${key}`)))
  const rounds: { gateway: LoadResult; plain: LoadResult }[] = []
  // The first round warms both up and is thrown away.
  for (let round = 0; round <= ROUNDS; round++) {
    const gateway = await drive(parts.load, { ...order, origin: parts.gateway, requests: gatewayRequests })
    const plain = await drive(parts.load, { ...order, origin: parts.plain, requests: plainRequests })
    parts.say(`${measured.name} round ${round}: gateway ${describe(gateway)}, plain ${describe(plain)}`)
    if (round > 0) rounds.push({ gateway, plain })
  }
  const gatewayRate = median(rounds.map(round => round.gateway.requestsPerSecond))
  const plainRate = median(rounds.map(round => round.plain.requestsPerSecond))
  return {
    case: measured.name,
    ratio: round3(gatewayRate / plainRate),
    target: measured.target,
    better: 'higher',
    gatewayPerSecond: round3(gatewayRate),
    plainPerSecond: round3(plainRate),
    gatewayMiBPerSecond: round3((gatewayRate * measured.size) / MIB),
    gatewayP50Ms: round3(median(rounds.map(round => round.gateway.p50Ms))),
    gatewayP99Ms: round3(median(rounds.map(round => round.gateway.p99Ms))),
    plainP50Ms: round3(median(rounds.map(round => round.plain.p50Ms))),
    plainP99Ms: round3(median(rounds.map(round => round.plain.p99Ms))),
    clients: measured.clients,
  }
}

async function drive(load: ChildProcess, order: LoadOrder): Promise<LoadResult> {
  load.send(order)
  const [answer] = (await once(load, 'message')) as [{ result?: LoadResult; error?: string }]
  if (answer.result === undefined) throw new Error(answer.error)
  return answer.result
}

async function listening(child: ChildProcess): Promise<string> {
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return `http://127.0.0.1:${port}`
}

async function seed(gateway: string, name: string, size: number, objects: number): Promise<void> {
  const body = Buffer.alloc(size, name)
  for (let index = 0; index < objects; index++) {
    const target = `/${BUCKET}/${keyOf(name, index)}`
    const { headers } = await sign('PUT', gateway, target)
    const answer = await fetch(gateway + target, { method: 'PUT', body, headers })
    if (!answer.ok) throw new Error(`seeding failed: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

async function signedGet(gateway: string, target: string) {
  const { headers } = await sign('GET', gateway, target)
  return { path: target, headers }
}

const signer = new SignatureV4({
  service: 's3',
  region: 'us-east-1',
  sha256: Sha256,
  uriEscapePath: false,
  credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
})

async function sign(method: string, origin: string, target: string) {
  const { host, hostname, protocol } = new URL(origin)
  return signer.sign({
    method,
    protocol,
    hostname,
    path: target,
    headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  })
}

async function prepareCatalog(database: Database): Promise<void> {
  const principal = 'system:bench'
  const storeId = newId()
  const locationId = newId()
  await insertStore(database, {
    id: storeId,
    name: 'bench',
    kind: 'filesystem',
    settings: {},
    credentialsSealed: null,
    principal,
  })
  await insertLocation(database, {
    id: locationId,
    name: 'bench',
    storeId,
    container: CONTAINER,
    storageClass: null,
    tier: 'hot',
    priceId: 'bench',
    region: 'bench',
    firstByteMsP99: 1,
    restoreHours: null,
    capacityBytes: null,
    principal,
  })
  await insertBucket(database, {
    id: newId(),
    name: BUCKET,
    mode: 'exclusive',
    writeLocationId: locationId,
    policyId: null,
    principal,
  })
  await insertAccessKey(database, {
    id: ACCESS_KEY,
    secretSealed: Buffer.from(SECRET),
    readerClass: 'application',
    bucketIds: null,
    mayWrite: true,
    principal,
  })
}

function keyOf(name: string, index: number): string {
  return `${name}/${String(index).padStart(6, '0')}`
}

function describe(result: LoadResult): string {
  return `${result.requestsPerSecond.toFixed(0)}/s ${(result.bytesPerSecond / MIB).toFixed(0)} MiB/s p50 ${result.p50Ms.toFixed(1)} ms`
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
