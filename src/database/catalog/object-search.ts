import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { StoredHeat } from '../../domain/placement-facts.ts'
import type { Tier } from '../../domain/tier.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** Orders of a search. Only `key` follows an index; the others sort everything that matches. */
export type ObjectSearchSort = 'key' | 'heat' | 'size' | 'lastAccess'

/** What an object is doing; the first that applies: quarantined, migrating, pinned, settled. */
type ObjectSearchState = 'settled' | 'pinned' | 'migrating' | 'quarantined'

/** What to look for; null leaves a condition out. */
export interface ObjectSearch {
  readonly bucketId: Uuid | null
  readonly prefix: string | null
  readonly tier: Tier | null
  /** Name of the location of the primary copy. */
  readonly location: string | null
  readonly state: ObjectSearchState | null
  /** The logarithm of forward-decayed heat (3 days) that an object must have at least. */
  readonly lnHeat3dMin: number | null
  readonly sort: ObjectSearchSort
  /** Where the page before ended: [bucket id, key] for `key`, else [sorted value, object id]. */
  readonly after: readonly [string | number, string] | null
  /** Model time, by which a pin has ended. */
  readonly now: number
  readonly limit: number
}

/** An object as a search finds it. */
export interface FoundObject {
  readonly id: ObjectId
  readonly bucketId: Uuid
  readonly bucketName: string
  readonly key: string
  readonly generation: number
  readonly size: number
  readonly contentType: string | null
  readonly lastModified: Date
  /** Null when no good copy is left. */
  readonly locationId: Uuid | null
  readonly locationName: string | null
  readonly tier: Tier | null
  readonly latencySlaMs: number | null
  readonly state: ObjectSearchState
  readonly heat: (StoredHeat & { readonly writes: number }) | null
  /** The value the search sorts by; unused for `key`. */
  readonly sortValue: number
}

type FoundRow = Omit<FoundObject, 'heat' | 'sortValue'> & {
  ln_heat_6h: number | null
  ln_heat_3d: number
  ln_heat_30d: number
  reads: number
  writes: number
  bytes_read: number
  first_access_ms: number
  last_access_ms: number
}

/** Below the logarithm of any access: objects nobody has read sort last. */
const LN_HEAT_NEVER = -1e9

const SORTED_BY: Readonly<Record<Exclude<ObjectSearchSort, 'key'>, string>> = {
  heat: `coalesce(h.ln_heat_3d, ${LN_HEAT_NEVER})`,
  size: 'v.size',
  lastAccess: 'coalesce(h.last_access_ms, -1)',
}

const IS_MIGRATING =
  'exists (select 1 from migration as m where m.object_id = o.id and m.finished_at is null)'
const IS_PINNED = 'o.pinned_location_id is not null and coalesce(o.pinned_until_ms > $1::bigint, true)'

const STATE = `case when o.quarantined_because is not null then 'quarantined'
  when ${IS_MIGRATING} then 'migrating' when ${IS_PINNED} then 'pinned' else 'settled' end`

/** The columns of a found object; `$1` is the model time. Also used for one object's detail. */
export const FOUND_COLUMNS = `
  o.id, o.bucket_id as "bucketId", b.name as "bucketName", o.key, o.generation, v.size,
  v.headers ->> 'contentType' as "contentType", v.last_modified as "lastModified",
  c.location_id as "locationId", l.name as "locationName", l.tier, o.latency_sla_ms as "latencySlaMs",
  ${STATE} as state, h.ln_heat_6h, h.ln_heat_3d, h.ln_heat_30d, h.reads, h.writes, h.bytes_read,
  h.first_access_ms, h.last_access_ms`

/** What a found object is made of. */
export const FOUND_FROM = `
  object as o
  join bucket as b on b.id = o.bucket_id
  join object_version as v on v.object_id = o.id and v.generation = o.generation
  left join copy as c on c.object_id = o.id and c.is_primary
  left join location as l on l.id = c.location_id
  left join object_heat as h on h.object_id = o.id`

/** A search was stopped because it took longer than it may. */
export class SearchTimeoutError extends Error {
  override readonly name = 'SearchTimeoutError'
}

/** PostgreSQL's code for a statement that was cancelled, by its time-out or by a person. */
const STATEMENT_CANCELLED = '57014'

/**
 * One page of present objects that match, in the order asked for. Rejects with a {@link SearchTimeoutError}
 * when that takes longer than `secondsMax`.
 */
export async function searchObjects(
  database: Database,
  search: ObjectSearch,
  secondsMax: number,
): Promise<FoundObject[]> {
  try {
    return await inTransaction(database, async connection => {
      await connection.query(`set local statement_timeout = ${Math.ceil(secondsMax * 1_000)}`)
      return findMatching(connection, search)
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== STATEMENT_CANCELLED) throw error
    throw new SearchTimeoutError(`no answer within ${secondsMax} s`, { cause: error })
  }
}

async function findMatching(database: Queryable, search: ObjectSearch): Promise<FoundObject[]> {
  const values: unknown[] = [Math.trunc(search.now)]
  const parameter = (value: unknown) => `$${values.push(value)}`
  const conditions = ['o.is_present', ...filtersOf(search, parameter)]
  if (search.after !== null) conditions.push(continuation(search.sort, search.after, parameter))
  const { rows } = await database.query<FoundRow>(
    `select ${FOUND_COLUMNS}
     from ${FOUND_FROM}
     where ${conditions.join(' and ')}
     order by ${search.sort === 'key' ? 'o.bucket_id, o.key' : `${SORTED_BY[search.sort]} desc, o.id`}
     limit ${parameter(search.limit)}`,
    values,
  )
  return rows.map(row => foundObjectOf(row, search.sort))
}

/** A found object from its row. */
export function foundObjectOf(row: FoundRow, sort: ObjectSearchSort): FoundObject {
  const { ln_heat_6h, ln_heat_3d, ln_heat_30d, reads, writes, bytes_read, first_access_ms, last_access_ms } =
    row
  const heat =
    ln_heat_6h === null
      ? null
      : {
          lnHeat6h: ln_heat_6h,
          lnHeat3d: ln_heat_3d,
          lnHeat30d: ln_heat_30d,
          reads,
          writes,
          bytesRead: bytes_read,
          firstAccessAt: first_access_ms,
          lastAccessAt: last_access_ms,
        }
  return {
    id: row.id,
    bucketId: row.bucketId,
    bucketName: row.bucketName,
    key: row.key,
    generation: row.generation,
    size: row.size,
    contentType: row.contentType,
    lastModified: row.lastModified,
    locationId: row.locationId,
    locationName: row.locationName,
    tier: row.tier,
    latencySlaMs: row.latencySlaMs,
    state: row.state,
    heat,
    sortValue: sortValueOf(sort, row.size, heat),
  }
}

function sortValueOf(sort: ObjectSearchSort, size: number, heat: FoundObject['heat']): number {
  switch (sort) {
    case 'heat':
      return heat?.lnHeat3d ?? LN_HEAT_NEVER
    case 'lastAccess':
      return heat?.lastAccessAt ?? -1
    case 'size':
      return size
    case 'key':
      return 0
    default:
      throw new Error(`unknown sort ${sort satisfies never}`)
  }
}

function filtersOf(search: ObjectSearch, parameter: (value: unknown) => string): string[] {
  const conditions: string[] = []
  if (search.bucketId !== null) conditions.push(`o.bucket_id = ${parameter(search.bucketId)}`)
  if (search.prefix !== null && search.prefix !== '')
    conditions.push(`o.key ^@ ${parameter(search.prefix)}::text`)
  if (search.tier !== null) conditions.push(`l.tier = ${parameter(search.tier)}`)
  if (search.location !== null) conditions.push(`l.name = ${parameter(search.location)}`)
  if (search.lnHeat3dMin !== null) conditions.push(`h.ln_heat_3d >= ${parameter(search.lnHeat3dMin)}`)
  // In the words of the index of quarantined objects: they are few among many.
  if (search.state === 'quarantined') conditions.push('o.quarantined_because is not null')
  else if (search.state !== null) conditions.push(`(${STATE}) = ${parameter(search.state)}`)
  return conditions
}

function continuation(
  sort: ObjectSearchSort,
  [first, second]: readonly [string | number, string],
  parameter: (value: unknown) => string,
): string {
  if (sort === 'key') return `(o.bucket_id, o.key) > (${parameter(first)}::uuid, ${parameter(second)})`
  const value = `${parameter(first)}::double precision`
  const sorted = SORTED_BY[sort]
  return `(${sorted} < ${value} or (${sorted} = ${value} and o.id > ${parameter(second)}::uuid))`
}
