import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import type { Principal } from '../../domain/principal.ts'
import type { ScrubVerdict } from '../../domain/scrub.ts'
import { wasFoundBad } from '../catalog/found-bad.ts'
import { countQuarantinedObjects } from '../catalog/last-copies.ts'
import type { Queryable } from '../postgres.ts'

/** For how long a process that took the turn to scrub has it, unless it takes it again. */
const TURN_SECONDS = 60

/**
 * Takes or keeps the turn to scrub. Resolves to the present day (UTC) and what was spent on it, in dollars; null
 * while somebody paused the scrubber or another process has the turn.
 */
export async function takeScrubTurn(
  queryable: Queryable,
  owner: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ readonly day: string; readonly spentUsd: number } | null> {
  const { rows } = await queryable.query<{ day: string; spentUsd: number }>({
    name: 'scrub_take_turn',
    text: `
      with taken as (
        update scrub_turn
        set owner = $1, owned_until = now() + interval '${TURN_SECONDS} seconds', settings = $2
        where paused_at is null and (owner is null or owner = $1 or owned_until < now())
        returning id
      )
      select to_char(now() at time zone 'utc', 'YYYY-MM-DD') as day,
             coalesce((select usd from scrub_day where day = (now() at time zone 'utc')::date), 0) as "spentUsd"
      from taken`,
    values: [owner, JSON.stringify(settings)],
  })
  return rows[0] ?? null
}

/** Lets nobody scrub until {@link startScrubbing}. The first pause stays. Resolves to whether it was new. */
export async function pauseScrubbing(
  queryable: Queryable,
  pause: { readonly because: string | null; readonly principal: Principal },
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update scrub_turn set paused_at = now(), paused_by = $1, paused_because = $2, owner = null
     where paused_at is null`,
    [pause.principal, pause.because],
  )
  return rowCount === 1
}

/** Lets the scrubber work. Resolves to whether it was paused. */
export async function startScrubbing(queryable: Queryable): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update scrub_turn set paused_at = null, paused_by = null, paused_because = null where paused_at is not null`,
  )
  return rowCount === 1
}

/** How far the scrubber is. */
export interface ScrubStatusRow {
  readonly pausedAt: Date | null
  readonly pausedBy: string | null
  readonly pausedBecause: string | null
  /** Whether a process has the turn now. */
  readonly isRunning: boolean
  readonly settings: Readonly<Record<string, unknown>>
  readonly today: ScrubDayRow
  /** The latest days that had looks, the newest first. */
  readonly days: readonly ScrubDayRow[]
  /** Model time of the oldest look or proof among complete copies; null when there is none, 0 for never. */
  readonly oldestLookMs: number | null
  /** Copies that are kept, in every state. */
  readonly copies: number
  /** Copies that were found bad and are not repaired yet. */
  readonly badCopies: number
  /** Objects without a good copy; a person must look. */
  readonly quarantinedObjects: number
}

type TurnFacts = Pick<ScrubStatusRow, 'pausedAt' | 'pausedBy' | 'pausedBecause' | 'isRunning' | 'settings'>

/** One day of the scrubber's account. */
export interface ScrubDayRow {
  readonly day: string
  readonly copies: number
  readonly bytes: number
  readonly usd: number
  readonly verdicts: Readonly<Partial<Record<ScrubVerdict, number>>>
}

/** Days that a status tells of. */
const DAYS_TOLD = 30

/** More are told as "or more". */
const DUE_COUNTED_MAX = 100_000

/**
 * Complete copies that the interval in force says should be looked at by an instant of the model clock, counted
 * up to 100,000. While no process had a turn, no interval is known and those that nobody ever looked at are due.
 * Each is read: 100,000 take from 35 ms (measured with 200,000 copies in memory).
 */
export async function countDueCopies(queryable: Queryable, now: Instant): Promise<number> {
  const { rows } = await queryable.query<{ count: number }>(
    `select count(*) from (
       select from copy
       where state = 'complete' and coalesce(scrubbed_ms, verified_ms, 0) < (
         select coalesce($1 - (settings ->> 'intervalDays')::float8 * ${DAY}, 1) from scrub_turn)
       limit ${DUE_COUNTED_MAX}) as due`,
    [Math.round(now)],
  )
  return rows[0]!.count
}

/** How far the scrubber is. Quarantined objects are counted up to 10,000. */
export async function readScrubStatus(queryable: Queryable): Promise<ScrubStatusRow> {
  const [quarantinedObjects, turn, days, facts] = await Promise.all([
    countQuarantinedObjects(queryable),
    queryable.query<TurnFacts>(
      `select paused_at as "pausedAt", paused_by as "pausedBy", paused_because as "pausedBecause",
              owner is not null and owned_until > now() as "isRunning", settings
       from scrub_turn`,
    ),
    queryable.query<ScrubDayRow & { isToday: boolean }>(
      `select to_char(day, 'YYYY-MM-DD') as day, copies, bytes, usd, verdicts,
              day = (now() at time zone 'utc')::date as "isToday"
       from scrub_day order by scrub_day.day desc limit ${DAYS_TOLD}`,
    ),
    queryable.query<Omit<ScrubStatusRow, keyof TurnFacts | 'quarantinedObjects' | 'today' | 'days'>>(
      `select
         (select coalesce(sum(copies), 0)::bigint from location_usage) as copies,
         (select coalesce(scrubbed_ms, verified_ms, 0) from copy where state = 'complete'
          order by coalesce(scrubbed_ms, verified_ms, 0) limit 1) as "oldestLookMs",
         (select count(*) from copy c where c.state = 'suspect' and ${wasFoundBad('c')}) as "badCopies"`,
    ),
  ])
  const told = days.rows.map(({ isToday: _, ...day }) => day)
  const today = days.rows.find(day => day.isToday)
  return {
    ...turn.rows[0]!,
    ...facts.rows[0]!,
    quarantinedObjects,
    today: today ?? { day: '', copies: 0, bytes: 0, usd: 0, verdicts: {} },
    days: told,
  }
}
