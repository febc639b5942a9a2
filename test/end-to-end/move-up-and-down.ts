import { randomUUID } from 'node:crypto'
import { createMigrations } from '../../src/database/migrations/migration-creation.ts'
import type { Queryable } from '../../src/database/postgres.ts'
import { HOUR } from '../../src/domain/duration.ts'
import type { NewMigration } from '../../src/domain/migration-record.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'

/** In model time, of which a wall second is over two hours in the demo's world. */
const GRACE_MS = HOUR
const LOOK_MS = 300

/** Which objects of the demo's world move, and how. */
export interface MovedObjects {
  readonly database: Queryable
  readonly bucket: string
  /** Only these; null: all of the bucket. */
  readonly keys: readonly string[] | null
  /** So many moves are under way at most. */
  readonly openMax: number
  /** Tries of each step. Default: 5. */
  readonly attemptsMax?: number
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

/** Keeps the queue of moves filled with the objects that have rested longest. */
export async function moveUpAndDown(moved: MovedObjects, signal: AbortSignal): Promise<void> {
  const { attemptsMax = 5, database } = moved
  const random = seededRandom('moves')
  const { rows } = await database.query<{ id: string; name: string }>('select id, name from location')
  const locationIds = new Map(rows.map(row => [row.name, row.id]))
  while (!signal.aborted) {
    const resting = await restingObjects(moved)
    await createMigrations(
      database,
      resting.map(object => {
        const targets = NEXT[object.location]!
        return moveTo(targets[Math.floor(random.next() * targets.length)]!, object, locationIds, attemptsMax)
      }),
      'user:test',
    )
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

async function restingObjects({ bucket, database, keys, openMax }: MovedObjects): Promise<Resting[]> {
  const { rows } = await database.query<Resting>(
    `select o.id, o.generation, o.placement_version, l.name as location
     from object o
     join bucket b on b.id = o.bucket_id and b.name = $1
     join copy c on c.object_id = o.id and c.is_primary
     join location l on l.id = c.location_id
     left join migration m on m.object_id = o.id
     where $3::text[] is null or o.key = any($3)
     group by o.id, o.generation, o.placement_version, l.name
     having count(m.id) filter (where m.finished_at is null) = 0
     order by max(m.finished_at) nulls first, o.id
     limit greatest(0, $2 - (select count(*) from migration where finished_at is null))`,
    [bucket, openMax, keys],
  )
  return rows
}

function moveTo(
  target: string,
  object: Resting,
  locationIds: ReadonlyMap<string, string>,
  attemptsMax: number,
): NewMigration {
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
    attemptsMax,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  }
}

/** What became of moves. */
export interface MovesMade {
  /** Moves that ended well, by direction. */
  readonly demotions: number
  readonly promotions: number
  /** Moves that ended otherwise, by how they did, with an example. */
  readonly movesNotDone: Readonly<Record<string, string>>
  /** Different objects that moved. */
  readonly objectsMoved: number
}

export async function countMoves(database: Queryable): Promise<MovesMade> {
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
