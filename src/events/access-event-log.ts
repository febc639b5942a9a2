import type { AccessEvent } from '../domain/access-event.ts'
import type { ObjectId, Uuid } from '../domain/identifiers.ts'

/** Most events that one append may carry for one partition. */
export const BATCH_EVENTS_MAX = 10_000

/** Events of one partition by one producer, numbered without a gap from `firstSequence`. */
export interface AccessEventBatch {
  readonly partition: number
  readonly bootId: Uuid
  /** The number of the first event, counted by the producer from 1 within its boot and this partition. */
  readonly firstSequence: number
  /** 1 to {@link BATCH_EVENTS_MAX}, each well formed (see events/access-event-check). */
  readonly events: readonly AccessEvent[]
}

/** The side of the log that producers write to. */
export interface AccessEventLog {
  /** Fixed when the log is made: an object never changes its partition. */
  readonly partitionCount: number

  /**
   * Appends all batches or none; resolves when they are durable. At most one batch per partition. When it
   * rejects the outcome may be unknown: append the same batches again, with the same numbers; readers tell
   * repetitions by them.
   */
  append(batches: readonly AccessEventBatch[]): Promise<void>
}

/** The partition in which all events of an object are: its id's first 32 bits modulo the count. */
export function partitionOf(objectId: ObjectId, partitionCount: number): number {
  return Number.parseInt(objectId.slice(0, 8), 16) % partitionCount
}
