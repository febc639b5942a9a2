import { LRUCache } from 'lru-cache'
import type { LeasedPartition } from '../../database/accesses/ingest-partitions.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'

/** Encoded rings kept per partition: those of the busiest objects, about 100 bytes each. */
const RINGS_KEPT_MAX = 50_000
/** Producers whose marks are kept per partition. */
const BOOTS_KEPT_MAX = 1_000

/**
 * A partition this process has leased, with what it remembers of it.
 *
 * Model: whoever writes the rings of the partition's objects or the marks of its producers moves the
 * partition's position in the same transaction. So while our epoch holds and the position is where we left
 * it, nobody else has written them, and what we read or wrote ourselves is still true: the fence proves it at
 * the commit. After any failure, a doubtful commit included, the whole hold is thrown away, memory too.
 */
export interface PartitionHold {
  readonly lease: LeasedPartition
  nextOffset: number
  /**
   * How many events to take at once: halved when the database refuses a stretch, to find the one it refuses.
   */
  eventsMax: number
  readonly rings: LRUCache<ObjectId, Uint8Array>
  readonly bootMarks: LRUCache<Uuid, number>
}

export function holdPartition(lease: LeasedPartition, eventsMax: number): PartitionHold {
  return {
    lease,
    nextOffset: lease.nextOffset,
    eventsMax,
    rings: new LRUCache({ max: RINGS_KEPT_MAX }),
    bootMarks: new LRUCache({ max: BOOTS_KEPT_MAX }),
  }
}
