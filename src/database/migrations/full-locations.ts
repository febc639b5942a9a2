import type { Uuid } from '../../domain/identifiers.ts'
import { type Principal, principal } from '../../domain/principal.ts'
import { arrayLiteral } from '../array-literal.ts'
import { insertActivities } from '../people/activities.ts'
import { type Connection, type Database, inTransaction, type Queryable } from '../postgres.ts'
import { askForHoldSweep, FULL_LOCATIONS, IS_NOT_PAUSED } from './migration-holds.ts'

/** The first rest of a full location; each further one is twice as long, up to the longest. */
const FIRST_REST_SECONDS = 60
const LONGEST_REST_SECONDS = 6 * 3_600
/** Beyond this every rest is the longest. */
const RESTS_COUNTED_MAX = 20
/** A location that is full again so soon after it had room goes on with the next longer rest. */
const RELAPSE_SECONDS = 600
/** How many migrations are sent ahead after a rest, and how long they may take before others are. */
const SCOUTS_MAX = 3
const SCOUTS_SECONDS = 120
/** Of those who wait, so many that wait the longest are looked at for scouts. */
const SCOUT_CANDIDATES_MAX = 200
/** Locations looked at in one turn. */
const LOCATIONS_MAX = 50
/** Locations a figure is shown of. */
const FIGURES_MAX = 1_000
/** Of a store's words. */
const ANSWER_CHARACTERS_MAX = 300

/** A location whose store said that it takes no more bytes. */
export interface FullLocation {
  readonly locationId: Uuid
  readonly since: Date
  /** Nothing is sent there before. In the past where nobody waits to be sent ahead. */
  readonly until: Date
  readonly answer: string
}

/** A location is full, as the store of this migration's target said. */
export interface FullnessNews {
  readonly locationId: Uuid
  readonly migrationId: Uuid
  /** What the store answered, without secrets. */
  readonly answer: string
}

const AS_SYSTEM = principal('system', 'stores')

/**
 * Writes down that a location is full: migrations that would copy there wait from now on. Said again by one that was
 * sent ahead, the rest begins anew and is twice as long; said by others, who were under way, it changes nothing.
 * Resolves to whether this was news.
 */
export async function markFull(database: Database, news: FullnessNews): Promise<boolean> {
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{ isNew: boolean }>({
      name: 'full_location_mark',
      text: `
        insert into full_location as f (location_id, since, rests, until, answer)
        select l.id, now(), 1, now() + interval '${FIRST_REST_SECONDS} seconds', $3
        from location l where l.id = $1
        on conflict (location_id) do update set
          since = case when f.room_since is null then f.since else now() end,
          rests = ${NEXT_RESTS},
          until = now() + least(${FIRST_REST_SECONDS} * 2 ^ (${NEXT_RESTS} - 1), ${LONGEST_REST_SECONDS})
                          * interval '1 second',
          answer = excluded.answer, scouts = '{}', room_since = null
        where f.room_since is not null or $2 = any (f.scouts)
        returning f.since = now() as "isNew"`,
      values: [news.locationId, news.migrationId, news.answer.slice(0, ANSWER_CHARACTERS_MAX)],
    })
    if (rows[0]?.isNew !== true) return false
    await askForHoldSweep(connection)
    await announce(connection, news.locationId, {
      kind: 'location.full',
      detail: { reason: news.answer.slice(0, ANSWER_CHARACTERS_MAX) },
      by: AS_SYSTEM,
    })
    return true
  })
}

const NEXT_RESTS = `case
  when f.room_since is null or f.room_since > now() - interval '${RELAPSE_SECONDS} seconds'
    then least(f.rests + 1, ${RESTS_COUNTED_MAX})
  else 1 end`

/**
 * Writes down that a location has room: a copy arrived there, or a person says so. All who waited go on. Resolves to
 * whether it was full. Call it in a transaction.
 */
export async function clearFull(
  connection: Connection,
  locationId: Uuid,
  by: Principal = AS_SYSTEM,
): Promise<boolean> {
  const { rowCount } = await connection.query({
    name: 'full_location_clear',
    text: `
      update full_location set room_since = now(), scouts = '{}'
      where location_id = $1 and room_since is null`,
    values: [locationId],
  })
  if (rowCount !== 1) return false
  await askForHoldSweep(connection)
  await announce(connection, locationId, { kind: 'location.has-room', detail: {}, by })
  return true
}

async function announce(
  connection: Queryable,
  locationId: Uuid,
  told: { kind: string; detail: Readonly<Record<string, unknown>>; by: Principal },
): Promise<void> {
  const { rows } = await connection.query<{ name: string }>({
    name: 'full_location_name',
    text: 'select name from location where id = $1',
    values: [locationId],
  })
  const { kind, detail, by } = told
  await insertActivities(connection, [
    { kind, subject: rows[0]?.name ?? locationId, detail: { id: locationId, ...detail }, principal: by },
  ])
}

/**
 * Sends a few migrations ahead to each full location whose rest is over: those first that no full location has
 * failed yet, then those that wait the longest. Where none waits, the planner finds one; what nobody asked for in
 * hours is forgotten. Resolves to how many were sent.
 */
export async function sendScouts(database: Database): Promise<number> {
  const { rows } = await database.query<{ id: Uuid }>({
    name: 'full_location_due',
    text: `
      select location_id as id from full_location
      where room_since is null and until < now() order by until limit ${LOCATIONS_MAX}`,
  })
  let sent = 0
  for (const { id } of rows)
    sent += await inTransaction(database, connection => sendTo(connection, id), { plans: 'by-key' })
  return sent
}

async function sendTo(connection: Connection, locationId: Uuid): Promise<number> {
  const { rowCount } = await connection.query({
    name: 'full_location_take',
    text: `
      select from full_location where location_id = $1 and room_since is null and until < now()
      for update skip locked`,
    values: [locationId],
  })
  if (rowCount !== 1) return 0
  const { rows } = await connection.query<{ id: Uuid }>({
    name: 'full_location_scouts',
    text: `
      with waiting as (
        select m.id, m.evidence, m.not_before from migration m
        where m.target_location_id = $1 and m.held and m.finished_at is null and not m.paused
          and m.lease_owner is null and m.not_before <= now() and m.state in ('planned', 'copying')
          and m.kind <> 'drop-copy' and ${IS_NOT_PAUSED}
        order by m.not_before limit ${SCOUT_CANDIDATES_MAX}
      )
      select id from waiting
      order by evidence -> 'error' ->> 'kind' is not distinct from 'store-full', not_before
      limit ${SCOUTS_MAX}`,
    values: [locationId],
  })
  const ids = rows.map(({ id }) => id)
  await (ids.length === 0 ? forgetLapsed(connection, locationId) : send(connection, locationId, ids))
  return ids.length
}

async function send(connection: Connection, locationId: Uuid, ids: readonly Uuid[]): Promise<void> {
  await connection.query({
    name: 'full_location_send',
    text: `
      update full_location set scouts = $2, until = now() + interval '${SCOUTS_SECONDS} seconds'
      where location_id = $1`,
    values: [locationId, arrayLiteral(ids)],
  })
  await connection.query({
    name: 'full_location_release',
    text: 'update migration set held = false where id = any ($1::uuid[]) and held',
    values: [arrayLiteral(ids)],
  })
}

async function forgetLapsed(connection: Connection, locationId: Uuid): Promise<void> {
  await connection.query({
    name: 'full_location_forget',
    text: `
      delete from full_location
      where location_id = $1 and until < now() - interval '${LONGEST_REST_SECONDS} seconds'`,
    values: [locationId],
  })
}

/** The names of all locations, and whether each is full. */
export async function listLocationFullness(
  queryable: Queryable,
): Promise<{ readonly name: string; readonly isFull: boolean }[]> {
  const { rows } = await queryable.query<{ name: string; isFull: boolean }>({
    name: 'full_location_by_name',
    text: `
      select name, id in (${FULL_LOCATIONS}) as "isFull" from location
      order by name collate "C" limit ${FIGURES_MAX}`,
  })
  return rows
}

/** The locations that are full now; people add locations, so there are few. */
export async function listFullLocations(queryable: Queryable): Promise<readonly FullLocation[]> {
  const { rows } = await queryable.query<FullLocation>({
    name: 'full_location_list',
    text: `
      select location_id as "locationId", since, until, answer from full_location
      where location_id in (${FULL_LOCATIONS}) order by since`,
  })
  return rows
}
