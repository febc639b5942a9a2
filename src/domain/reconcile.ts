import type { Bytes } from './bytes.ts'
import type { Uuid } from './identifiers.ts'

/**
 * What a run found in one place. `dark` and `forgotten`: see {@link OrphanKind}. `missing`: a copy of the
 * catalog is not there. `changed`: other bytes lie there than the catalog says. `followed`: the catalog has
 * followed what others did in a bucket that is not only ours. `parts`: an upload in parts, begun more than a
 * day ago, that nobody needs.
 */
export const RECONCILE_VERDICTS = ['dark', 'forgotten', 'missing', 'changed', 'followed', 'parts'] as const
export type ReconcileVerdict = (typeof RECONCILE_VERDICTS)[number]

/** Where a run learns what lies in the container: our own listing, or an inventory that its vendor wrote. */
export type ReconcileSource =
  | { readonly kind: 'listing' }
  | { readonly kind: 'manifest'; readonly storeId: Uuid; readonly container: string; readonly key: string }

/** What a run may do. */
export interface ReconcileSettings {
  /** Whether confirmed orphans that are provably ours are deleted at its end. */
  readonly deletes: boolean
  /** How far apart the two scans must be that confirm an orphan, in wall milliseconds. */
  readonly apartMs: number
  /** Deletions of one run. */
  readonly deletionsMax: number
  readonly deletedBytesMax: Bytes
  /**
   * Of the objects listed in the container: when more than this share would go, none does, for then something
   * else is wrong. Range: 0 to 1.
   */
  readonly deletedShareMax: number
  /** Go on although most of what the catalog knows there is missing. */
  readonly acceptMissing: boolean
}

/** What a run did until now. */
export interface ReconcileCounts {
  /** Entries of the inventory, and their bytes. */
  readonly listed: number
  readonly listedBytes: Bytes
  /** Entries that are as the catalog says. */
  readonly known: number
  /** Entries a write or a move of our own is not finished with, or that are too new to judge. */
  readonly underWay: number
  readonly dark: number
  readonly darkBytes: Bytes
  readonly forgotten: number
  readonly forgottenBytes: Bytes
  readonly missing: number
  readonly missingBytes: Bytes
  readonly changed: number
  readonly followed: number
  /** Copies that could not be asked for and are left to the next run. */
  readonly unsettled: number
  /** Uploads in parts that nobody needs, and those of them that were ours and were aborted. */
  readonly parts: number
  readonly partsAborted: number
  /** Copies kept for a person: retained and suspect ones. */
  readonly leftovers: number
  readonly confirmed: number
  readonly deleted: number
  readonly deletedBytes: Bytes
  /** Confirmed orphans that were to be deleted and were not, because of a cap or a check. */
  readonly withheld: number
}

/** A run that has not begun. */
export const NO_COUNTS: ReconcileCounts = {
  listed: 0,
  listedBytes: 0,
  known: 0,
  underWay: 0,
  dark: 0,
  darkBytes: 0,
  forgotten: 0,
  forgottenBytes: 0,
  missing: 0,
  missingBytes: 0,
  changed: 0,
  followed: 0,
  unsettled: 0,
  parts: 0,
  partsAborted: 0,
  leftovers: 0,
  confirmed: 0,
  deleted: 0,
  deletedBytes: 0,
  withheld: 0,
}

/** Counts of one step added to those before it. */
export function addCounts(one: ReconcileCounts, other: Partial<ReconcileCounts>): ReconcileCounts {
  const names = Object.keys(NO_COUNTS) as (keyof ReconcileCounts)[]
  return Object.fromEntries(
    names.map(name => [name, one[name] + (other[name] ?? 0)]),
  ) as unknown as ReconcileCounts
}
