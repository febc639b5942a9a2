import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** The encoded rings of one object (heat/ring-encoding). */
export interface AccessWindowRow {
  readonly objectId: string
  readonly rings: Uint8Array
  /** Model milliseconds. */
  readonly lastAccessAt: number
}

/** The encoded rings of these objects; objects not read during the last day may have none. */
export async function readAccessWindows(
  queryable: Queryable,
  objectIds: readonly string[],
): Promise<Map<string, Buffer>> {
  const { rows } = await queryable.query<{ object_id: string; rings: Buffer }>({
    name: 'read-access-windows',
    text: `select w.object_id, w.rings
      from unnest($1::uuid[]) as i (object_id) join access_window w on w.object_id = i.object_id`,
    values: [arrayLiteral(objectIds)],
  })
  return new Map(rows.map(row => [row.object_id, row.rings]))
}

/**
 * Replaces the rings of many objects in one statement. `rows` must be in the order of their ids. What was
 * read before must not have changed since: ingest holds the row lock of the objects' partition.
 */
export async function writeAccessWindows(
  queryable: Queryable,
  rows: readonly AccessWindowRow[],
): Promise<void> {
  await queryable.query({
    name: 'write-access-windows',
    text: `insert into access_window as w (object_id, rings, last_access_ms)
      select object_id, decode(rings, 'hex'), last_access_ms
      from unnest($1::uuid[], $2::text[], $3::bigint[]) as i (object_id, rings, last_access_ms)
      on conflict (object_id) do update set rings = excluded.rings,
        last_access_ms = greatest(w.last_access_ms, excluded.last_access_ms)`,
    values: [
      arrayLiteral(rows.map(row => row.objectId)),
      arrayLiteral(rows.map(row => Buffer.from(row.rings).toString('hex'))),
      arrayLiteral(rows.map(row => Math.floor(row.lastAccessAt))),
    ],
  })
}

/** Removes the rings of objects not read since, at most `limit`. Returns how many. */
export async function deleteOldAccessWindows(
  queryable: Queryable,
  options: { lastAccessBefore: number; limit: number },
): Promise<number> {
  const { rowCount } = await queryable.query(
    `delete from access_window w using (
       select object_id from access_window where last_access_ms < $1 limit $2 for update skip locked
     ) old where w.object_id = old.object_id and w.last_access_ms < $1`,
    [Math.floor(options.lastAccessBefore), options.limit],
  )
  return rowCount ?? 0
}
