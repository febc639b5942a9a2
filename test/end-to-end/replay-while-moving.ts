import { randomUUID } from 'node:crypto'
import { prepareFolder } from '../../src/app/demo/demo-folder.ts'
import { createNarrator } from '../../src/app/demo/narrate.ts'
import { closeStage, openStage, type Stage } from '../../src/app/demo/stage.ts'
import { createMigrations } from '../../src/database/migrations/migration-creation.ts'
import { openDatabase, type Queryable } from '../../src/database/postgres.ts'
import { HOUR } from '../../src/domain/duration.ts'
import type { NewMigration } from '../../src/domain/migration-record.ts'
import type { LoggedRequest } from '../../src/events/access-log/access-log-line.ts'
import { takeInventory } from '../../src/simulator/replay/replay-inventory.ts'
import { noUnusedLines, readRequests } from '../../src/simulator/replay/replay-log.ts'
import { createObjects, type Replay, replayRequests } from '../../src/simulator/replay/run-replay.ts'
import { emptyTrafficCounts } from '../../src/simulator/traffic/drive-requests.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
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
  /** Moves that ended otherwise, by how they did, with an example. */
  readonly movesNotDone: Readonly<Record<string, string>>
  /** Different objects that moved. */
  readonly objectsMoved: number
}

const BUCKET = 'nasa'
/** Few enough that the moves, in the same process, have their share of it. */
const OPEN_MAX = 6
/** The most read objects are the ones that move, so that most reads meet an object that moves or has moved. */
const MOVING_SHARE = 0.1
/** Enough that all workers have something to do, few enough that every object is soon moved again. */
const MOVES_OPEN_MAX = 48
/** In model time, of which a wall second is over two hours here. */
const GRACE_MS = HOUR
const LOOK_MS = 300

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
    const start = performance.now()
    const moving = moveUpAndDown(database, await mostRead(log()), ending.signal)
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

const NEXT: Readonly<Record<string, readonly string[]>> = {
  'on-prem': ['cloud-warm', 'cloud-cold'],
  'cloud-warm': ['on-prem', 'cloud-cold'],
  'cloud-cold': ['on-prem'],
}

/** The keys that are read most. */
async function mostRead(log: AsyncIterable<LoggedRequest>): Promise<string[]> {
  const reads = new Map<string, number>()
  for await (const { key } of log) reads.set(key, (reads.get(key) ?? 0) + 1)
  const keys = [...reads.keys()].sort((one, other) => reads.get(other)! - reads.get(one)!)
  return keys.slice(0, Math.ceil(keys.length * MOVING_SHARE))
}

/** Keeps the queue of moves filled with the objects that have rested longest. */
async function moveUpAndDown(
  database: Queryable,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const random = seededRandom('moves')
  const { rows } = await database.query<{ id: string; name: string }>('select id, name from location')
  const locationIds = new Map(rows.map(row => [row.name, row.id]))
  while (!signal.aborted) {
    const resting = await restingObjects(database, keys)
    await createMigrations(
      database,
      resting.map(object => {
        const targets = NEXT[object.location]!
        return moveTo(targets[Math.floor(random.next() * targets.length)]!, object, locationIds)
      }),
      'user:test',
    )
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

async function restingObjects(database: Queryable, keys: readonly string[]): Promise<Resting[]> {
  const { rows } = await database.query<Resting>(
    `select o.id, o.generation, o.placement_version, l.name as location
     from object o
     join bucket b on b.id = o.bucket_id and b.name = $1
     join copy c on c.object_id = o.id and c.is_primary
     join location l on l.id = c.location_id
     left join migration m on m.object_id = o.id
     where o.key = any($3)
     group by o.id, o.generation, o.placement_version, l.name
     having count(m.id) filter (where m.finished_at is null) = 0
     order by max(m.finished_at) nulls first, o.id
     limit greatest(0, $2 - (select count(*) from migration where finished_at is null))`,
    [BUCKET, MOVES_OPEN_MAX, keys],
  )
  return rows
}

function moveTo(target: string, object: Resting, locationIds: ReadonlyMap<string, string>): NewMigration {
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
  const { rows } = await database.query<{ demotions: number; promotions: number; moved: number }>(
    `select count(*) filter (where direction = 'demotion')::int as demotions,
            count(*) filter (where direction = 'promotion')::int as promotions,
            count(distinct object_id)::int as moved
     from migration where state = 'done'`,
  )
  const { rows: others } = await database.query<{ how: string; example: string }>(
    `select count(*) || ' ' || m.state || ' after ' || e.event as how,
            min(m.key || ' ' || e.detail::text) as example
     from migration m
     join migration_event e on e.migration_id = m.id
       and e.sequence = (select max(sequence) from migration_event where migration_id = m.id)
     where m.finished_at is not null and m.state <> 'done'
     group by m.state, e.event`,
  )
  const { demotions, promotions, moved } = rows[0]!
  return {
    demotions,
    promotions,
    movesNotDone: Object.fromEntries(others.map(({ how, example }) => [how, example])),
    objectsMoved: moved,
  }
}
