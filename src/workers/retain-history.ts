import { deleteOldAccessDays } from '../database/accesses/access-daily.ts'
import { deleteOldAccessWindows } from '../database/accesses/access-windows.ts'
import {
  createEventBatchDay,
  deleteOldDefaultBatches,
  dropEventBatchDay,
  isEventBatchDayApplied,
  listEventBatchDays,
} from '../database/accesses/event-batch-days.ts'
import { deleteOldBootMarks } from '../database/accesses/ingest-partitions.ts'
import { deleteOldActivities } from '../database/people/activities.ts'
import { deleteOldIdempotencyKeys } from '../database/people/idempotency-keys.ts'
import type { Database } from '../database/postgres.ts'
import type { Clock } from '../domain/clock.ts'
import { DAY, MINUTE } from '../domain/duration.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Loop } from './loop.ts'

/** How long what is kept. */
export interface RetentionDays {
  /** Raw access events, in wall days. Events not yet applied are kept whatever their age. */
  readonly events: number
  /** What people see happen, in wall days. */
  readonly activities: number
  /** High-water marks of producers that sent nothing, in wall days: longer than any repeated append waits. */
  readonly bootMarks: number
  /** Daily counts per object, in model days. */
  readonly dailyCounts: number
}

export const RETENTION_DAYS_DEFAULT: RetentionDays = {
  events: 7,
  activities: 90,
  bootMarks: 30,
  dailyCounts: 400,
}

/** Days of the event log that are made beforehand. */
const DAYS_AHEAD = 2
/** Most rows removed from one table in one statement. */
const ROWS_MAX = 5_000
const IDLE_MS = 5 * MINUTE
/** The longer ring of the sliding windows, and one bucket. */
const WINDOW_MS = DAY + 15 * MINUTE

/**
 * Removes what is no longer needed, in small pieces, and makes the coming days of the event log. Days of the
 * log are dropped as a whole once ingest has applied them.
 */
export function retainHistoryLoop(options: {
  database: Database
  modelClock: Clock
  wallClock: Clock
  /** The source whose positions tell what of the event log was applied. */
  eventSource: string
  keep: RetentionDays
  log: Logger
}): Loop {
  const { database, keep, eventSource: source, log } = options

  async function makeComingDays(): Promise<void> {
    const days = new Set(await listEventBatchDays(database))
    for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
      const day = dayOf(options.wallClock.now() + ahead * DAY)
      if (!days.has(day)) await createEventBatchDay(database, day)
    }
  }

  async function dropOldDays(): Promise<void> {
    const oldest = dayOf(options.wallClock.now() - keep.events * DAY)
    for (const day of await listEventBatchDays(database)) {
      if (day >= oldest) return
      if (!(await isEventBatchDayApplied(database, { day, source })))
        log.warn({ day }, 'access events are old and not applied; they are kept')
      else if (await dropEventBatchDay(database, day)) log.info({ day }, 'a day of access events was removed')
    }
  }

  async function deleteOldRows(): Promise<number> {
    const modelNow = options.modelClock.now()
    const deleted = [
      await deleteOldDefaultBatches(database, { source, ageDaysMin: keep.events, limit: ROWS_MAX }),
      await deleteOldActivities(database, keep.activities, ROWS_MAX),
      await deleteOldIdempotencyKeys(database, ROWS_MAX),
      await deleteOldAccessWindows(database, { lastAccessBefore: modelNow - WINDOW_MS, limit: ROWS_MAX }),
      await deleteOldAccessDays(database, {
        before: Math.floor(modelNow / DAY) - keep.dailyCounts,
        limit: ROWS_MAX,
      }),
    ]
    await deleteOldBootMarks(database, { ageHoursMin: keep.bootMarks * 24 })
    // Only a full piece means that there may be more.
    return deleted.filter(rows => rows === ROWS_MAX).length
  }

  return {
    name: 'retain-history',
    idleMs: IDLE_MS,
    async step() {
      await makeComingDays()
      await dropOldDays()
      return deleteOldRows()
    },
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
