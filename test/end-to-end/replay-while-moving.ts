import { prepareFolder } from '../../src/app/demo/demo-folder.ts'
import { createNarrator } from '../../src/app/demo/narrate.ts'
import { closeStage, openStage, type Stage } from '../../src/app/demo/stage.ts'
import { openDatabase } from '../../src/database/postgres.ts'
import type { LoggedRequest } from '../../src/events/access-log/access-log-line.ts'
import { takeInventory } from '../../src/simulator/replay/replay-inventory.ts'
import { noUnusedLines, readRequests } from '../../src/simulator/replay/replay-log.ts'
import { createObjects, type Replay, replayRequests } from '../../src/simulator/replay/run-replay.ts'
import { emptyTrafficCounts } from '../../src/simulator/traffic/drive-requests.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { countMoves, type MovesMade, moveUpAndDown } from './move-up-and-down.ts'

/** What a replay showed while its objects moved. */
export interface MovingReplay extends MovesMade {
  readonly objects: number
  readonly reads: number
  readonly bytesRead: number
  readonly errors: number
  readonly errorKinds: Readonly<Record<string, { readonly count: number; readonly example: string }>>
  readonly wrongBytes: number
  readonly seconds: number
}

const BUCKET = 'nasa'
/** Few enough that the moves, in the same process, have their share of it. */
const OPEN_MAX = 6
/** The most read objects are the ones that move, so that most reads meet an object that moves or has moved. */
const MOVING_SHARE = 0.1
/** Enough that all workers have something to do, few enough that every object is soon moved again. */
const MOVES_OPEN_MAX = 48

/**
 * Replays the first requests of a log as real GETs, as fast as they are answered, while the most read objects
 * are moved between a folder and two S3 servers, down and up again, without rest.
 */
export async function replayWhileMoving(options: {
  folder: string
  log: string
  requestsMax: number
}): Promise<MovingReplay> {
  const narrator = createNarrator({ print: () => undefined, nowMs: () => performance.now() })
  const log = () => first(readRequests(options.log, noUnusedLines()), options.requestsMax)
  const inventory = await takeInventory(log())
  await prepareFolder(options.folder, { anew: true })
  const stage = await openStage(
    { environment: {}, folder: options.folder, objects: 0, freePorts: true, log: silentLogger },
    narrator,
  )
  const database = openDatabase({
    connectionString: stage.server.embedded!.connectionString('dim'),
    connectionsMax: 2,
    applicationName: 'test',
    onIdleError: () => undefined,
  })
  try {
    const ending = new AbortController()
    const counts = emptyTrafficCounts()
    const replay: Replay = {
      client: stage.client,
      bucket: await addBucket(stage),
      inventory,
      counts,
      openMax: OPEN_MAX,
      signal: ending.signal,
    }
    const { objects } = await createObjects(replay, { mayCreate: true, onProgress: () => undefined })
    const moved = { database, bucket: BUCKET, keys: await mostRead(log()), openMax: MOVES_OPEN_MAX }
    const start = performance.now()
    const moving = moveUpAndDown(moved, ending.signal)
    const failure = new Promise<never>((_, reject) => moving.catch(reject))
    await Promise.race([replayRequests(replay, log(), objects, Number.POSITIVE_INFINITY), failure])
    const seconds = (performance.now() - start) / 1_000
    const moves = await countMoves(database)
    ending.abort()
    await moving
    return {
      objects: objects.size,
      reads: counts.reads,
      bytesRead: counts.bytesRead,
      errors: counts.errors,
      errorKinds: Object.fromEntries(counts.errorKinds),
      wrongBytes: counts.wrongBytes,
      seconds,
      ...moves,
    }
  } finally {
    await database.end()
    await closeStage(stage, narrator)
  }
}

async function* first<T>(items: AsyncIterable<T>, countMax: number): AsyncGenerator<T> {
  let count = 0
  for await (const item of items) {
    if (count++ >= countMax) return
    yield item
  }
}

/** A bucket without a policy: what moves in it is what this test moves. */
async function addBucket(stage: Stage): Promise<string> {
  const writeLocationId = stage.world.onPremLocationId
  await stage.api.post('/v1/buckets', { name: BUCKET, mode: 'exclusive', writeLocationId })
  return BUCKET
}

/** The keys that are read most. */
async function mostRead(log: AsyncIterable<LoggedRequest>): Promise<string[]> {
  const reads = new Map<string, number>()
  for await (const { key } of log) reads.set(key, (reads.get(key) ?? 0) + 1)
  const keys = [...reads.keys()].sort((one, other) => reads.get(other)! - reads.get(one)!)
  return keys.slice(0, Math.ceil(keys.length * MOVING_SHARE))
}
