import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Connection, Queryable } from '../postgres.ts'

/** Everything is stopped: nobody takes a migration up, whatever store or plan it belongs to. */
export interface MigrationStop {
  readonly reason: string
  readonly stoppedAt: Date
  readonly principal: string
}

/** What keeps migrations from being taken up now. */
export interface MigrationHolds {
  /** Everything is stopped. */
  readonly isStopped: boolean
  /** Locations in paused stores and those that refuse our credentials: nothing reads or writes there. */
  readonly locationIds: readonly Uuid[]
  readonly planIds: readonly Uuid[]
  /** Full locations: nothing is copied there but by migrations that are sent ahead. */
  readonly fullLocationIds: readonly Uuid[]
}

/** States of stores where background work rests: a person paused them, or they refuse our credentials. */
export const HELD_STORE_STATES = `('paused', 'auth-failed')`
/** Locations in such stores. */
const HELD_LOCATIONS = `
  select l.id from location l join store s on s.id = l.store_id where s.state in ${HELD_STORE_STATES}`
const HELD_PLANS = 'select id from plan where paused_at is not null'

/** Locations that are believed full. */
export const FULL_LOCATIONS = 'select location_id from full_location where room_since is null'

/** Whether migration `m`, which has not ended, would copy to a full location and was not sent ahead. */
export const WAITS_FOR_ROOM = `(
  m.state in ('planned', 'copying') and m.kind <> 'drop-copy' and not m.cancel_requested
  and m.target_location_id in (${FULL_LOCATIONS})
  and m.id not in (select unnest(scouts) from full_location where room_since is null))`

/** Neither the stores nor the plan of migration `m` is paused, and no store refuses our credentials. */
export const IS_NOT_PAUSED = `(
  (m.source_location_id in (${HELD_LOCATIONS})) is not true
  and (m.target_location_id in (${HELD_LOCATIONS})) is not true
  and (m.plan_id in (${HELD_PLANS})) is not true)`

/**
 * What must hold for migration `m` to go on: nothing of it is paused, and there is room where it copies to. Small
 * hashed sets, written so that the planner takes them for conditions that hardly ever fail: it must not expect a
 * queue to be empty.
 */
export const IS_FREE = `(${IS_NOT_PAUSED} and ${WAITS_FOR_ROOM} is not true)`

/** What must hold for any migration to be taken up. */
export const IS_NOT_STOPPED = 'not exists (select from migration_stop)'

/**
 * Stops everything, with a reason of 1 to 500 characters. Resolves to the stop, which is an earlier one where
 * there was one: the first reason stays.
 */
export async function stopMigrations(
  queryable: Queryable,
  stop: { readonly reason: string; readonly principal: Principal },
): Promise<{ readonly stop: MigrationStop; readonly isNew: boolean }> {
  const { rowCount } = await queryable.query({
    name: 'migration_stop_insert',
    text: 'insert into migration_stop (reason, principal) values ($1, $2) on conflict do nothing',
    values: [stop.reason, stop.principal],
  })
  const found = await readMigrationStop(queryable)
  const now = found ?? { ...stop, stoppedAt: new Date() }
  return { stop: now, isNew: rowCount === 1 }
}

/** Lets everything go on that is not paused by itself. Resolves to the stop that was ended, or null. */
export async function resumeMigrations(queryable: Queryable): Promise<MigrationStop | null> {
  const { rows } = await queryable.query<MigrationStop>({
    name: 'migration_stop_delete',
    text: 'delete from migration_stop returning reason, stopped_at as "stoppedAt", principal',
  })
  return rows[0] ?? null
}

/** The stop, or null while migrations go on. */
export async function readMigrationStop(queryable: Queryable): Promise<MigrationStop | null> {
  const { rows } = await queryable.query<MigrationStop>({
    name: 'migration_stop_read',
    text: 'select reason, stopped_at as "stoppedAt", principal from migration_stop',
  })
  return rows[0] ?? null
}

/** What keeps migrations from being taken up now: a look at four small tables. */
export async function readMigrationHolds(queryable: Queryable): Promise<MigrationHolds> {
  const { rows } = await queryable.query<MigrationHolds>({
    name: 'migration_holds_read',
    text: `
      select exists (select from migration_stop) as "isStopped",
             array(${HELD_LOCATIONS}) as "locationIds", array(${HELD_PLANS}) as "planIds",
             array(${FULL_LOCATIONS}) as "fullLocationIds"`,
  })
  return rows[0]!
}

/** Whether background work leaves a store alone: it is paused or refuses our credentials. */
export async function isStoreHeld(queryable: Queryable, storeId: Uuid): Promise<boolean> {
  const { rowCount } = await queryable.query({
    name: 'store_is_held',
    text: `select from store where id = $1 and state in ${HELD_STORE_STATES}`,
    values: [storeId],
  })
  return rowCount === 1
}

/** A person pauses: who, and why. */
export interface Pause {
  readonly id: Uuid
  readonly reason: string | null
  readonly principal: Principal
}

/**
 * Pauses a store: no migration that reads or writes there is taken up, and running ones rest. Resolves to
 * whether it was not paused before; null when there is no such store. Pausing twice changes nothing.
 */
export async function pauseStore(connection: Connection, pause: Pause): Promise<boolean | null> {
  const { rowCount } = await connection.query({
    name: 'store_pause',
    text: `
      update store
      set state = 'paused', paused_at = now(), paused_because = $2, paused_by = $3, revision = revision + 1,
          refused_at = null, refused_because = null
      where id = $1 and state <> 'paused'`,
    values: [pause.id, pause.reason, pause.principal],
  })
  return changedOrKnown(connection, 'store', pause.id, rowCount)
}

/** Lets a store be used again that was paused or refused our credentials. Resolves like {@link pauseStore}. */
export async function resumeStore(connection: Connection, id: Uuid): Promise<boolean | null> {
  const { rowCount } = await connection.query({
    name: 'store_resume',
    text: `
      update store
      set state = 'active', paused_at = null, paused_because = null, paused_by = null, revision = revision + 1,
          refused_at = null, refused_because = null
      where id = $1 and state in ${HELD_STORE_STATES}`,
    values: [id],
  })
  return changedOrKnown(connection, 'store', id, rowCount)
}

/**
 * Pauses a plan that is proposed or approved: none of its migrations is taken up, and running ones rest. Resolves
 * like {@link pauseStore}, to false also where nothing of the plan is left to pause.
 */
export async function pausePlan(connection: Connection, pause: Pause): Promise<boolean | null> {
  const { rowCount } = await connection.query({
    name: 'plan_pause',
    text: `
      update plan set paused_at = now(), paused_because = $2, paused_by = $3
      where id = $1 and paused_at is null and state in ('proposed', 'approved')`,
    values: [pause.id, pause.reason, pause.principal],
  })
  return changedOrKnown(connection, 'plan', pause.id, rowCount)
}

/** Lets a plan's migrations go on. Resolves like {@link pauseStore}. */
export async function resumePlan(connection: Connection, id: Uuid): Promise<boolean | null> {
  const { rowCount } = await connection.query({
    name: 'plan_resume',
    text: `
      update plan set paused_at = null, paused_because = null, paused_by = null
      where id = $1 and paused_at is not null`,
    values: [id],
  })
  return changedOrKnown(connection, 'plan', id, rowCount)
}

async function changedOrKnown(
  connection: Connection,
  table: 'store' | 'plan',
  id: Uuid,
  changed: number | null,
): Promise<boolean | null> {
  if (changed === 1) {
    await askForHoldSweep(connection)
    return true
  }
  const { rowCount } = await connection.query(`select from ${table} where id = $1`, [id])
  return rowCount === 1 ? false : null
}

/** Passes over the unfinished migrations that a pause or resumption asks for; see schema change 15. */
const PASSES = 2

/** Has `held` follow what was just paused or resumed. */
export async function askForHoldSweep(queryable: Queryable): Promise<void> {
  await queryable.query({
    name: 'migration_hold_sweep_ask',
    text: 'update migration_hold_sweep set passes_left = $1, swept_to = null, asked_at = clock_timestamp()',
    values: [PASSES],
  })
}
