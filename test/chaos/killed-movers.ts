import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MIB } from '../../src/domain/bytes.ts'
import { wallClock } from '../../src/domain/clock.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { BOUNDARIES, type Boundary } from '../../src/workers/migrations/migration-parts.ts'
import { createLostUploadAborter } from '../../src/workers/sweeping/abort-lost-uploads.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { CONTAINER, createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'
import { type ChaosServer, type ChaosServerKind, openChaosStore } from './chaos-servers.ts'
import type { MoverTask } from './mover-process.ts'

const PROGRAM = path.join(import.meta.dirname, 'mover-process.ts')
/** An object that is put whole, and one that goes in parts where the store has any. */
export const SIZES: readonly number[] = [1_000, 9 * MIB]
/** Shorter than the product's, so that a test need not wait for it. */
export const LEASE_MS = 1_500
/** What is not done by then never will be; machines may be busy. */
const SURVIVE_MS_MAX = 60_000
/** Boundaries only objects that go in parts come to. */
export const OF_UPLOADS: readonly Boundary[] = ['upload-begun', 'parts-staged']
/** Where movers to a server of this kind can fall: at the emulator of Google nothing goes in parts. */
export function boundariesOf(kind: ChaosServerKind): readonly Boundary[] {
  return BOUNDARIES.filter(boundary => kind !== 'gcs' || !OF_UPLOADS.includes(boundary))
}
/** Where a mover may sleep without holding the object's lock, which nobody could take from it. */
export const STOPPING_POINTS: readonly Boundary[] = [
  'source-read',
  'before-publication',
  'proven',
  'deletion-intended',
]
const FALL_MS_MAX = 60_000
/** Where others began an upload. */
const FOREIGN_KEY = 'of others'
/** So many rounds the loop that aborts lost uploads has for all that the dead left. */
const JANITOR_ROUNDS = 2
/** How often an ended process is waited for at most. */
const ATTEMPTS_MAX = 50

/** Two real servers, a database and the moves between them. */
export interface FallingWorld {
  readonly world: MovingWorld
  readonly expected: Map<string, Buffer>
  /** An upload that others began at the target, where it takes any that can be listed. */
  readonly foreignUploadId: string | null
  readonly task: Omit<MoverTask, 'fall' | 'verification'>
  close(): Promise<void>
}

const containers = new WeakMap<ChaosServer, Promise<void>>()

/**
 * Worlds that begin together share their servers. A server that is making a bucket answers another request to make
 * the same one with an internal error, as versitygw does between the folder and its access list.
 */
function makeContainerOnce(server: ChaosServer, store: ObjectStore): Promise<void> {
  const made = containers.get(server) ?? store.ensureContainer(CONTAINER)
  containers.set(server, made)
  return made
}

/** Makes the world; its stores are opened here, too, for those who survive. */
export async function createFallingWorld(options: {
  hot: ChaosServer
  cold: ChaosServer
  test?: TestDatabase
}): Promise<FallingWorld> {
  const stores = { hot: openChaosStore(options.hot), cold: openChaosStore(options.cold) }
  await makeContainerOnce(options.hot, stores.hot)
  await makeContainerOnce(options.cold, stores.cold)
  const { multipart } = stores.cold
  const foreign = multipart?.list === undefined ? null : await multipart.create(CONTAINER, FOREIGN_KEY, {})
  const world = await createMovingWorld({
    stores,
    ...(options.test === undefined ? {} : { test: options.test }),
  })
  const locationOf = async (tier: 'hot' | 'cold') =>
    (await world.parts.locationById(world.locationIds[tier]))!
  const locations = [await locationOf('hot'), await locationOf('cold')]
  return {
    world,
    expected: new Map(),
    foreignUploadId: foreign?.uploadId ?? null,
    task: {
      connectionString: world.test.connectionString,
      leaseMs: LEASE_MS,
      locations,
      stores: [
        { id: locations[0]!.storeId, ...pick(options.hot) },
        { id: locations[1]!.storeId, ...pick(options.cold) },
      ],
    },
    async close() {
      await Promise.all([stores.hot.close(), stores.cold.close()])
      await world.dispose()
    },
  }
}

function pick({ store, credentials }: ChaosServer): Pick<ChaosServer, 'store' | 'credentials'> {
  return { store, credentials }
}

/** A mover in a process of its own, which fell where it was told to. */
export interface FallenMover {
  readonly child: ChildProcess
  /** How it ended, once it did. */
  readonly ended: Promise<NodeJS.Signals | number | null>
}

/**
 * Plans moves and starts a mover that sends itself the signal at the boundary. Resolves when it is dead, or
 * stopped. Rejects when it never came there.
 */
export async function letFall(
  { world, expected, task }: FallingWorld,
  fall: NonNullable<MoverTask['fall']> & { name: string; sizes?: readonly number[] },
): Promise<FallenMover> {
  for (const size of fall.sizes ?? SIZES) {
    const key = `${fall.name}/${fall.boundary}/${size}`
    const bytes = sampleOf(size, key)
    expected.set(key, bytes)
    await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
    await world.plan(key, { graceMs: 0, attemptsMax: ATTEMPTS_MAX })
  }
  const { boundary, signal } = fall
  // A copy that its store reports to be right is proven and switched to in one.
  const isSeparate = boundary === 'proven' || boundary === 'switched'
  const verification = isSeparate ? 'read-back' : 'reported'
  const child = startMover({ ...task, verification, fall: { boundary, signal } })
  const ended = once(child, 'exit').then(
    ([code, signal]) => (signal ?? code) as NodeJS.Signals | number | null,
  )
  const end = await Promise.race([ended, hasStopped(child)])
  if (end !== (signal === 'SIGKILL' ? 'SIGKILL' : 'stopped')) {
    child.kill('SIGKILL')
    throw new Error(`the mover was to fall at ${boundary} and ended with ${String(end)}`)
  }
  return { child, ended }
}

/** Starts a mover in a process of its own. */
export function startMover(task: MoverTask, environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // Hundreds of movers read the same files: what Node made of them is kept.
    env: { ...process.env, NODE_COMPILE_CACHE: path.join(tmpdir(), 'dim-compile-cache'), ...environment },
  })
}

async function hasStopped(child: ChildProcess): Promise<'stopped' | 'late'> {
  const until = performance.now() + FALL_MS_MAX
  while (performance.now() < until && child.exitCode === null && child.signalCode === null) {
    const facts = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '')
    if (/\) T /.test(facts)) return 'stopped'
    await delay(20)
  }
  return child.signalCode === null && child.exitCode === null ? 'late' : new Promise(() => undefined)
}

/** What became of everything that was planned. All but the recovery must be 0. */
export interface FallResult {
  readonly lost: number
  readonly corrupt: number
  /** Objects with bytes in both stores, or in none. */
  readonly duplicates: number
  /** Migrations that are not done. */
  readonly unfinished: number
  /** Migrations that switched or deleted more than once. */
  readonly doubled: number
  /** Uploads of the dead that are left after the janitor's rounds. */
  readonly uploads: number
  /** Uploads of others that are gone. */
  readonly foreignAborted: number
  /** Until everything was done, from when the survivor began, in seconds. */
  readonly recoverySeconds: number
}

/** Lets another mover, in this process, finish what the fallen ones left, and looks at everything. */
export async function survive(falling: FallingWorld): Promise<FallResult> {
  const { world } = falling
  const startMs = performance.now()
  const until = startMs + SURVIVE_MS_MAX
  let unfinished = await unfinishedOf(world)
  while (unfinished > 0 && performance.now() < until) {
    world.endGrace()
    if ((await world.work({ workerId: 'survivor', leaseMs: 30_000 })) === 0) await delay(100)
    unfinished = await unfinishedOf(world)
  }
  const recoverySeconds = (performance.now() - startMs) / 1_000
  for (let round = 0; round < JANITOR_ROUNDS; round++) await cleanUp(world)
  return { ...(await lookAt(falling)), unfinished, recoverySeconds }
}

/** One round for what was left without an id; a real one waits until it is a day old. */
async function cleanUp(world: MovingWorld): Promise<void> {
  const janitor = createLostUploadAborter({
    database: world.test.database,
    openStore: world.parts.openStore,
    wallClock,
    log: silentLogger,
    ageMs: 0,
  })
  while ((await janitor.step(new AbortController().signal)) > 0);
}

async function unfinishedOf(world: MovingWorld): Promise<number> {
  const { rows } = await world.test.database.query<{ unfinished: number }>(
    `select count(*)::int as unfinished from migration where state <> 'done'`,
  )
  return rows[0]!.unfinished
}

/** The state of every object and its copies. */
export async function lookAt({ world, expected, foreignUploadId }: FallingWorld) {
  await world.sweep()
  const keys = async (store: ObjectStore) =>
    new Set((await store.list('data')).objects.map(object => object.key))
  const [hot, cold] = [await keys(world.stores.hot), await keys(world.stores.cold)]
  const uploadsAt = async (key: string) =>
    (await world.stores.cold.multipart?.list?.(CONTAINER, key))?.map(({ uploadId }) => uploadId) ?? []
  let [lost, corrupt, duplicates, uploads] = [0, 0, 0, 0]
  for (const [key, bytes] of expected) {
    const read = await world.read(key).catch(() => null)
    if (read === null) lost++
    else if (!read.equals(bytes)) corrupt++
    const copies = await world.copies(key)
    const places = copies.filter(copy =>
      (copy.locationId === world.locationIds.hot ? hot : cold).has(copy.nativeKey),
    ).length
    const everywhere = Number(hot.has(key)) + copies.filter(copy => cold.has(copy.nativeKey)).length
    if (places !== 1 || everywhere !== 1) duplicates++
    const keysThere = new Set([key, ...copies.map(copy => copy.nativeKey)])
    for (const keyThere of keysThere) uploads += (await uploadsAt(keyThere)).length
  }
  const isForeignLeft = foreignUploadId === null || (await uploadsAt(FOREIGN_KEY)).includes(foreignUploadId)
  const { rows } = await world.test.database.query<{ doubled: number }>(
    `select count(*)::int as doubled from (
       select 1 from migration_event where event in ('switch-won', 'source-deleted')
       group by migration_id, event having count(*) > 1) as twice`,
  )
  const foreignAborted = isForeignLeft ? 0 : 1
  return { lost, corrupt, duplicates, uploads, foreignAborted, doubled: rows[0]!.doubled }
}

/** What no death may ever cause. */
export function damageOf(result: FallResult): number {
  const { corrupt, doubled, duplicates, foreignAborted, lost, unfinished, uploads } = result
  return lost + corrupt + duplicates + unfinished + doubled + uploads + foreignAborted
}
