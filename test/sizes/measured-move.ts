import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { addLocation, countArrived, planMoves } from '../../bench/copy-parts/catalog.ts'
import { insertBucket } from '../../src/database/catalog/buckets.ts'
import type { Database } from '../../src/database/postgres.ts'
import { MIB } from '../../src/domain/bytes.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { runPhase, type SizeReport, type SizeTask } from './size-phase.ts'
import type { SizedStore } from './sized-stores.ts'

const PROGRAM = path.join(import.meta.dirname, 'size-process.ts')
/** As `bin/dim.js` asks Node. */
const LAUNCHER_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=100']
/** What a mover and an importer may take, and how much more once they are half through. */
export const MEMORY_MIB_PERMITTED = 256
export const GROWTH_PERMITTED = 1.15
/** What takes less time ends before a process has its working size. */
const GROWTH_SECONDS_MIN = 10

/** What one process did. Memory is its resident set, in MiB. */
export interface MeasuredPhase {
  readonly seconds: number
  readonly memoryMibMax: number
  /** Until half of it was read, and from then on. */
  readonly memoryMibMaxOfHalves: readonly [number, number]
}

/** What became of objects that were imported and moved by processes of their own. */
export interface MeasuredMove {
  readonly objects: number
  readonly moved: number
  readonly bytes: number
  readonly mibPerSecond: number
  readonly objectsPerSecond: number
  /** Those that do not have their one and only copy, proven, at the target. */
  readonly notArrived: number
  /** States and errors of moves that are not done. */
  readonly unfinished: readonly string[]
  readonly import: MeasuredPhase
  readonly move: MeasuredPhase
}

/** What is moved from where to where. */
export interface MoveOrder {
  readonly name: string
  readonly test: TestDatabase
  readonly source: SizedStore
  readonly target: SizedStore
  readonly objects: number
  /** Of all objects to be moved, together. */
  readonly bytes: number
  /** Default: all. */
  readonly movedMax?: number
  /** In this process, which is quicker, but whose memory tells nothing. Default: in processes of their own. */
  readonly isHere?: boolean
}

/** Imports a container and moves what is in it, and watches the memory of both. */
export async function measureMove(order: MoveOrder): Promise<MeasuredMove & { readonly bucketId: Uuid }> {
  const { database, connectionString } = order.test
  const source = {
    location: await addLocation(database, `${order.name}-source`, CONTAINER),
    store: order.source,
  }
  const target = {
    location: await addLocation(database, `${order.name}-target`, CONTAINER),
    store: order.target,
  }
  const bucketId = newId()
  await insertBucket(database, {
    id: bucketId,
    name: order.name,
    mode: 'exclusive',
    writeLocationId: source.location.id,
    policyId: null,
    principal: 'user:test',
  })
  const task = { connectionString, bucketId, source, target }
  const imported = await measure({ ...task, phase: 'import', unit: 'objects', total: order.objects }, order)
  const moved = await planMoves(database, bucketId, target.location, order.movedMax ?? null)
  await database.query('vacuum analyze')
  const amount =
    order.objects === 1
      ? ({ unit: 'bytes', total: order.bytes } as const)
      : ({ unit: 'objects', total: moved } as const)
  const move = await measure({ ...task, phase: 'move', ...amount }, order)
  return {
    bucketId,
    objects: order.objects,
    moved,
    bytes: order.bytes,
    mibPerSecond: rounded(order.bytes / MIB / move.seconds),
    objectsPerSecond: rounded(moved / move.seconds),
    notArrived: moved - (await countArrived(database, bucketId, target.location)),
    unfinished: await listUnfinished(database, bucketId),
    import: imported,
    move,
  }
}

/** The container of every such move. */
export const CONTAINER = 'sizes'

async function listUnfinished(database: Database, bucketId: Uuid): Promise<string[]> {
  const { rows } = await database.query<{ key: string; state: string; error: string | null }>(
    `select key, state, evidence -> 'error' ->> 'message' as error from migration
     where bucket_id = $1 and state <> 'done' limit 100`,
    [bucketId],
  )
  return rows.map(({ key, state, error }) => `${JSON.stringify(key)} ${state}: ${error}`)
}

async function measure(task: SizeTask, { isHere = false }: MoveOrder): Promise<MeasuredPhase> {
  const report = isHere ? await runPhase(task) : await runProcess(task)
  const [first, second] = report.memoryBytesMaxOfHalves
  return {
    seconds: rounded(report.seconds),
    memoryMibMax: rounded(report.memoryBytesMax / MIB),
    memoryMibMaxOfHalves: [rounded(first / MIB), rounded(second / MIB)],
  }
}

async function runProcess(task: SizeTask): Promise<SizeReport> {
  const flags = ['--disable-warning=ExperimentalWarning', ...LAUNCHER_FLAGS]
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROGRAM, JSON.stringify(task)])
  return JSON.parse(stdout) as SizeReport
}

/** Whether a process took no more memory, and no more of it in its second half, than permitted. */
export function isFlat({
  seconds,
  memoryMibMax,
  memoryMibMaxOfHalves: [first, second],
}: MeasuredPhase): boolean {
  const isGrowing = seconds >= GROWTH_SECONDS_MIN && second > first * GROWTH_PERMITTED
  return memoryMibMax <= MEMORY_MIB_PERMITTED && !isGrowing
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
