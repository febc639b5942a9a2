/** A count that only rises; a Prometheus counter is one. */
interface Count {
  inc(by: number): void
}

/** What ingest counts. */
export interface IngestMetrics {
  /** Events applied to counters and heat, each once. */
  readonly applied: Count
  /** Events that had been applied before: a producer repeated an append. */
  readonly repeated: Count
  /** Payloads kept as dead letters. */
  readonly malformed: Count
  /** Events whose time was brought into the range we believe. */
  readonly clampedFuture: Count
  readonly clampedAncient: Count
  /** Events the log had forgotten before they were read: counters are too low by these. */
  readonly missing: Count
  /** Stretches not applied because another process had taken the partition. */
  readonly fenced: Count
  /** Objects that rose above their threshold. */
  readonly promotions: Count
}

/** Metrics for whoever does not look at them. */
export function noIngestMetrics(): IngestMetrics {
  const nobody = { inc: (_by: number) => undefined }
  return {
    applied: nobody,
    repeated: nobody,
    malformed: nobody,
    clampedFuture: nobody,
    clampedAncient: nobody,
    missing: nobody,
    fenced: nobody,
    promotions: nobody,
  }
}
