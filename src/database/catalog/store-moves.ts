import type { Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'
import {
  type LocationReference,
  type LocationReferenceKind,
  listLocationReferences,
} from './location-references.ts'

/**
 * For so long after a store's address led elsewhere nothing new is written there, in milliseconds: three times what a
 * process goes on using the former address for.
 */
const SETTLING_MS = 15_000

/** When writing to store `s` may begin again; null when it never moved. */
export const SETTLED_AT = `s.moved_at + interval '${SETTLING_MS} milliseconds'`

/**
 * That store `s` did not move lately. Together with `for key share of s`: whoever waited for the move sees it, and
 * who was first is seen by it.
 */
export const IS_SETTLED = `coalesce(${SETTLED_AT} <= now(), true)`

/** What would go on at the former address, or is bound to it. */
const BOUND: readonly LocationReferenceKind[] = [
  'migrations',
  'writes',
  'uploads',
  'announcements',
  'imports',
  'reconcile-runs',
  'orphans',
]

/**
 * Holds a store until the transaction ends: nothing begins to be written there meanwhile, nor is a migration to it
 * planned, nor a location added.
 */
export async function holdStoreForMove(connection: Queryable, id: Uuid): Promise<void> {
  await connection.query('select from store where id = $1 for update', [id])
}

/** What goes on at a location and keeps its store where it is; most telling first. */
export async function listWorkAt(
  queryable: Queryable,
  location: { readonly id: Uuid; readonly name: string },
): Promise<LocationReference[]> {
  // Pins are none of these, so the time by which they hold does not matter.
  const references = await listLocationReferences(queryable, location, 0)
  return references.filter(({ kind }) => BOUND.includes(kind))
}
