import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** A batch of access events as stored: one row of event_batch. */
export interface EventBatchRow {
  readonly partition: number
  readonly bootId: string
  readonly firstSequence: number
  readonly eventCount: number
  readonly events: Buffer
}

/** A stored batch with the place it was given. */
export interface StoredEventBatchRow extends EventBatchRow {
  readonly firstOffset: number
  /** Wall milliseconds since 1970. */
  readonly appendedAt: number
}

/** The advisory lock under which the log's partitions are counted: the first 8 bytes of "dim-elog". */
const EVENT_LOG_LOCK = '7235419206870820711'

/**
 * Makes the partitions of the event log unless there are some, and returns how many there are. The number
 * never changes afterwards: an object would change its partition, and two readers would write its rows.
 */
export async function ensureEventLogPartitions(database: Database, wanted: number): Promise<number> {
  return inTransaction(database, async connection => {
    await connection.query('select pg_advisory_xact_lock($1)', [EVENT_LOG_LOCK])
    await connection.query(
      `insert into event_log_partition (partition)
       select generate_series(0, $1::int - 1)
       where not exists (select from event_log_partition)`,
      [wanted],
    )
    const { rows } = await connection.query<{ count: number }>('select count(*) from event_log_partition')
    return rows[0]!.count
  })
}

/**
 * Stores batches, at most one per partition, all or none, in one statement. The partitions' rows are locked
 * in order and stay locked until the commit, so that offsets become visible in their order.
 * Throws when a partition does not exist.
 */
export async function appendEventBatches(
  queryable: Queryable,
  batches: readonly EventBatchRow[],
): Promise<void> {
  const { rowCount } = await queryable.query({
    name: 'append-event-batches',
    text: `with locked as materialized (
        select partition from event_log_partition
        where partition = any ($1::smallint[]) order by partition for update
      ), input as (
        select * from unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::int[], $5::bytea[])
          as i (partition, boot_id, first_sequence, event_count, events)
      ), placed as (
        update event_log_partition p set next_offset = p.next_offset + i.event_count
        from input i join locked using (partition)
        where p.partition = i.partition
        returning i.partition, p.next_offset - i.event_count as first_offset,
          i.boot_id, i.first_sequence, i.event_count, i.events
      )
      insert into event_batch (partition, first_offset, event_count, boot_id, first_sequence, events)
      select partition, first_offset, event_count, boot_id, first_sequence, events from placed`,
    values: [
      batches.map(batch => batch.partition),
      batches.map(batch => batch.bootId),
      batches.map(batch => batch.firstSequence),
      batches.map(batch => batch.eventCount),
      batches.map(batch => batch.events),
    ],
  })
  if (rowCount !== batches.length)
    throw new Error(`the event log stored ${rowCount} of ${batches.length} batches: a partition is missing`)
}

/** The batches that hold offsets from `offset` to before `offset + limit`, in order. */
export async function fetchEventBatches(
  queryable: Queryable,
  options: { partition: number; offset: number; limit: number; batchEventsMax: number },
): Promise<StoredEventBatchRow[]> {
  const { rows } = await queryable.query<StoredEventBatchRow>({
    name: 'fetch-event-batches',
    text: `select partition, first_offset as "firstOffset", event_count as "eventCount", boot_id as "bootId",
        first_sequence as "firstSequence", events,
        (extract(epoch from appended_at) * 1000)::float8 as "appendedAt"
      from event_batch
      where partition = $1 and first_offset > $2::bigint - $4::bigint
        and first_offset < $2::bigint + $3::bigint and first_offset + event_count > $2::bigint
      order by first_offset`,
    values: [options.partition, options.offset, options.limit, options.batchEventsMax],
  })
  return rows
}

/** The first offset at or after `offset` that is still stored, or null. */
export async function nextStoredEventOffset(
  queryable: Queryable,
  options: { partition: number; offset: number },
): Promise<number | null> {
  const { rows } = await queryable.query<{ first: number | null }>(
    'select min(first_offset) as first from event_batch where partition = $1 and first_offset >= $2',
    [options.partition, options.offset],
  )
  return rows[0]?.first ?? null
}

/** Every partition of the log and the offset its next event will get. */
export async function readEventLogEnds(queryable: Queryable): Promise<Map<number, number>> {
  const { rows } = await queryable.query<{ partition: number; next_offset: number }>({
    name: 'read-event-log-ends',
    text: 'select partition, next_offset from event_log_partition order by partition',
  })
  return new Map(rows.map(row => [row.partition, row.next_offset]))
}
