import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** What is added to the heat row of one object. */
export interface HeatDelta {
  readonly lnHeat6h: number
  readonly lnHeat3d: number
  readonly lnHeat30d: number
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly firstAccessAt: number
  readonly lastAccessAt: number
}

/** The heat row of one object. Instants are model milliseconds. */
export interface ObjectHeatRow extends HeatDelta {
  readonly objectId: string
}

/** What merging heat did to the queue of reviews. */
export interface HeatMerged {
  /** Objects heard of for the first time. */
  readonly newObjects: number
  /** Objects that rose above their threshold and are to be looked at now. */
  readonly promotions: number
}

/**
 * Adds to the heat and the counters of many objects in one statement, in the order of their ids, and queues
 * reviews: an object heard of for the first time gets one unless it has one, an object whose heat rose above
 * e^promote_ln_heat is to be looked at now (heat/promotion says why no clock is needed; `decayPerMs3d` and
 * `landmark` are those of the 3-day column).
 *
 * Sums stop at 2^53 − 1. `deltas` must be in the order of their ids, or two callers may deadlock.
 */
export async function mergeObjectHeat(
  queryable: Queryable,
  options: {
    deltas: readonly (readonly [objectId: string, delta: HeatDelta])[]
    decayPerMs3d: number
    landmark: number
    now: number
  },
): Promise<HeatMerged> {
  const column = (value: (delta: HeatDelta) => number) =>
    arrayLiteral(options.deltas.map(([, delta]) => value(delta)))
  const { rows } = await queryable.query<HeatMerged>({
    name: 'merge-object-heat',
    text: MERGE_OBJECT_HEAT,
    values: [
      arrayLiteral(options.deltas.map(([objectId]) => objectId)),
      column(delta => delta.lnHeat6h),
      column(delta => delta.lnHeat3d),
      column(delta => delta.lnHeat30d),
      column(delta => delta.reads),
      column(delta => delta.writes),
      column(delta => delta.bytesRead),
      column(delta => Math.floor(delta.firstAccessAt)),
      column(delta => Math.floor(delta.lastAccessAt)),
      options.decayPerMs3d,
      options.landmark,
      Math.floor(options.now),
    ],
  })
  return rows[0]!
}

/** ln(e^stored + e^added): exp of less than -700 would raise an underflow. */
function mergedLn(column: string): string {
  return `${column} = greatest(h.${column}, excluded.${column})
    + ln(1 + exp(-least(abs(h.${column} - excluded.${column}), 700)))`
}

const MERGE_OBJECT_HEAT = `with input as (
    select * from unnest($1::uuid[], $2::float8[], $3::float8[], $4::float8[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[])
      as i (object_id, ln_heat_6h, ln_heat_3d, ln_heat_30d, reads, writes, bytes_read, first_access_ms,
        last_access_ms)
  ), merged as (
    insert into object_heat as h (object_id, ln_heat_6h, ln_heat_3d, ln_heat_30d, reads, writes, bytes_read,
      first_access_ms, last_access_ms)
    select * from input
    on conflict (object_id) do update set
      ${mergedLn('ln_heat_6h')}, ${mergedLn('ln_heat_3d')}, ${mergedLn('ln_heat_30d')},
      reads = least(h.reads + excluded.reads, 9007199254740991),
      writes = least(h.writes + excluded.writes, 9007199254740991),
      bytes_read = least(h.bytes_read + excluded.bytes_read, 9007199254740991),
      first_access_ms = least(h.first_access_ms, excluded.first_access_ms),
      last_access_ms = greatest(h.last_access_ms, excluded.last_access_ms)
    returning h.object_id, h.ln_heat_3d, h.reads + h.writes as accesses, h.last_access_ms
  ), promoted as (
    update object_review r set review_ms = $12, reason = 'promotion'
    from merged m
    where r.object_id = m.object_id and r.review_ms > $12
      and m.ln_heat_3d - $10::float8 * (m.last_access_ms - $11::bigint) > r.promote_ln_heat
    returning r.object_id
  ), new_object as (
    insert into object_review (object_id, review_ms, reason)
    select m.object_id, $12, 'new-object'
    from merged m join input i on i.object_id = m.object_id
    where m.accesses = i.reads + i.writes
    order by m.object_id
    on conflict do nothing
    returning object_id
  )
  select (select count(*) from promoted)::int as promotions,
    (select count(*) from new_object)::int as "newObjects"`

/** The heat rows of these objects; objects without accesses have none. */
export async function readObjectHeat(
  queryable: Queryable,
  objectIds: readonly string[],
): Promise<Map<string, ObjectHeatRow>> {
  const { rows } = await queryable.query<ObjectHeatRow>({
    name: 'read-object-heat',
    text: `select h.object_id as "objectId", ln_heat_6h as "lnHeat6h", ln_heat_3d as "lnHeat3d",
        ln_heat_30d as "lnHeat30d", reads, writes, bytes_read as "bytesRead",
        first_access_ms as "firstAccessAt", last_access_ms as "lastAccessAt"
      from unnest($1::uuid[]) as i (object_id) join object_heat h on h.object_id = i.object_id`,
    values: [objectIds],
  })
  return new Map(rows.map(row => [row.objectId, row]))
}
