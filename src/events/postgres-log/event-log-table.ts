import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'

/** A batch as it is stored: one row. */
interface EncodedBatch {
  readonly partition: number
  readonly bootId: Uuid
  readonly firstSequence: number
  readonly eventCount: number
  readonly events: Buffer
}

/** A stored batch with the place it was given. */
export interface StoredBatch extends EncodedBatch {
  readonly firstOffset: number
  readonly appendedAt: Instant
}

/**
 * What the log needs from its table. The statements are in database/accesses/event-log; whoever wires the
 * process hands them in, because the rooms of one ring do not import each other.
 */
export interface EventLogTable {
  /** Stores all batches or none, gives each the next offsets of its partition, in order of commit. */
  append(batches: readonly EncodedBatch[]): Promise<void>
  /** Batches that contain offsets from `offset` to before `offset + limit`, in order. */
  fetch(partition: number, offset: number, limit: number): Promise<readonly StoredBatch[]>
  /** The first offset at or after `offset` that is still stored, or null. */
  nextOffsetStored(partition: number, offset: number): Promise<number | null>
  /** Every partition and the offset its next event will get. */
  ends(): Promise<ReadonlyMap<number, number>>
}
