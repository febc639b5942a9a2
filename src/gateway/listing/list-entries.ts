import {
  type ListedEntry,
  type ListedObjectRow,
  listObjects,
  walkEntries,
} from '../../database/catalog/object-listing.ts'
import type { Queryable } from '../../database/postgres.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { firstStringAfterPrefix } from './prefix-bound.ts'

/** One page of a listing as all list operations see it. */
export interface EntryPage {
  readonly entries: readonly ListedEntry[]
  readonly isTruncated: boolean
  /** Where the next page goes on: the last key or common prefix of this one; null on the last page. */
  readonly last: string | null
}

/** What to list. */
export interface EntryQuery {
  readonly bucketId: Uuid
  readonly prefix: string
  /** '' for none. */
  readonly delimiter: string
  /** Entries whose name, key or common prefix, comes after this one; '' for all. */
  readonly after: string
  /** Range: 0 to 1,000. */
  readonly limit: number
}

/**
 * One page of keys, folded at the delimiter. The first look reads a page of keys in one go, which is all a
 * flat folder needs; if folding made it short, the rest walks from prefix to prefix by one index look-up
 * each, so folders of any size cost the same.
 */
export async function listEntries(database: Queryable, query: EntryQuery): Promise<EntryPage> {
  if (query.limit === 0) return { entries: [], isTruncated: false, last: null }
  const below = firstStringAfterPrefix(query.prefix)
  const wanted = query.limit + 1
  const start = startOf(query)
  if (start === null) return { entries: [], isTruncated: false, last: null }
  const rows = await listObjects(database, { bucketId: query.bucketId, ...start, below, limit: wanted })
  const entries = fold(rows, query)
  if (entries.length < wanted && rows.length === wanted) {
    // Whatever of the last folder was not read yet is stepped over.
    const resume = resumeAfter(entries.at(-1)!)
    if (resume !== null) {
      const rest = await walkEntries(database, {
        bucketId: query.bucketId,
        from: resume,
        below,
        limit: wanted - entries.length,
        delimiter: query.delimiter,
        prefixLength: [...query.prefix].length,
      })
      entries.push(...rest)
    }
  }
  const isTruncated = entries.length > query.limit
  const page = entries.slice(0, query.limit)
  return { entries: page, isTruncated, last: isTruncated ? nameOf(page.at(-1)!) : null }
}

/** The key or the common prefix of an entry. */
export function nameOf(entry: ListedEntry): string {
  return entry.commonPrefix ?? entry.key
}

/** Where the page begins: an entry belongs to it when its name comes after `after`. Null when none can. */
function startOf({ prefix, delimiter, after }: EntryQuery): { from: string; after: boolean } | null {
  if (compareKeys(after, prefix) < 0) return { from: prefix, after: false }
  const folder = commonPrefixOf(after, prefix, delimiter)
  if (folder === null) return { from: after, after: after !== '' }
  const next = firstStringAfterPrefix(folder)
  return next === null ? null : { from: next, after: false }
}

function fold(rows: readonly ListedObjectRow[], { prefix, delimiter }: EntryQuery): ListedEntry[] {
  const entries: ListedEntry[] = []
  let folder: string | null = null
  for (const row of rows) {
    const commonPrefix = commonPrefixOf(row.key, prefix, delimiter)
    if (commonPrefix === null) entries.push({ commonPrefix: null, ...row })
    else if (commonPrefix !== folder) entries.push({ commonPrefix })
    folder = commonPrefix
  }
  return entries
}

/** What a key is folded into: everything up to the first delimiter behind the prefix; null for nothing. */
function commonPrefixOf(key: string, prefix: string, delimiter: string): string | null {
  if (delimiter === '' || !key.startsWith(prefix)) return null
  const at = key.indexOf(delimiter, prefix.length)
  return at === -1 ? null : key.slice(0, at + delimiter.length)
}

/** The first key that can follow an entry; null when none can. A key never holds a NUL. */
function resumeAfter(entry: ListedEntry): string | null {
  return entry.commonPrefix === null ? `${entry.key}\u0001` : firstStringAfterPrefix(entry.commonPrefix)
}

/** S3's order: that of UTF-8 bytes, which differs from that of JavaScript strings beyond U+FFFF. */
function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
