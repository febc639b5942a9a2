import type { Uuid } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Store } from '../../domain/store.ts'
import { arrayLiteral } from '../array-literal.ts'
import { createBatcher } from '../batches.ts'
import type { Database, Queryable } from '../postgres.ts'
import { type LocationReference, listLocationReferences } from './location-references.ts'

/** A location with its store's name and how much lies there: every copy, those in grace included. */
export interface LocationRow extends Location {
  readonly storeName: string
  readonly copies: number
  readonly bytes: number
  /** Since when its store takes no more bytes, what it said, and when it is tried again; null while it has room. */
  readonly full: LocationFullness | null
  readonly revision: number
  readonly createdAt: Date
  readonly principal: string
}

/** What is known of a location that is believed full. Moments as ISO 8601 texts. */
export interface LocationFullness {
  readonly since: string
  readonly until: string
  readonly answer: string
}

const COLUMNS = `
  l.id, l.name, l.store_id as "storeId", l.container, l.storage_class as "storageClass", l.tier,
  l.price_id as "priceId", l.region, l.first_byte_ms_p99 as "firstByteMsP99",
  l.restore_hours as "restoreHours", l.capacity_bytes as "capacityBytes"`

const SELECT = `
  select ${COLUMNS}, s.name as "storeName", l.revision, l.created_at as "createdAt", l.principal,
         coalesce(u.copies, 0)::bigint as copies, coalesce(u.bytes, 0)::bigint as bytes,
         case when f.location_id is not null then jsonb_build_object('since', ${isoOf('f.since')},
           'until', ${isoOf('f.until')}, 'answer', f.answer) end as full
  from location as l
  join store as s on s.id = l.store_id
  left join lateral (
    select sum(copies) as copies, sum(bytes) as bytes from location_usage where location_id = l.id
  ) as u on true
  left join full_location as f on f.location_id = l.id and f.room_since is null`

function isoOf(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** The location with this id, or null. */
export async function findLocation(database: Queryable, id: Uuid): Promise<LocationRow | null> {
  const { rows } = await database.query<LocationRow>(`${SELECT} where l.id = $1`, [id])
  return rows[0] ?? null
}

/** At most so many questions share a statement. */
const QUESTIONS_MAX = 256

/**
 * Makes what finds a location by its id, or null: for movers, each of whose migrations asks for two of a few
 * locations. Questions of the same moment share a statement.
 */
export function createLocationFinder(database: Database): (id: Uuid) => Promise<Location | null> {
  return createBatcher<Uuid, Location | null>({
    itemsMax: QUESTIONS_MAX,
    runsMax: 1,
    run: async ids => {
      const { rows } = await database.query<Location>({
        name: 'locations_find',
        text: `select ${COLUMNS} from location as l where l.id = any ($1::uuid[])`,
        values: [arrayLiteral([...new Set(ids)])],
      })
      const found = new Map(rows.map(row => [row.id, row]))
      return ids.map(id => ({ value: found.get(id) ?? null }))
    },
  })
}

/** One page of locations in the order of names, those after `afterName`. */
export async function listLocations(
  database: Queryable,
  page: { afterName: string | null; limit: number },
): Promise<LocationRow[]> {
  const { rows } = await database.query<LocationRow>(
    `${SELECT}
     where $1::text is null or l.name collate "C" > $1
     order by l.name collate "C" limit $2`,
    [page.afterName, page.limit],
  )
  return rows
}

/** A location with what its place depends on. */
export interface PlacedLocation {
  readonly id: Uuid
  readonly name: string
  readonly container: string
  readonly copies: number
  readonly store: Pick<Store, 'id' | 'kind' | 'settings'>
}

/** Every location with its store: people add them, so there are few. */
export async function listPlacedLocations(database: Queryable): Promise<PlacedLocation[]> {
  const { rows } = await database.query<PlacedLocation>(`
    select l.id, l.name, l.container,
           coalesce((select sum(copies) from location_usage where location_id = l.id), 0)::bigint as copies,
           jsonb_build_object('id', s.id, 'kind', s.kind, 'settings', s.settings) as store
    from location l join store s on s.id = l.store_id
    order by l.name collate "C"`)
  return rows
}

/** What a new location is made of. */
export type NewLocation = Location & { readonly principal: Principal }

/**
 * Adds a location. Resolves to `name-taken` or `place-taken` (same store, container and storage class) when
 * there is one already, to `no-store` when the store does not exist.
 */
export async function insertLocation(
  database: Queryable,
  location: NewLocation,
): Promise<'added' | 'name-taken' | 'place-taken' | 'no-store'> {
  const { rows } = await database.query<{ added: boolean; name_taken: boolean; store_found: boolean }>(
    `with added as (
       insert into location (id, name, store_id, container, storage_class, tier, price_id, region,
         first_byte_ms_p99, restore_hours, capacity_bytes, principal)
       select $1, $2, s.id, $4, $5, $6, $7, $8, $9, $10, $11, $12
       from store as s where s.id = $3
       on conflict do nothing
       returning id
     )
     select exists (select 1 from added) as added,
            exists (select 1 from location where name = $2) as name_taken,
            exists (select 1 from store where id = $3) as store_found`,
    [
      location.id,
      location.name,
      location.storeId,
      location.container,
      location.storageClass,
      location.tier,
      location.priceId,
      location.region,
      location.firstByteMsP99,
      location.restoreHours,
      location.capacityBytes,
      location.principal,
    ],
  )
  const [outcome] = rows
  if (outcome?.added === true) return 'added'
  if (outcome?.store_found === false) return 'no-store'
  return outcome?.name_taken === true ? 'name-taken' : 'place-taken'
}

/** What may change about a location; undefined leaves it as it is, null takes it away. */
export interface LocationChange {
  readonly tier?: Location['tier'] | undefined
  readonly priceId?: string | undefined
  readonly region?: string | undefined
  readonly firstByteMsP99?: number | undefined
  readonly restoreHours?: number | null | undefined
  readonly capacityBytes?: number | null | undefined
}

/** Changes a location if it still has this revision. Resolves to whether it did. */
export async function updateLocation(
  database: Queryable,
  target: { id: Uuid; revision: number },
  change: LocationChange,
  principal: Principal,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update location
     set tier = coalesce($3, tier), price_id = coalesce($4, price_id), region = coalesce($5, region),
         first_byte_ms_p99 = coalesce($6, first_byte_ms_p99),
         restore_hours = case when $7 then $8::double precision else restore_hours end,
         capacity_bytes = case when $9 then $10::bigint else capacity_bytes end,
         revision = revision + 1, principal = $11
     where id = $1 and revision = $2`,
    [
      target.id,
      target.revision,
      change.tier ?? null,
      change.priceId ?? null,
      change.region ?? null,
      change.firstByteMsP99 ?? null,
      change.restoreHours !== undefined,
      change.restoreHours ?? null,
      change.capacityBytes !== undefined,
      change.capacityBytes ?? null,
      principal,
    ],
  )
  return rowCount === 1
}

/** What became of the wish to forget a location: `outdated` when it has another revision, or is gone. */
export type LocationRemoval =
  | { readonly kind: 'removed' | 'outdated' }
  | { readonly kind: 'referred-to'; readonly references: readonly LocationReference[] }

/**
 * Forgets a location that has this revision and that nothing refers to, with the history of its imports and
 * comparisons; its bytes stay. Call it in a transaction: whoever refers to the location anew waits for its end,
 * and then finds it gone. `modelNowMs` tells which pins still hold.
 */
export async function deleteLocation(
  connection: Queryable,
  target: { id: Uuid; revision: number; modelNowMs: number },
): Promise<LocationRemoval> {
  const { rows } = await connection.query<{ id: Uuid; name: string; revision: number }>(
    'select id, name, revision from location where id = $1 for update',
    [target.id],
  )
  const location = rows[0]
  if (location?.revision !== target.revision) return { kind: 'outdated' }
  // Those that ended may be begun again, which does not touch the location.
  await connection.query('select from import_job where location_id = $1 for update', [target.id])
  await connection.query('select from reconcile_run where location_id = $1 for update', [target.id])
  // What was written while this waited for the rows is seen only by a statement of its own.
  const references = await listLocationReferences(connection, location, target.modelNowMs)
  if (references.length > 0) return { kind: 'referred-to', references }
  await connection.query('delete from import_job where location_id = $1', [target.id])
  await connection.query('delete from location_usage where location_id = $1', [target.id])
  await connection.query('delete from location where id = $1', [target.id])
  return { kind: 'removed' }
}
