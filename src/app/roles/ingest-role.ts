import { readIngestLag } from '../../database/accesses/ingest-partitions.ts'
import { principal } from '../../domain/principal.ts'
import { createIngestWorker, INGEST_DEFAULTS } from '../../workers/ingest-events.ts'
import type { Loop } from '../../workers/loop.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** Turns the event log into counters and heat. */
export async function startIngestRole(parts: ServerParts): Promise<RunningRole> {
  const { accessEvents } = parts.metrics
  const config = parts.config.ingest
  const counted = (outcome: string) => ({ inc: (events: number) => accessEvents.inc({ outcome }, events) })
  const worker = createIngestWorker({
    database: parts.database,
    source: parts.eventLog,
    clock: parts.modelClock,
    owner: parts.owner,
    // Our own reads of what we move never count: an object would stay hot by being moved.
    weights: { ...config.readerWeights, mover: 0 },
    principal: principal('system', 'ingest'),
    log: parts.log,
    leaseMs: INGEST_DEFAULTS.leaseMs,
    partitionsMax: config.partitionsMax,
    stretchEventsMax: config.batchEventsMax,
    idleMs: config.idleMs,
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
