import {
  leaseIngestPartitions,
  releaseIngestLeases,
  renewIngestLeases,
} from '../database/accesses/ingest-partitions.ts'
import { type Clock, wallClock } from '../domain/clock.ts'
import type { AccessEventSource, FetchedAccesses } from '../events/access-event-source.ts'
import {
  type Applied,
  type ApplyOptions,
  applyAccesses,
  FencedError,
} from './ingest-events/apply-accesses.ts'
import type { IngestMetrics } from './ingest-events/ingest-metrics.ts'
import { holdPartition, type PartitionHold } from './ingest-events/partition-hold.ts'
import type { Loop } from './loop.ts'

/** Turns the event log into counters and heat: a loop, and how to stop it politely. */
export interface IngestWorker {
  readonly loop: Loop
  /** Gives the partitions back. Call it after the loop has ended. */
  release(): Promise<void>
}

export interface IngestWorkerOptions extends Omit<ApplyOptions, 'source'> {
  readonly source: AccessEventSource
  /** The model clock: an access from its future is not believed. */
  readonly clock: Clock
  readonly wall?: Clock
  /** Names this process among the owners of partitions; new for every start. */
  readonly owner: string
  /** Most partitions this process takes. Several processes share the log when each takes a part of it. */
  readonly partitionsMax: number
  /** Most events applied in one transaction. */
  readonly stretchEventsMax: number
  readonly idleMs: number
  readonly metrics: IngestMetrics
}

/** What suits one process with a local database. */
export const INGEST_DEFAULTS = {
  leaseMs: 15_000,
  partitionsMax: 64,
  stretchEventsMax: 20_000,
  idleMs: 100,
}

/**
 * Reads the log and applies it, each event once.
 *
 * Model: a step renews and takes leases (three times per lease), asks where the log ends, and applies one
 * stretch of each partition that is behind, all partitions at once. A partition whose stretch fails is
 * forgotten and leased anew, with a new epoch and nothing remembered. When the database refuses the content
 * of a stretch, the stretch is halved until the refused event is alone; that one becomes a dead letter.
 */
export function createIngestWorker(options: IngestWorkerOptions): IngestWorker {
  const { database, source, metrics, log } = options
  const wall = options.wall ?? wallClock
  const apply: ApplyOptions = { ...options, source: source.name }
  const holds = new Map<number, PartitionHold>()
  const stretchLimits = new Map<number, number>()
  let leasesCheckedAt = Number.NEGATIVE_INFINITY

  async function step(): Promise<number> {
    const ends = await source.endOffsets()
    await keepLeases([...ends.keys()])
    const behind = [...holds.values()].filter(hold => (ends.get(hold.lease.partition) ?? 0) > hold.nextOffset)
    const results = await Promise.allSettled(behind.map(applyStretch))
    let steps = 0
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      steps += result.value
    }
    return steps
  }

  async function keepLeases(partitions: readonly number[]): Promise<void> {
    if (wall.now() - leasesCheckedAt < options.leaseMs / 3) return
    leasesCheckedAt = wall.now()
    await renewHeld()
    const wanted = partitions.filter(partition => !holds.has(partition))
    const max = options.partitionsMax - holds.size
    if (wanted.length === 0 || max <= 0) return
    const { owner, leaseMs } = options
    const taken = await leaseIngestPartitions(database, {
      source: source.name,
      partitions: wanted,
      owner,
      leaseMs,
      max,
    })
    for (const lease of taken)
      holds.set(
        lease.partition,
        holdPartition(lease, stretchLimits.get(lease.partition) ?? options.stretchEventsMax),
      )
  }

  async function renewHeld(): Promise<void> {
    if (holds.size === 0) return
    const leases = [...holds.values()].map(hold => hold.lease)
    const { leaseMs } = options
    const ours = new Set(await renewIngestLeases(database, { source: source.name, leases, leaseMs }))
    for (const { partition } of leases) if (!ours.has(partition)) holds.delete(partition)
  }

  /** Returns how many offsets were passed; 0 when the partition was lost. */
  async function applyStretch(hold: PartitionHold): Promise<number> {
    const { partition } = hold.lease
    try {
      const fetched = await source.fetch(partition, hold.nextOffset, hold.eventsMax)
      const start = hold.nextOffset
      if (fetched.endOffset === start) return 0
      count(await applyAccesses(apply, hold, fetched, options.clock.now()), fetched)
      hold.eventsMax = Math.min(hold.eventsMax * 2, options.stretchEventsMax)
      stretchLimits.delete(partition)
      return fetched.endOffset - start
    } catch (error) {
      holds.delete(partition)
      leasesCheckedAt = Number.NEGATIVE_INFINITY
      if (error instanceof FencedError) {
        metrics.fenced.inc(1)
        log.warn({ partition }, 'another process has taken the partition')
        return 0
      }
      if (!refusesContent(error)) throw error
      return findRefused(hold, error)
    }
  }

  /** Halves the stretch; sets the event aside when it is alone. */
  async function findRefused(hold: PartitionHold, error: Error): Promise<number> {
    const { partition } = hold.lease
    if (hold.eventsMax > 1) {
      stretchLimits.set(partition, Math.floor(hold.eventsMax / 2))
      log.warn({ error, partition, eventsMax: hold.eventsMax }, 'a stretch was refused; halving it')
      return 1
    }
    const fetched = await source.fetch(partition, hold.nextOffset, 1)
    const setAside = refusedAsMalformed(fetched, error)
    count(await applyAccesses(apply, hold, setAside, options.clock.now()), setAside)
    stretchLimits.delete(partition)
    log.error({ error, partition, offset: hold.nextOffset }, 'an event was refused and kept as a dead letter')
    return 1
  }

  function count(applied: Applied, fetched: FetchedAccesses): void {
    metrics.applied.inc(applied.applied)
    metrics.repeated.inc(applied.repeated)
    metrics.clampedFuture.inc(applied.clampedFuture)
    metrics.clampedAncient.inc(applied.clampedAncient)
    metrics.promotions.inc(applied.promotions)
    metrics.malformed.inc(fetched.malformed.length)
    metrics.missing.inc(fetched.missing)
    if (fetched.missing > 0)
      log.error({ missing: fetched.missing }, 'the log had forgotten events before they were applied')
  }

  return {
    loop: { name: 'ingest-events', step, idleMs: options.idleMs },
    async release() {
      const leases = [...holds.values()].map(hold => hold.lease)
      holds.clear()
      leasesCheckedAt = Number.NEGATIVE_INFINITY
      if (leases.length > 0) await releaseIngestLeases(database, { source: source.name, leases })
    },
  }
}

/** Whether the database (class 22 and 23: data exception, constraint) or our own code refused the values. */
function refusesContent(error: unknown): error is Error {
  if (error instanceof RangeError || error instanceof TypeError) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^2[23]/.test(code)
}

function refusedAsMalformed(fetched: FetchedAccesses, error: Error): FetchedAccesses {
  const refused = fetched.accesses.map(({ offset, event }) => ({
    offset,
    reason: `refused: ${error.message}`,
    payload: Buffer.from(JSON.stringify(event)),
    receivedAt: Date.now(),
  }))
  return { ...fetched, accesses: [], malformed: [...fetched.malformed, ...refused] }
}
