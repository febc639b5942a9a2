import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** A copy that a listing did not show although it lay in the range of keys it covered. */
export interface UnseenCopy {
  readonly objectId: ObjectId
  readonly copyId: Uuid
  readonly key: string
  readonly locationId: Uuid
}

/** A stretch of keys that a listing has covered without a gap. */
export interface CoveredKeys {
  readonly prefix: string
  /** Covered are keys after this one; null: from the first. */
  readonly after: string | null
  /** Covered up to and including this one; null: to the last. */
  readonly upTo: string | null
}

/**
 * Notes the copies of present content that lie in a listed container by the catalog, under a key of the covered
 * stretch, and that were not in the listing. They are asked for one by one later: a write or a move may have
 * made them after the page was listed.
 */
export async function noteUnseenCopies(
  database: Queryable,
  importId: Uuid,
  listing: {
    readonly bucketId: Uuid
    /** All locations of the listed container. */
    readonly locationIds: readonly Uuid[]
    readonly covered: CoveredKeys
    readonly listedObjectIds: readonly ObjectId[]
  },
): Promise<void> {
  const { after, prefix, upTo } = listing.covered
  // The limit keeps the planner from reading all copies: few objects of a page are not listed. The last code
  // point ends the range of an index that the prefix begins.
  await database.query({
    name: 'import-note-unseen',
    text: `
      with unseen as materialized (
        select o.id, o.key, o.generation
        from object o
        where o.bucket_id = $2 and o.is_present and o.key > $4 and ($5::text is null or o.key <= $5)
          and o.key >= $6 and o.key < $6 || chr(1114111) and starts_with(o.key, $6)
          and not exists (select from unnest($7::uuid[]) as listed (id) where listed.id = o.id)
      )
      insert into import_unseen_copy (import_id, object_id, copy_id)
      select $1, unseen.id, here.id
      from unseen
      cross join lateral (
        select c.id from copy c
        where c.object_id = unseen.id and c.generation = unseen.generation and c.location_id = any ($3::uuid[])
          and coalesce(c.native_key, unseen.key) = unseen.key
          and c.state in ('complete', 'grace', 'retained', 'suspect')
        limit 16
      ) as here
      on conflict do nothing`,
    values: [
      importId,
      listing.bucketId,
      listing.locationIds,
      after ?? '',
      upTo,
      prefix,
      `{${listing.listedObjectIds.join(',')}}`,
    ],
  })
}

/** A page of the noted copies that are still in the catalog, in the order of object ids. */
export async function listUnseenCopies(
  database: Queryable,
  importId: Uuid,
  page: { after: Pick<UnseenCopy, 'objectId' | 'copyId'> | null; limit: number },
): Promise<UnseenCopy[]> {
  const { rows } = await database.query<UnseenCopy>({
    name: 'import-list-unseen',
    text: `
      select u.object_id as "objectId", u.copy_id as "copyId", o.key, c.location_id as "locationId"
      from import_unseen_copy u
      join object o on o.id = u.object_id
      join copy c on c.object_id = u.object_id and c.id = u.copy_id
      where u.import_id = $1 and (u.object_id, u.copy_id) > ($2::uuid, $3::uuid)
      order by u.object_id, u.copy_id
      limit $4`,
    values: [importId, page.after?.objectId ?? NIL, page.after?.copyId ?? NIL, page.limit],
  })
  return rows
}

/** Forgets noted copies: they turned out to be there, or were settled. */
export async function forgetUnseenCopies(
  database: Queryable,
  importId: Uuid,
  copies: readonly Pick<UnseenCopy, 'objectId' | 'copyId'>[],
): Promise<void> {
  if (copies.length === 0) return
  await database.query({
    name: 'import-forget-unseen',
    text: `
      delete from import_unseen_copy u
      using unnest($2::uuid[], $3::uuid[]) as f (object_id, copy_id)
      where u.import_id = $1 and u.object_id = f.object_id and u.copy_id = f.copy_id`,
    values: [
      importId,
      `{${copies.map(copy => copy.objectId).join(',')}}`,
      `{${copies.map(copy => copy.copyId).join(',')}}`,
    ],
  })
}

/** Forgets every noted copy of an import. */
export async function forgetAllUnseenCopies(database: Queryable, importId: Uuid): Promise<void> {
  await database.query('delete from import_unseen_copy where import_id = $1', [importId])
}

/** How many copies an import has noted and not yet settled, and how many objects its bucket has. */
export async function countUnseenCopies(
  database: Queryable,
  importId: Uuid,
  bucketId: Uuid,
): Promise<{ unseen: number; known: number }> {
  const { rows } = await database.query<{ unseen: number; known: number }>(
    `select (select count(*) from import_unseen_copy u
             join copy c on c.object_id = u.object_id and c.id = u.copy_id
             where u.import_id = $1) as unseen,
            (select count(*) from object where bucket_id = $2 and is_present) as known`,
    [importId, bucketId],
  )
  return rows[0]!
}

const NIL = '00000000-0000-0000-0000-000000000000'
