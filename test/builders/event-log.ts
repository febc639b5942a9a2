import {
  appendEventBatches,
  ensureEventLogPartitions,
  fetchEventBatches,
  nextStoredEventOffset,
  readEventLogEnds,
} from '../../src/database/accesses/event-log.ts'
import type { Database } from '../../src/database/postgres.ts'
import { BATCH_EVENTS_MAX } from '../../src/events/access-event-log.ts'
import { createPostgresEventLog } from '../../src/events/postgres-log/postgres-event-log.ts'

/** The embedded event log on this database, as the application wires it. */
export async function openEventLog(database: Database, partitions = 4) {
  return createPostgresEventLog({
    partitionCount: await ensureEventLogPartitions(database, partitions),
    table: {
      append: batches => appendEventBatches(database, batches),
      fetch: (partition, offset, limit) =>
        fetchEventBatches(database, { partition, offset, limit, batchEventsMax: BATCH_EVENTS_MAX }),
      nextOffsetStored: (partition, offset) => nextStoredEventOffset(database, { partition, offset }),
      ends: () => readEventLogEnds(database),
    },
  })
}
