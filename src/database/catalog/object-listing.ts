import type { Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** What a listing shows of an object, in the order of the keys' UTF-8 bytes. */
export interface ListedObjectRow {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly lastModified: Date
}

/** Which keys of a bucket a listing walks over. */
export interface KeyRange {
  readonly bucketId: Uuid
  /** Keys from this one on (`after` false) or after it (`after` true). */
  readonly from: string
  readonly after: boolean
  /** Keys below this one only; null: to the end. */
  readonly below: string | null
  readonly limit: number
}

/** The objects of a range in the order of their keys. */
export async function listObjects(database: Queryable, range: KeyRange): Promise<ListedObjectRow[]> {
  const { rows } = await database.query<ListedObjectRow>({
    name: `object_list${range.after ? '_after' : '_from'}${range.below === null ? '' : '_below'}`,
    text: `
      select found.key, v.size, v.etag, v.last_modified as "lastModified"
      from (
        select id, key, generation
        from object
        where bucket_id = $1 and is_present and key ${range.after ? '>' : '>='} $2
          ${range.below === null ? '' : 'and key < $4'}
        order by key
        limit $3
      ) found
      cross join lateral (
        -- The offset keeps this a look-up per key: as a join it would read every version there is.
        select size, etag, last_modified from object_version
        where object_id = found.id and generation = found.generation
        offset 0
      ) v
      order by found.key`,
    values: [range.bucketId, range.from, range.limit, ...(range.below === null ? [] : [range.below])],
  })
  return rows
}

/** An entry of a delimited listing: an object, or a common prefix that stands for all keys below it. */
export type ListedEntry =
  | ({ readonly commonPrefix: null } & ListedObjectRow)
  | { readonly commonPrefix: string }

/**
 * Walks a range and folds keys that share a prefix up to the delimiter (searched after `prefixLength`
 * characters) into one entry. Each step is one index look-up, and a step after a common prefix starts behind
 * everything below it, so the cost grows with the entries returned and not with the keys folded away.
 */
export async function walkEntries(
  database: Queryable,
  range: Omit<KeyRange, 'after'> & { readonly delimiter: string; readonly prefixLength: number },
): Promise<ListedEntry[]> {
  const { rows } = await database.query<ListedObjectRow & { common_prefix: string | null }>({
    name: 'object_walk_entries',
    // The first string behind everything that starts with p is p with its last character raised by one:
    // the order of code points is the order of UTF-8 bytes. The surrogates' gap is stepped over.
    text: `
      with recursive walk (n, id, key, generation, common_prefix, resume) as (
        (select 0, null::uuid, null::text collate "C", null::bigint, null::text collate "C", $2::text collate "C")
        union all
        select walk.n + 1, found.id, found.key, found.generation, folded.common_prefix,
               case
                 when folded.common_prefix is null then found.key || chr(1)
                 when ascii(right(folded.common_prefix, 1)) = 55295
                   then left(folded.common_prefix, -1) || chr(57344)
                 when ascii(right(folded.common_prefix, 1)) = 1114111
                   then folded.common_prefix || chr(1114111)
                 else left(folded.common_prefix, -1) || chr(ascii(right(folded.common_prefix, 1)) + 1)
               end
        from walk
        cross join lateral (
          select o.id, o.key, o.generation
          from object o
          where o.bucket_id = $1 and o.is_present and o.key >= walk.resume
            and ($4::text is null or o.key < $4)
          order by o.key
          limit 1
        ) found
        cross join lateral (
          select nullif(strpos(substr(found.key, $6::integer + 1), $5), 0) as position
        ) delimiter
        cross join lateral (
          select left(found.key, $6::integer + delimiter.position + length($5) - 1) as common_prefix
        ) folded
        where walk.n < $3
      )
      select walk.key, walk.common_prefix, v.size, v.etag, v.last_modified as "lastModified"
      from walk
      left join lateral (
        select size, etag, last_modified from object_version
        where walk.common_prefix is null and object_id = walk.id and generation = walk.generation
        offset 0
      ) v on true
      where walk.n > 0
      order by walk.n`,
    values: [range.bucketId, range.from, range.limit, range.below, range.delimiter, range.prefixLength],
  })
  return rows.map(({ common_prefix, ...row }) =>
    common_prefix === null ? { commonPrefix: null, ...row } : { commonPrefix: common_prefix },
  )
}
