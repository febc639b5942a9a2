import { randomUUID } from 'node:crypto'
import { prepareFolder } from '../../src/app/demo/demo-folder.ts'
import { createNarrator } from '../../src/app/demo/narrate.ts'
import { closeStage, openStage, type Stage } from '../../src/app/demo/stage.ts'
import { createMigrations } from '../../src/database/migration-creation.ts'
import { openDatabase, type Queryable } from '../../src/database/postgres.ts'
import { HOUR } from '../../src/domain/duration.ts'
import type { NewMigration } from '../../src/domain/migration-record.ts'
import { takeInventory } from '../../src/simulator/replay/replay-inventory.ts'
import { noUnusedLines, readRequests } from '../../src/simulator/replay/replay-log.ts'
import { createObjects, type Replay, replayRequests } from '../../src/simulator/replay/run-replay.ts'
import { emptyTrafficCounts } from '../../src/simulator/traffic/drive-requests.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'

/** What a replay showed while its objects moved. */
export interface MovingReplay {
  readonly objects: number
  readonly reads: number
  readonly bytesRead: number
  readonly errors: number
  readonly errorKinds: Readonly<Record<string, { readonly count: number; readonly example: string }>>
  readonly wrongBytes: number
  readonly seconds: number
  /** Moves that ended well while requests were made, by direction. */
  readonly demotions: number
  readonly promotions: number
  /** Ended otherwise than `done`. */
  readonly movesNotDone: number
  /** Different objects that moved. */
  readonly objectsMoved: number
}

const BUCKET = 'nasa'
const OPEN_MAX = 16
/** Enough that all workers have something to do, few enough that every object is soon moved again. */
const MOVES_OPEN_MAX = 48
/** In model time, of which a wall second is over two hours here. */
const GRACE_MS = HOUR
const LOOK_MS = 300

/**
 * Replays the first requests of a log as real GETs, as fast as they are answered, while every object is moved
 * on-prem → warm → cold → on-prem again and again, between a folder and two S3 servers.
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
    const start = performance.now()
    const moving = moveRoundAndRound(database, ending.signal)
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

interface Resting {
  id: string
  generation: number
  placement_version: number
  location: string
}

const NEXT: Readonly<Record<string, string>> = {
  'on-prem': 'cloud-warm',
  'cloud-warm': 'cloud-cold',
  'cloud-cold': 'on-prem',
}

/** Keeps the queue of moves filled with the objects that have rested longest. */
async function moveRoundAndRound(database: Queryable, signal: AbortSignal): Promise<void> {
  const { rows } = await database.query<{ id: string; name: string }>('select id, name from location')
  const locationIds = new Map(rows.map(row => [row.name, row.id]))
  while (!signal.aborted) {
    const resting = await restingObjects(database)
    await createMigrations(
      database,
      resting.map(object => moveOn(object, locationIds)),
      'user:test',
    )
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

async function restingObjects(database: Queryable): Promise<Resting[]> {
  const { rows } = await database.query<Resting>(
    `select o.id, o.generation, o.placement_version, l.name as location
     from object o
     join bucket b on b.id = o.bucket_id and b.name = $1
     join copy c on c.object_id = o.id and c.is_primary
     join location l on l.id = c.location_id
     left join migration m on m.object_id = o.id
     group by o.id, o.generation, o.placement_version, l.name
     having count(m.id) filter (where m.finished_at is null) = 0
     order by max(m.finished_at) nulls first, o.id
     limit greatest(0, $2 - (select count(*) from migration where finished_at is null))`,
    [BUCKET, MOVES_OPEN_MAX],
  )
  return rows
}

function moveOn(object: Resting, locationIds: ReadonlyMap<string, string>): NewMigration {
  const target = NEXT[object.location]!
  return {
    id: randomUUID(),
    objectId: object.id,
    generation: object.generation,
    placementVersion: object.placement_version,
    targetCopyId: randomUUID(),
    targetLocationId: locationIds.get(target)!,
    priority: 50,
    direction: target === 'on-prem' ? 'promotion' : 'demotion',
    graceMs: GRACE_MS,
    attemptsMax: 5,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  }
}

async function countMoves(
  database: Queryable,
): Promise<Pick<MovingReplay, 'demotions' | 'promotions' | 'movesNotDone' | 'objectsMoved'>> {
  const { rows } = await database.query<Record<string, number>>(
    `select count(*) filter (where state = 'done' and direction = 'demotion')::int as demotions,
            count(*) filter (where state = 'done' and direction = 'promotion')::int as promotions,
            count(*) filter (where finished_at is not null and state <> 'done')::int as not_done,
            count(distinct object_id) filter (where state = 'done')::int as objects_moved
     from migration`,
  )
  const { demotions, promotions, not_done, objects_moved } = rows[0]!
  return {
    demotions: demotions!,
    promotions: promotions!,
    movesNotDone: not_done!,
    objectsMoved: objects_moved!,
  }
}
