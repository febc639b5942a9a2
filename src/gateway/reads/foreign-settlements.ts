import { LRUCache } from 'lru-cache'
import { MINUTE } from '../../domain/duration.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'

/** What a read found out that others did. */
export type MetForeignChange = 'changed' | 'removed'

/**
 * How many objects of one bucket reads may take out of the catalog within {@link REMOVALS_WINDOW_MS}. A folder
 * that is not mounted looks like one that was emptied: above this only an import removes, which weighs the
 * whole.
 */
const REMOVALS_PER_BUCKET_MAX = 100
const REMOVALS_WINDOW_MS = 10 * MINUTE
const BUCKETS_MAX = 10_000

/** Settlements of foreign changes that reads began: one per object at a time, and only so many removals. */
export class ForeignSettlements {
  readonly #underWay = new Map<ObjectId, Promise<MetForeignChange | null>>()
  readonly #removals = new LRUCache<Uuid, { since: number; count: number }>({ max: BUCKETS_MAX })

  /** Joins the settlement of this object that is under way, or begins one. */
  join(id: ObjectId, begin: () => Promise<MetForeignChange | null>): Promise<MetForeignChange | null> {
    const shared = this.#underWay.get(id)
    if (shared !== undefined) return shared
    const settlement = begin().finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, settlement)
    return settlement
  }

  /** Whether a read may take one more object of this bucket out of the catalog. */
  mayRemove(bucketId: Uuid, now: number): boolean {
    return (this.#young(bucketId, now)?.count ?? 0) < REMOVALS_PER_BUCKET_MAX
  }

  countRemoval(bucketId: Uuid, now: number): void {
    const { since, count } = this.#young(bucketId, now) ?? { since: now, count: 0 }
    this.#removals.set(bucketId, { since, count: count + 1 })
  }

  /** A clock that was set back makes an entry old, not eternally young. */
  #young(bucketId: Uuid, now: number) {
    const removals = this.#removals.get(bucketId)
    if (removals === undefined || Math.abs(now - removals.since) >= REMOVALS_WINDOW_MS) return undefined
    return removals
  }
}
