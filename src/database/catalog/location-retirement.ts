import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** How far the emptying of a location is, and what keeps it. */
export interface RetirementRow {
  readonly retiringAt: Date | null
  readonly retiringBy: string | null
  /** Every copy there, those in grace and retained ones included. */
  readonly copies: number
  readonly bytes: number
  /** Names of buckets whose new objects are written there. */
  readonly writtenBy: readonly string[]
  /** Objects that a person pinned there. */
  readonly pinned: number
  readonly unfinishedMigrations: number
}

/** Where the emptying of a location stands; null when there is no such location. */
export async function readRetirement(queryable: Queryable, id: Uuid): Promise<RetirementRow | null> {
  const { rows } = await queryable.query<RetirementRow>(
    `select l.retiring_at as "retiringAt", l.retiring_by as "retiringBy",
            coalesce((select sum(copies) from location_usage where location_id = l.id), 0)::bigint as copies,
            coalesce((select sum(bytes) from location_usage where location_id = l.id), 0)::bigint as bytes,
            array(select b.name from bucket b where b.write_location_id = l.id order by b.name) as "writtenBy",
            (select count(*) from object o where o.pinned_location_id = l.id and o.is_present) as pinned,
            (select count(*) from migration m
             where m.finished_at is null and m.source_location_id = l.id) as "unfinishedMigrations"
     from location l where l.id = $1`,
    [id],
  )
  return rows[0] ?? null
}

/**
 * Holds a location until the transaction ends, so that no bucket begins to write there meanwhile. Resolves to
 * the names of those that do.
 */
export async function holdForRetirement(connection: Queryable, id: Uuid): Promise<string[]> {
  await connection.query('select 1 from location where id = $1 for update', [id])
  const { rows } = await connection.query<{ name: string }>(
    'select name from bucket where write_location_id = $1 order by name collate "C"',
    [id],
  )
  return rows.map(({ name }) => name)
}

/**
 * Holds a location that a bucket is to write to until the transaction ends, so that its emptying does not begin
 * meanwhile. Resolves to its name when it is being emptied, else to null.
 */
export async function holdForWrites(connection: Queryable, id: Uuid): Promise<string | null> {
  const { rows } = await connection.query<{ name: string; isRetiring: boolean }>(
    'select name, retiring_at is not null as "isRetiring" from location where id = $1 for key share',
    [id],
  )
  return rows[0]?.isRetiring === true ? rows[0].name : null
}

/**
 * Lets nothing new be placed in a location and has what lies there brought elsewhere. Resolves to whether it
 * was new. Buckets that write there are the caller's to refuse ({@link holdForRetirement}).
 */
export async function retireLocation(
  queryable: Queryable,
  retirement: { readonly id: Uuid; readonly principal: Principal },
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update location set retiring_at = now(), retiring_by = $2 where id = $1 and retiring_at is null`,
    [retirement.id, retirement.principal],
  )
  return rowCount === 1
}

/** Lets a location take objects again. Resolves to whether it was retiring. */
export async function reinstateLocation(queryable: Queryable, id: Uuid): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update location set retiring_at = null, retiring_by = null where id = $1 and retiring_at is not null`,
    [id],
  )
  return rowCount === 1
}
