import { DAY } from '../../domain/duration.ts'
import { type Connection, type Database, inTransaction, type Queryable } from '../postgres.ts'

/** A day of the event log as `YYYY-MM-DD` (UTC): one partition of event_batch. */
export type EventBatchDay = string

/** Readers and appenders wait at most this long for a day to be made or dropped; else it is tried later. */
const LOCK_WAIT_MS_MAX = 1_000

/** The days that have a partition of their own, oldest first. */
export async function listEventBatchDays(queryable: Queryable): Promise<EventBatchDay[]> {
  const { rows } = await queryable.query<{ day: EventBatchDay }>(
    `select to_char(to_date(right(c.relname, 8), 'YYYYMMDD'), 'YYYY-MM-DD') as day
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event_batch'::regclass and c.relname ~ '^event_batch_[0-9]{8}$'
     order by 1`,
  )
  return rows.map(row => row.day)
}

/**
 * Makes the partition of a day. False when batches of that day lie in the default partition already (they
 * stay there, and are removed row by row), or when the log was too busy to lock.
 */
export async function createEventBatchDay(database: Database, day: EventBatchDay): Promise<boolean> {
  const next = new Date(Date.parse(day) + DAY).toISOString().slice(0, 10)
  return unlessBusy(database, async connection => {
    await connection.query(
      `create table if not exists ${tableOf(day)} partition of event_batch
       for values from ('${day} 00:00+00') to ('${next} 00:00+00')`,
    )
  })
}

/** Whether ingest of this source has applied every batch appended on that day. */
export async function isEventBatchDayApplied(
  queryable: Queryable,
  options: { day: EventBatchDay; source: string },
): Promise<boolean> {
  const { rows } = await queryable.query<{ applied: boolean }>(
    `select coalesce(bool_and(newest.past <= coalesce(i.next_offset, 0)), true) as applied
     from event_log_partition l
     left join ingest_partition i on i.source = $1 and i.partition = l.partition
     cross join lateral (
       select first_offset + event_count as past from ${tableOf(options.day)} b
       where b.partition = l.partition order by first_offset desc limit 1
     ) newest`,
    [options.source],
  )
  return rows[0]!.applied
}

/** Removes a day with everything in it. False when the log was too busy to lock. */
export async function dropEventBatchDay(database: Database, day: EventBatchDay): Promise<boolean> {
  return unlessBusy(database, async connection => {
    await connection.query(`drop table if exists ${tableOf(day)}`)
  })
}

/** Removes old, applied batches that lie in the default partition, at most `limit`. Returns how many. */
export async function deleteOldDefaultBatches(
  queryable: Queryable,
  options: { source: string; ageDaysMin: number; limit: number },
): Promise<number> {
  const { rowCount } = await queryable.query(
    `delete from event_batch_default where ctid = any (array(
       select b.ctid from event_batch_default b
       join ingest_partition i on i.source = $1 and i.partition = b.partition
       where b.appended_at < now() - make_interval(days => $2)
         and b.first_offset + b.event_count <= i.next_offset
       limit $3))`,
    [options.source, options.ageDaysMin, options.limit],
  )
  return rowCount ?? 0
}

function tableOf(day: EventBatchDay): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new RangeError(`not a day: ${day}`)
  return `event_batch_${day.replaceAll('-', '')}`
}

const BUSY = new Set(['55P03', '23514', '40P01'])

/** False on lock_not_available, check_violation (rows in the default partition), deadlock_detected. */
async function unlessBusy(
  database: Database,
  work: (connection: Connection) => Promise<void>,
): Promise<boolean> {
  try {
    await inTransaction(database, async connection => {
      await connection.query(`set local lock_timeout = ${LOCK_WAIT_MS_MAX}`)
      await work(connection)
    })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && BUSY.has(String(error.code))) return false
    throw error
  }
}
