import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** A copy of an object's present content that a move left where it was. */
export interface LeftCopy {
  readonly copyId: Uuid
  readonly locationId: Uuid
  /** `retained`: its store did not let it go. `suspect`: it was found to be other bytes. */
  readonly state: 'retained' | 'suspect'
}

/** What moves left behind of an object's present content. */
export async function listLeftCopies(queryable: Queryable, objectId: ObjectId): Promise<LeftCopy[]> {
  const { rows } = await queryable.query<LeftCopy>({
    name: 'copy_list_left',
    text: `
      select c.id as "copyId", c.location_id as "locationId", c.state
      from copy c join object o on o.id = c.object_id and o.generation = c.generation
      where c.object_id = $1 and not c.is_primary and c.state in ('retained', 'suspect')
      order by c.id`,
    values: [objectId],
  })
  return rows
}

/**
 * Counts a `retained` copy among the object's copies again, as one that nobody has proven yet. Resolves to the
 * object's placement version from then on, or to null, having changed nothing, when object or copy are not what
 * they were. Call it in a transaction.
 */
export async function takeUpLeftCopy(
  connection: Queryable,
  {
    objectId,
    copyId,
    placementVersion,
  }: { readonly objectId: ObjectId; readonly copyId: Uuid; readonly placementVersion: number },
): Promise<number | null> {
  const { rows } = await connection.query<{ placementVersion: number }>({
    name: 'copy_take_up_left',
    text: `
      with held as (
        select o.id, o.generation from object o
        where o.id = $1 and o.placement_version = $3 and o.is_present and o.quarantined_because is null
          and not exists (select from migration m where m.object_id = o.id and m.finished_at is null)
        for update
      ), taken as (
        update copy c set state = 'complete', verified_ms = null, scrubbed_ms = null, scrub_verdict = null
        from held
        where c.object_id = $1 and c.id = $2 and c.generation = held.generation and c.state = 'retained'
          and not c.is_primary
        returning c.object_id
      )
      update object o set placement_version = placement_version + 1
      from taken where o.id = $1 and o.id = taken.object_id
      returning o.placement_version as "placementVersion"`,
    values: [objectId, copyId, placementVersion],
  })
  return rows[0]?.placementVersion ?? null
}
