import type { Bytes } from './bytes.ts'
import type { ObjectId, Uuid } from './identifiers.ts'

/**
 * Why bytes are in the ledger. `dark`: the catalog knows nothing of them and they are not ours by their own word.
 * `forgotten`: they say that we made them, and the catalog knows no copy there. `retained` and `suspect`: a copy
 * that is no longer needed and that nobody deletes by itself.
 */
export const ORPHAN_KINDS = ['dark', 'forgotten', 'retained', 'suspect'] as const
export type OrphanKind = (typeof ORPHAN_KINDS)[number]

/**
 * What becomes of an orphan. `seen` once; `confirmed` by a second scan long enough after; `deleting` and
 * `adopting` somebody decided and a worker sees to it; `kept` by a person, or because it may not be deleted;
 * `gone` without us.
 */
export const ORPHAN_STATES = [
  'seen',
  'confirmed',
  'deleting',
  'deleted',
  'kept',
  'adopting',
  'adopted',
  'gone',
] as const
export type OrphanState = (typeof ORPHAN_STATES)[number]

/** States in which a person may decide about an orphan. */
export const DECIDABLE_ORPHAN_STATES: readonly OrphanState[] = ['seen', 'confirmed', 'kept']

/** Bytes in a store that no reader can reach through us and that somebody pays for. */
export interface Orphan {
  readonly id: Uuid
  readonly kind: OrphanKind
  readonly storeId: Uuid
  readonly container: string
  readonly nativeKey: string
  readonly locationId: Uuid | null
  readonly bytes: Bytes
  readonly etag: string | null
  readonly versionId: string | null
  /** The object whose content they are, as far as they say. */
  readonly objectId: ObjectId | null
  /** The copy's row, of a `retained` or `suspect` one. */
  readonly copyId: Uuid | null
  /** The migration of ours that has ended and that published them; null when none is known. */
  readonly migrationId: Uuid | null
  readonly bucketId: Uuid | null
  /** For people: what is known of them. */
  readonly reason: string
  /** What keeping them costs; null without a price. */
  readonly monthlyUsd: number | null
  readonly state: OrphanState
  /** For people: what came of the last decision. */
  readonly outcome: string | null
  /** When the scan was taken that showed these very bytes for the first time. */
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  readonly decidedAt: Date | null
  readonly decidedBy: string | null
}
