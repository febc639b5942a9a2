import { type AccessEventBatch, type AccessEventLog, BATCH_EVENTS_MAX } from '../access-event-log.ts'
import type {
  AccessEventSource,
  FetchedAccesses,
  LoggedAccess,
  MalformedPayload,
} from '../access-event-source.ts'
import { type DecodedEvent, decodeBatch, encodeBatch, UnreadableBatchError } from './batch-encoding.ts'
import type { EventLogTable, StoredBatch } from './event-log-table.ts'
import { rereadPayload } from './reread-payload.ts'

/** The name under which ingest keeps its positions in the embedded log. */
export const POSTGRES_LOG = 'postgres-log'

/**
 * The embedded event log: both sides of it, over a table of the same PostgreSQL database. One row per batch;
 * offsets are given in the transaction of the append, under the row lock of the partition.
 */
export function createPostgresEventLog(options: {
  table: EventLogTable
  partitionCount: number
}): AccessEventLog & AccessEventSource {
  const { table, partitionCount } = options
  return {
    name: POSTGRES_LOG,
    partitionCount,
    async append(batches) {
      if (batches.length > 0) await table.append(batches.map(batch => encode(batch, partitionCount)))
    },
    endOffsets: () => table.ends(),
    async fetch(partition, offset, limit) {
      const stored = await table.fetch(partition, offset, limit)
      if (stored.length > 0) return decodeStretch(stored, offset, offset + limit)
      const next = (await table.nextOffsetStored(partition, offset)) ?? offset
      return { endOffset: next, accesses: [], malformed: [], missing: next - offset }
    },
    reread: rereadPayload,
  }
}

function encode(batch: AccessEventBatch, partitionCount: number) {
  if (batch.partition < 0 || batch.partition >= partitionCount)
    throw new RangeError(`partition ${batch.partition} is not one of ${partitionCount}`)
  if (batch.events.length === 0 || batch.events.length > BATCH_EVENTS_MAX)
    throw new RangeError(`a batch holds 1 to ${BATCH_EVENTS_MAX} events, not ${batch.events.length}`)
  return {
    partition: batch.partition,
    bootId: batch.bootId,
    firstSequence: batch.firstSequence,
    eventCount: batch.events.length,
    events: encodeBatch(batch.events),
  }
}

/** Decodes what lies from `offset` to before `end`; the first and the last batch may stick out. */
function decodeStretch(batches: readonly StoredBatch[], offset: number, end: number): FetchedAccesses {
  const accesses: LoggedAccess[] = []
  const malformed: MalformedPayload[] = []
  let position = offset
  let missing = 0
  for (const batch of batches) {
    missing += Math.max(0, batch.firstOffset - position)
    const decoded = decodeOrSetAside(batch, malformed)
    const batchEnd = batch.firstOffset + batch.eventCount
    const last = decoded === null ? batchEnd : Math.min(batchEnd, end)
    for (let at = Math.max(batch.firstOffset, offset); decoded !== null && at < last; at++)
      sortOut(decoded[at - batch.firstOffset]!, batch, at, accesses, malformed)
    position = last
  }
  return { endOffset: position, accesses, malformed, missing }
}

/** Null for a batch that cannot be read as a whole: it becomes one dead letter and is stepped over. */
function decodeOrSetAside(batch: StoredBatch, malformed: MalformedPayload[]): DecodedEvent[] | null {
  const setAside = (reason: string) => {
    malformed.push({
      offset: batch.firstOffset,
      reason: `batch of ${batch.eventCount} events: ${reason}`,
      payload: batch.events,
      receivedAt: batch.appendedAt,
    })
    return null
  }
  try {
    const decoded = decodeBatch(batch.events)
    if (decoded.length === batch.eventCount) return decoded
    return setAside(`the payload holds ${decoded.length}`)
  } catch (error) {
    if (error instanceof UnreadableBatchError) return setAside(error.message)
    throw error
  }
}

function sortOut(
  decoded: DecodedEvent,
  batch: StoredBatch,
  offset: number,
  accesses: LoggedAccess[],
  malformed: MalformedPayload[],
): void {
  if ('event' in decoded) {
    const sequence = batch.firstSequence + offset - batch.firstOffset
    accesses.push({ offset, origin: { bootId: batch.bootId, sequence }, event: decoded.event })
  } else malformed.push({ offset, ...decoded, receivedAt: batch.appendedAt })
}
