import type { AccessEvent, EventOrigin } from '../domain/access-event.ts'
import type { Instant } from '../domain/clock.ts'

/**
 * Where accesses are heard: a log of access events in numbered partitions, read by position. All events of
 * one object are in one partition. Reading changes nothing; who reads keeps its own position.
 */
export interface AccessEventSource {
  /** The name under which positions are kept. Never changes while there are positions of it. */
  readonly name: string

  /**
   * The partitions there are, and for each the offset that its next event will get. Offsets are whole
   * numbers from 0, and grow by one with every event.
   */
  endOffsets(): Promise<ReadonlyMap<number, number>>

  /**
   * The events of one partition from `offset` on, in order: at most `limit`, and at least one step forward
   * while there is something at or after `offset`. At the end of the log `endOffset` is `offset`.
   *
   * A payload that cannot be read is returned as malformed and never stands in the way of what follows.
   * Events that the log no longer has are stepped over and counted in `missing`.
   */
  fetch(partition: number, offset: number, limit: number): Promise<FetchedAccesses>

  /**
   * Reads a payload that was set aside as malformed, or the JSON of one event, once more: its events in a
   * fixed order, and what is still malformed. Never throws.
   */
  reread(payload: Uint8Array): RereadPayload
}

/** What a payload that was set aside holds by now. */
export interface RereadPayload {
  readonly events: readonly AccessEvent[]
  readonly malformed: readonly Pick<MalformedPayload, 'reason' | 'payload'>[]
}

/** A stretch of one partition: everything from the asked offset up to, not including, `endOffset`. */
export interface FetchedAccesses {
  readonly endOffset: number
  readonly accesses: readonly LoggedAccess[]
  readonly malformed: readonly MalformedPayload[]
  /** How many offsets of this stretch the log has forgotten. */
  readonly missing: number
}

/** An access event with its place in the log. */
export interface LoggedAccess {
  readonly offset: number
  readonly origin: EventOrigin
  readonly event: AccessEvent
}

/** Bytes from the log that are not an access event: what is kept as a dead letter. */
export interface MalformedPayload {
  readonly offset: number
  readonly reason: string
  readonly payload: Uint8Array
  readonly receivedAt: Instant
}
