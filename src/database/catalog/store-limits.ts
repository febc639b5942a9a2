import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { StoreDrill } from '../../domain/store.ts'
import type { StoreBudget } from '../../domain/store-budget.ts'
import type { Queryable } from '../postgres.ts'
import { USE_FADES_SECONDS } from './store-loads.ts'

/** What may be asked of a store; undefined leaves it as it is. */
export interface StoreLimitsChange {
  readonly budget?: StoreBudget | undefined
  /** Null: no bound but the product's own. */
  readonly requestsAtOnceMax?: number | null | undefined
  readonly isForDrills?: boolean | undefined
}

/**
 * Changes a store's limits if it still has this revision. Resolves to whether it did. A store that is no
 * longer for drills ends the one it has. Another budget begins anew: what was drawn from the former one ahead of
 * time may be hours away, and is nobody's any more.
 */
export async function updateStoreLimits(
  database: Queryable,
  target: { id: Uuid; revision: number },
  change: StoreLimitsChange,
  principal: Principal,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `with changed as (
       update store
       set budget = coalesce($3::jsonb, budget),
           requests_at_once_max = case when $4 then $5 else requests_at_once_max end,
           is_for_drills = coalesce($6, is_for_drills),
           drill = case when $6 is false then null else drill end,
           drill_until = case when $6 is false then null else drill_until end,
           revision = revision + 1, principal = $7
       where id = $1 and revision = $2
       returning id
     ), begun_anew as (
       delete from store_budget_clock c using changed where c.store_id = changed.id and $3::jsonb is not null
     )
     select from changed`,
    [
      target.id,
      target.revision,
      change.budget === undefined ? null : JSON.stringify(change.budget),
      change.requestsAtOnceMax !== undefined,
      change.requestsAtOnceMax ?? null,
      change.isForDrills ?? null,
      principal,
    ],
  )
  return rowCount === 1
}

/**
 * Begins a drill on a store that is for drills, in place of a former one. Resolves to whether the store is
 * for drills.
 */
export async function startDrill(
  database: Queryable,
  storeId: Uuid,
  drill: Pick<StoreDrill, 'rules' | 'seed'> & { seconds: number },
  principal: Principal,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update store
     set drill = $2, drill_until = now() + make_interval(secs => $3), revision = revision + 1, principal = $4
     where id = $1 and is_for_drills`,
    [storeId, JSON.stringify({ rules: drill.rules, seed: drill.seed }), drill.seconds, principal],
  )
  return rowCount === 1
}

/** Ends the drill of a store. Resolves to whether there was one. */
export async function stopDrill(database: Queryable, storeId: Uuid, principal: Principal): Promise<boolean> {
  const { rowCount } = await database.query(
    `update store
     set drill = null, drill_until = null, revision = revision + 1, principal = $2
     where id = $1 and drill is not null`,
    [storeId, principal],
  )
  return rowCount === 1
}

/** Forgets drills whose time is over. Resolves to the stores that had them. */
export async function endDrillsInTime(database: Queryable): Promise<{ id: Uuid; name: string }[]> {
  const { rows } = await database.query<{ id: Uuid; name: string }>({
    name: 'store_end_drills',
    text: `update store set drill = null, drill_until = null, revision = revision + 1
           where drill_until <= now() returning id, name`,
  })
  return rows
}

/**
 * Moves the hands of a store's token clock by so many milliseconds, each from now on if it was behind.
 * Resolves to how far the later one was ahead before, in milliseconds. `aheadMsMax` bounds how far a hand is
 * moved, if given.
 */
export async function advanceBudgetClock(
  database: Queryable,
  storeId: Uuid,
  by: { requestsMs: number; bytesMs: number },
  aheadMsMax: number | null,
): Promise<number> {
  const values = [storeId, by.requestsMs, by.bytesMs, aheadMsMax]
  const { rows } = await database.query<{ aheadMs: number }>({
    name: 'budget_advance',
    text: ADVANCE,
    values,
  })
  if (rows[0] !== undefined) return rows[0].aheadMs
  await database.query('insert into store_budget_clock (store_id) values ($1) on conflict do nothing', [
    storeId,
  ])
  const again = await database.query<{ aheadMs: number }>({ name: 'budget_advance', text: ADVANCE, values })
  return again.rows[0]!.aheadMs
}

/** A hand moves from now on if it was behind, and never back; `$4` bounds how far ahead of now it moves. */
const HAND_AFTER = (hand: string, ms: string) => `
  case when ${ms}::float8 = 0 then clock.${hand}
       when $4::float8 is null then greatest(clock.${hand}, at) + ${ms}::float8 * interval '1 millisecond'
       else least(greatest(clock.${hand}, at) + ${ms}::float8 * interval '1 millisecond',
                  greatest(clock.${hand}, at + $4::float8 * interval '1 millisecond'))
  end`

const AHEAD = (hand: string, ms: string) => `
  case when ${ms}::float8 = 0 then 0
       else extract(epoch from greatest(before.${hand}, at) - at)::float8 * 1000
  end`

/** What is left of what was used until the row's last change. */
const FADE = `exp(-least(greatest(extract(epoch from at - before.used_at), 0), 3600)::float8 / ${USE_FADES_SECONDS})`

/** The row is locked before the time is read, so that who waited for it does not count from before. */
const ADVANCE = `
  with locked as materialized (
    select * from store_budget_clock where store_id = $1 for update
  ), before as materialized (
    select *, clock_timestamp() as at from locked
  )
  update store_budget_clock as clock
  set requests_until = ${HAND_AFTER('requests_until', '$2')},
      bytes_until = ${HAND_AFTER('bytes_until', '$3')},
      requests_used_ms = before.requests_used_ms * ${FADE} + $2::float8,
      bytes_used_ms = before.bytes_used_ms * ${FADE} + $3::float8,
      used_at = at
  from before
  where clock.store_id = before.store_id
  returning greatest(${AHEAD('requests_until', '$2')}, ${AHEAD('bytes_until', '$3')}) as "aheadMs"`
