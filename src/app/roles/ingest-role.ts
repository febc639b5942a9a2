import { readIngestLag } from '../../database/ingest-partitions.ts'
import { principal } from '../../domain/principal.ts'
import { READER_WEIGHTS_DEFAULT } from '../../heat/reader-weights.ts'
import { createIngestWorker, INGEST_DEFAULTS } from '../../workers/ingest-events.ts'
import type { Loop } from '../../workers/loop.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** Turns the event log into counters and heat. */
export async function startIngestRole(parts: ServerParts): Promise<RunningRole> {
  const { accessEvents } = parts.metrics
  const counted = (outcome: string) => ({ inc: (events: number) => accessEvents.inc({ outcome }, events) })
  const worker = createIngestWorker({
    database: parts.database,
    source: parts.eventLog,
    clock: parts.modelClock,
    owner: parts.owner,
    weights: READER_WEIGHTS_DEFAULT,
    principal: principal('system', 'ingest'),
    log: parts.log,
    leaseMs: INGEST_DEFAULTS.leaseMs,
    partitionsMax: INGEST_DEFAULTS.partitionsMax,
    stretchEventsMax: parts.config.ingest.batchEventsMax,
    idleMs: parts.config.ingest.idleMs,
    metrics: {
      applied: counted('applied'),
      repeated: counted('duplicate'),
      malformed: counted('malformed'),
      clampedFuture: counted('clamped-future'),
      clampedAncient: counted('clamped-ancient'),
      missing: counted('missing'),
      fenced: counted('fenced'),
      promotions: counted('promotion'),
    },
  })
  return runLoops(parts, [worker.loop, lagLoop(parts)], () => worker.release())
}

const LAG_LOOK_MS = 5_000

/** Watches how far ingest is behind, for the metrics. */
function lagLoop(parts: ServerParts): Loop {
  return {
    name: 'watch-event-lag',
    idleMs: LAG_LOOK_MS,
    async step() {
      for (const lag of await readIngestLag(parts.database, parts.eventLog.name)) {
        const partition = String(lag.partition)
        parts.metrics.eventLagSeconds.set({ partition }, lag.seconds)
        parts.metrics.eventLagMessages.set({ partition }, lag.events)
      }
      return 0
    },
  }
}
