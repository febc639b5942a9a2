import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** Reads of one object on one model day. */
export interface AccessDayRow {
  readonly objectId: string
  /** Days since 1970. */
  readonly day: number
  readonly reads: number
  readonly bytes: number
}

/** Adds to the daily counts of many objects in one statement. `rows` must be in the order of their ids. */
export async function addAccessDays(queryable: Queryable, rows: readonly AccessDayRow[]): Promise<void> {
  await queryable.query({
    name: 'add-access-days',
    text: `insert into access_daily as d (object_id, day, reads, bytes)
      select object_id, date '1970-01-01' + day, reads, bytes
      from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[]) as i (object_id, day, reads, bytes)
      on conflict (object_id, day) do update set
        reads = least(d.reads::bigint + excluded.reads, 2147483647)::int,
        bytes = least(d.bytes + excluded.bytes, 9007199254740991)`,
    values: [
      arrayLiteral(rows.map(row => row.objectId)),
      arrayLiteral(rows.map(row => row.day)),
      arrayLiteral(rows.map(row => row.reads)),
      arrayLiteral(rows.map(row => row.bytes)),
    ],
  })
}

/** The daily counts of these objects from a day on, by object and day: what a sparkline shows. */
export async function readAccessDays(
  queryable: Queryable,
  options: { objectIds: readonly string[]; firstDay: number },
): Promise<AccessDayRow[]> {
  const { rows } = await queryable.query<AccessDayRow>({
    name: 'read-access-days',
    text: `select d.object_id as "objectId", d.day - date '1970-01-01' as day, d.reads, d.bytes
      from unnest($1::uuid[]) as i (object_id) join access_daily d on d.object_id = i.object_id
      where d.day >= date '1970-01-01' + $2::int
      order by d.object_id, d.day`,
    values: [options.objectIds, options.firstDay],
  })
  return rows
}

/** Removes daily counts before a day, at most `limit`. Returns how many. */
export async function deleteOldAccessDays(
  queryable: Queryable,
  options: { before: number; limit: number },
): Promise<number> {
  const { rowCount } = await queryable.query(
    `delete from access_daily d using (
       select object_id, day from access_daily where day < date '1970-01-01' + $1::int limit $2
     ) old where d.object_id = old.object_id and d.day = old.day`,
    [options.before, options.limit],
  )
  return rowCount ?? 0
}
