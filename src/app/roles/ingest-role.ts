import { principal } from '../../domain/principal.ts'
import { READER_WEIGHTS_DEFAULT } from '../../heat/reader-weights.ts'
import { createIngestWorker, INGEST_DEFAULTS } from '../../workers/ingest-events.ts'
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
  return runLoops(parts, [worker.loop], () => worker.release())
}
