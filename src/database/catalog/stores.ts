import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Store, StoreDrill } from '../../domain/store.ts'
import { askForHoldSweep } from '../migrations/migration-holds.ts'
import type { Queryable } from '../postgres.ts'

/** A store as its row keeps it: without its secrets. */
export interface StoreRow extends Store {
  readonly revision: number
  readonly createdAt: Date
  readonly principal: string
  /** Null unless it is paused, like the two after it. */
  readonly pausedAt: Date | null
  readonly pausedBecause: string | null
  readonly pausedBy: string | null
  /** Since when it refuses our credentials; null unless it does, like what it answered. */
  readonly refusedAt: Date | null
  readonly refusedBecause: string | null
}

const COLUMNS = `
  id, name, kind, state, settings, credentials_sealed is not null as "hasCredentials", revision,
  created_at as "createdAt", principal, budget, requests_at_once_max as "requestsAtOnceMax",
  is_for_drills as "isForDrills",
  case when drill_until > now() then drill end as "drillFacts", drill_until as "drillUntil",
  paused_at as "pausedAt", paused_because as "pausedBecause", paused_by as "pausedBy",
  refused_at as "refusedAt", refused_because as "refusedBecause"`

/** A row as the columns give it. */
interface Row extends Omit<StoreRow, 'drill'> {
  readonly drillFacts: Pick<StoreDrill, 'rules' | 'seed'> | null
  readonly drillUntil: Date | null
}

function storeOf({ drillFacts, drillUntil, ...row }: Row): StoreRow {
  return {
    ...row,
    drill: drillFacts === null || drillUntil === null ? null : { ...drillFacts, until: drillUntil },
  }
}
/** The store with this id, or null. */
export async function findStore(database: Queryable, id: Uuid): Promise<StoreRow | null> {
  const { rows } = await database.query<Row>(`select ${COLUMNS} from store where id = $1`, [id])
  return rows[0] === undefined ? null : storeOf(rows[0])
}

/** The store with this name, or null. */
export async function findStoreByName(database: Queryable, name: string): Promise<StoreRow | null> {
  const { rows } = await database.query<Row>(`select ${COLUMNS} from store where name = $1`, [name])
  return rows[0] === undefined ? null : storeOf(rows[0])
}

/** One page of stores in the order of names, those after `afterName`. */
export async function listStores(
  database: Queryable,
  page: { afterName: string | null; limit: number },
): Promise<StoreRow[]> {
  const { rows } = await database.query<Row>(
    `select ${COLUMNS} from store
     where $1::text is null or name collate "C" > $1
     order by name collate "C" limit $2`,
    [page.afterName, page.limit],
  )
  return rows.map(storeOf)
}

/** The sealed credentials of a store, or null when it has none. */
export async function findSealedCredentials(database: Queryable, id: Uuid): Promise<Buffer | null> {
  const { rows } = await database.query<{ sealed: Buffer | null }>(
    'select credentials_sealed as sealed from store where id = $1',
    [id],
  )
  return rows[0]?.sealed ?? null
}

/** What a new store is made of. */
export interface NewStore {
  readonly id: Uuid
  readonly name: string
  readonly kind: Store['kind']
  readonly settings: Readonly<Record<string, unknown>>
  readonly credentialsSealed: Buffer | null
  readonly principal: Principal
}

/** Adds a store. Resolves to null when the name is taken. */
export async function insertStore(database: Queryable, store: NewStore): Promise<StoreRow | null> {
  const { rows } = await database.query<Row>(
    `insert into store (id, name, kind, settings, credentials_sealed, principal)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (name) do nothing
     returning ${COLUMNS}`,
    [store.id, store.name, store.kind, store.settings, store.credentialsSealed, store.principal],
  )
  return rows[0] === undefined ? null : storeOf(rows[0])
}

/** What may change about a store; undefined leaves it as it is. */
export interface StoreChange {
  readonly state?: Store['state'] | undefined
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  readonly credentialsSealed?: Buffer | undefined
  /** Its settings lead to another address. */
  readonly isMoved?: boolean | undefined
}

/**
 * The state a store is in after a change: one that refused our credentials is asked again when a person gives it
 * other ones or other settings.
 */
const STATE_AFTER = `coalesce($3, case
  when state = 'auth-failed' and ($4::jsonb is not null or $5::bytea is not null) then 'active' else state end)`

/** Changes a store if it still has this revision. Resolves to null when it has another, or is gone. */
export async function updateStore(
  database: Queryable,
  target: { id: Uuid; revision: number },
  change: StoreChange,
  principal: Principal,
): Promise<StoreRow | null> {
  const { rows } = await database.query<Row>(
    `update store
     set state = ${STATE_AFTER}, settings = coalesce($4, settings),
         credentials_sealed = coalesce($5, credentials_sealed),
         paused_at = case when coalesce($3, state) = 'paused' then coalesce(paused_at, now()) end,
         paused_by = case when coalesce($3, state) = 'paused' then coalesce(paused_by, $6) end,
         paused_because = case when coalesce($3, state) = 'paused' then paused_because end,
         refused_at = case when ${STATE_AFTER} = 'auth-failed' then refused_at end,
         refused_because = case when ${STATE_AFTER} = 'auth-failed' then refused_because end,
         moved_at = case when $7 then clock_timestamp() else moved_at end,
         revision = revision + 1, principal = $6
     where id = $1 and revision = $2
     returning ${COLUMNS}`,
    [
      target.id,
      target.revision,
      change.state ?? null,
      change.settings ?? null,
      change.credentialsSealed ?? null,
      principal,
      change.isMoved ?? false,
    ],
  )
  // Each of the three may let go what was held.
  if (rows[0] !== undefined) await askForHoldSweep(database)
  return rows[0] === undefined ? null : storeOf(rows[0])
}

/** Forgets a store that has this revision and no location. Resolves to whether it did. */
export async function deleteStore(
  database: Queryable,
  target: { id: Uuid; revision: number },
): Promise<boolean> {
  const { rowCount } = await database.query(
    `delete from store
     where id = $1 and revision = $2 and not exists (select 1 from location where store_id = $1)`,
    [target.id, target.revision],
  )
  return rowCount === 1
}
