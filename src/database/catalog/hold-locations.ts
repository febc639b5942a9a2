import type { Uuid } from '../../domain/identifiers.ts'
import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** A location that stays until a transaction ends. */
export interface HeldLocation {
  readonly id: Uuid
  /** It has a capacity. */
  readonly isLimited: boolean
}

/**
 * Keeps locations from being removed, and their stores from being relocated, until the transaction ends, so that
 * it can write down what refers to them. Resolves to those that are there, in the order of ids: whoever waited for
 * a removal finds the location gone. One statement; those who hold do not wait for each other.
 */
export async function holdLocations(connection: Queryable, ids: readonly Uuid[]): Promise<HeldLocation[]> {
  if (ids.length === 0) return []
  const { rows } = await connection.query<HeldLocation>({
    name: 'location_hold',
    text: `select l.id, l.capacity_bytes is not null as "isLimited"
           from location l join store s on s.id = l.store_id
           where l.id = any ($1::uuid[])
           order by l.id
           for key share of l, s`,
    values: [arrayLiteral([...new Set(ids)])],
  })
  return rows
}
