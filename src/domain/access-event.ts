import type { Bytes } from './bytes.ts'
import type { Instant } from './clock.ts'
import type { ObjectId, Uuid } from './identifiers.ts'

/** What kind of reader came: decides how much an access counts (see heat/weights). */
export const READER_CLASSES = ['application', 'interactive', 'analytics', 'scan', 'backup', 'mover'] as const
export type ReaderClass = (typeof READER_CLASSES)[number]

export type AccessOperation = 'read' | 'head' | 'write' | 'delete'

/** Somebody read or wrote an object: when, how many bytes, what kind of reader. */
export interface AccessEvent {
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly operation: AccessOperation
  /** Model time at which the answer began. */
  readonly at: Instant
  /** Bytes of content sent to or received from the client. */
  readonly bytes: Bytes
  readonly readerClass: ReaderClass
  /** Where the bytes came from, or null for deletes and failures. */
  readonly locationId: Uuid | null
}

/**
 * Which event of which boot of which process this is. A producer numbers its events 1, 2, 3 … per log
 * partition, so that one high-water mark per boot and partition makes a repeated append harmless.
 */
export interface EventOrigin {
  readonly bootId: Uuid
  readonly sequence: number
}
