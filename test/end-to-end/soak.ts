import { setTimeout as delay } from 'node:timers/promises'
import PQueue from 'p-queue'
import { prepareFolder } from '../../src/app/demo/demo-folder.ts'
import { createNarrator } from '../../src/app/demo/narrate.ts'
import { closeStage, openStage, type Stage } from '../../src/app/demo/stage.ts'
import { type Database, openDatabase } from '../../src/database/postgres.ts'
import { MIB } from '../../src/domain/bytes.ts'
import { HOUR, MINUTE, SECOND } from '../../src/domain/duration.ts'
import type { FaultRule } from '../../src/domain/fault.ts'
import { contentOf, contentSha256 } from '../../src/simulator/traffic/content.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { countMoves, type MovesMade, moveUpAndDown } from './move-up-and-down.ts'

const BUCKET = 'soak'
const OPEN_MAX = 8
const SIZE_BYTES_MIN = 100
const SIZE_BYTES_SPAN = 4_000
const MOVES_OPEN_MAX = 60
const READ_EVERY_MS = 20
const LOOK_MS = 10 * SECOND
/** After the faults everything must have come to its end within so long. */
const CONVERGE_MS_MAX = 10 * MINUTE
const READ_TRIES_MAX = 5

/** One request of twenty at each of the three stores goes wrong; nothing that is kept is damaged. */
const FAULTS: readonly FaultRule[] = [
  { fault: 'refused', probability: 0.02 },
  { fault: 'answer-lost', probability: 0.01 },
  { fault: 'cut', probability: 0.01 },
  { fault: 'delayed', delayMs: 200, probability: 0.01 },
]

/** What a long run under faults showed. */
export interface SoakResult extends MovesMade {
  readonly objects: number
  readonly minutes: number
  readonly reads: number
  /** Reads that got an error while stores failed. */
  readonly readErrors: number
  readonly wrongBytes: number
  /** Moves without an end ten minutes after the last fault. */
  readonly unfinished: number
  /** Objects that cannot be read after it. */
  readonly unreadable: number
  /** Seconds from the last fault until nothing was under way. */
  readonly convergedSeconds: number
  /** Resident memory of the whole product with both clouds: the most, and the medians of its four quarters. */
  readonly memoryMibMax: number
  readonly memoryMibOfQuarters: readonly number[]
  /** Least squares over the time after the first quarter. */
  readonly memoryMibPerHour: number
}

/**
 * Runs the whole product for so long, with moves without rest between a folder and two clouds, while one request
 * of twenty to each of them goes wrong; then lets it come to rest and reads everything.
 */
export async function soak(options: {
  folder: string
  objects: number
  minutes: number
  say: (line: string) => void
}): Promise<SoakResult> {
  const { folder, minutes, objects, say } = options
  const narrator = createNarrator({ print: () => undefined, nowMs: () => performance.now() })
  await prepareFolder(folder, { anew: true })
  const stage = await openStage(
    { environment: {}, folder, objects: 0, freePorts: true, log: silentLogger },
    narrator,
  )
  const database = openDatabase({
    connectionString: stage.server.embedded!.connectionString('dim'),
    connectionsMax: 2,
    applicationName: 'soak',
    onIdleError: () => undefined,
  })
  try {
    const { onPremLocationId } = stage.world
    await stage.api.post('/v1/buckets', {
      name: BUCKET,
      mode: 'exclusive',
      writeLocationId: onPremLocationId,
    })
    await createObjects(stage, objects)
    say(`${objects} objects are there`)
    await startDrills(stage, minutes)
    const ending = new AbortController()
    const memory = watchMemory(ending.signal)
    const reads = { count: 0, errors: 0, wrongBytes: 0 }
    const moved = { database, bucket: BUCKET, keys: null, openMax: MOVES_OPEN_MAX, attemptsMax: 60 }
    const work = Promise.all([
      moveUpAndDown(moved, ending.signal),
      readWithoutRest(stage, objects, reads, ending.signal),
    ])
    const over = delay(minutes * MINUTE, undefined, { signal: ending.signal }).catch(() => undefined)
    await Promise.race([over, work])
    ending.abort()
    await work
    say(`the time is over; ${reads.count} reads, ${reads.errors} of them got an error`)
    await stopDrills(stage)
    const convergedSeconds = await untilRest(database)
    const { unfinished } = await countOpen(database)
    const made = await countMoves(database)
    const { unreadable, wrongBytes } = await readAll(stage, objects)
    return {
      objects,
      minutes,
      reads: reads.count,
      readErrors: reads.errors,
      wrongBytes: reads.wrongBytes + wrongBytes,
      unfinished,
      unreadable,
      convergedSeconds,
      ...made,
      ...memory.result(),
    }
  } finally {
    await database.end()
    await closeStage(stage, narrator)
  }
}

/** What no time may ever cause. */
export function damageOf(result: SoakResult): number {
  return result.wrongBytes + result.unfinished + result.unreadable + Object.keys(result.movesNotDone).length
}

const keyOf = (index: number) => `${String(index % 100).padStart(2, '0')}/${index}`
const sizeOf = (index: number) => SIZE_BYTES_MIN + ((index * 7_919) % SIZE_BYTES_SPAN)

async function createObjects({ client }: Stage, objects: number): Promise<void> {
  await each(objects, async index => {
    const [key, size] = [keyOf(index), sizeOf(index)]
    const body = { chunks: contentOf(key, size), size, sha256: contentSha256(key, size) }
    const { errorCode } = await client.write(BUCKET, key, body)
    if (errorCode !== null) throw new Error(`${key} cannot be written: ${errorCode}`)
  })
}

async function each(objects: number, work: (index: number) => Promise<void>): Promise<void> {
  const queue = new PQueue({ concurrency: OPEN_MAX })
  const failures: unknown[] = []
  for (let index = 0; index < objects && failures.length === 0; index++) {
    await queue.onSizeLessThan(OPEN_MAX)
    queue.add(() => work(index)).catch((error: unknown) => failures.push(error))
  }
  await queue.onIdle()
  if (failures.length > 0) throw failures[0]
}

/** `wrong` tells of a defect, `error` of an answer without the object. */
async function readOne({ client }: Stage, index: number): Promise<'right' | 'wrong' | 'error'> {
  const [key, size] = [keyOf(index), sizeOf(index)]
  const answer = await client.read(BUCKET, key).catch(() => null)
  if (answer?.status !== 200 || answer.errorCode !== null) return 'error'
  // A connection that breaks in the middle is an error that every client sees.
  if (answer.bytes < size) return 'error'
  return answer.sha256 === contentSha256(key, size) ? 'right' : 'wrong'
}

async function readWithoutRest(
  stage: Stage,
  objects: number,
  reads: { count: number; errors: number; wrongBytes: number },
  signal: AbortSignal,
): Promise<void> {
  const random = seededRandom('reads')
  while (!signal.aborted) {
    const came = await readOne(stage, Math.floor(random.next() * objects))
    reads.count++
    if (came === 'error') reads.errors++
    if (came === 'wrong') reads.wrongBytes++
    await delay(READ_EVERY_MS)
  }
}

async function readAll(stage: Stage, objects: number): Promise<{ unreadable: number; wrongBytes: number }> {
  let [unreadable, wrongBytes] = [0, 0]
  await each(objects, async index => {
    let came = await readOne(stage, index)
    for (let tries = 1; came === 'error' && tries < READ_TRIES_MAX; tries++) {
      await delay(SECOND)
      came = await readOne(stage, index)
    }
    if (came === 'error') unreadable++
    if (came === 'wrong') wrongBytes++
  })
  return { unreadable, wrongBytes }
}

async function storesOf({ api }: Stage): Promise<string[]> {
  const { items } = await api.get<{ items: { id: string }[] }>('/v1/stores')
  return items.map(({ id }) => id)
}

async function startDrills(stage: Stage, minutes: number): Promise<void> {
  for (const id of await storesOf(stage)) {
    await stage.api.patch(`/v1/stores/${id}/limits`, { isForDrills: true })
    const drill = { rules: FAULTS, seconds: minutes * 60 + 600, seed: 'soak' }
    await stage.api.post(`/v1/stores/${id}/drill`, drill)
  }
}

async function stopDrills(stage: Stage): Promise<void> {
  for (const id of await storesOf(stage))
    await stage.api.patch(`/v1/stores/${id}/limits`, { isForDrills: false })
}

async function countOpen(database: Database): Promise<{ unfinished: number }> {
  const { rows } = await database.query<{ unfinished: number }>(
    'select count(*)::int as unfinished from migration where finished_at is null',
  )
  return rows[0]!
}

async function untilRest(database: Database): Promise<number> {
  const from = performance.now()
  while (performance.now() - from < CONVERGE_MS_MAX) {
    if ((await countOpen(database)).unfinished === 0) break
    await delay(SECOND)
  }
  return Math.round((performance.now() - from) / SECOND)
}

function watchMemory(signal: AbortSignal) {
  const looks: { readonly hours: number; readonly mib: number }[] = []
  const from = performance.now()
  const look = () =>
    looks.push({ hours: (performance.now() - from) / HOUR, mib: process.memoryUsage.rss() / MIB })
  const timer = setInterval(look, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  return {
    result: () => {
      const quarter = Math.ceil(looks.length / 4)
      const quarters = [0, 1, 2, 3].map(index => looks.slice(index * quarter, (index + 1) * quarter))
      return {
        memoryMibMax: Math.round(Math.max(...looks.map(({ mib }) => mib))),
        memoryMibOfQuarters: quarters.map(part => Math.round(medianOf(part.map(({ mib }) => mib)))),
        memoryMibPerHour: Math.round(slopeOf(looks.slice(quarter)) * 10) / 10,
      }
    },
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function slopeOf(looks: readonly { readonly hours: number; readonly mib: number }[]): number {
  const mean = (of: (look: { hours: number; mib: number }) => number) =>
    looks.reduce((sum, look) => sum + of(look), 0) / looks.length
  const [hours, mib] = [mean(look => look.hours), mean(look => look.mib)]
  const spread = mean(look => (look.hours - hours) ** 2)
  return spread === 0 ? 0 : mean(look => (look.hours - hours) * (look.mib - mib)) / spread
}
