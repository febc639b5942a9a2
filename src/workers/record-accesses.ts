import type { AccessEvent } from '../domain/access-event.ts'
import type { Uuid } from '../domain/identifiers.ts'
import { whyMalformed } from '../events/access-event-check.ts'
import { type AccessEventBatch, type AccessEventLog, partitionOf } from '../events/access-event-log.ts'
import type { Logger } from '../telemetry/logger.ts'
import { rest } from './timers.ts'

/** Hands access events to the log without ever making a reader wait. */
export interface AccessRecorder {
  /** Never throws, never blocks. What cannot be kept is counted and dropped: the read itself comes first. */
  record(event: AccessEvent): void
  /** Events recorded and not yet durable. Range: 0 to `queueEventsMax`. */
  waiting(): number
  /** Takes no more events, appends those it has for at most `closeMsMax`, counts the rest as dropped. */
  close(): Promise<void>
}

/** Counts of what became of recorded events; a Prometheus counter is one of these. */
interface AccessRecorderMetrics {
  readonly appended: { inc(events: number): void }
  /** The queue was full, or the process ended while the log could not be reached. */
  readonly dropped: { inc(events: number): void }
  readonly malformed: { inc(events: number): void }
}

export interface AccessRecorderOptions {
  readonly eventLog: AccessEventLog
  /**
   * New for every recorder, because sequences begin at 1: two with the same one would hide each other's
   * events.
   */
  readonly bootId: Uuid
  /** Wall milliseconds for which an event waits for others. */
  readonly flushMs: number
  /** Events at which a flush begins at once, and most events of one partition in one append. */
  readonly batchEventsMax: number
  /** Most events kept while the log cannot be reached. About 300 bytes each. */
  readonly queueEventsMax: number
  readonly closeMsMax: number
  readonly log: Logger
  readonly metrics: AccessRecorderMetrics
}

/** What suits a gateway: an outage of a minute at 1,000 reads per second loses nothing. */
export const ACCESS_RECORDER_DEFAULTS = {
  flushMs: 50,
  batchEventsMax: 2_000,
  queueEventsMax: 100_000,
  closeMsMax: 5_000,
}

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 2_000

/**
 * The producer's side of the event log.
 *
 * Model: events wait in one queue per partition. At most one append is under way; it takes the front of
 * every queue and numbers it. When it fails the outcome is unknown, so the very same batches are appended
 * again until that succeeds, and nothing later is sent before: readers see each producer's numbers in order
 * and can tell a repetition by its number. `waiting` counts what is queued and what is under way.
 */
export function createAccessRecorder(options: AccessRecorderOptions): AccessRecorder {
  const { eventLog, metrics } = options
  const queues: AccessEvent[][] = Array.from({ length: eventLog.partitionCount }, () => [])
  const nextSequences = queues.map(() => 1)
  const abandon = new AbortController()
  let waiting = 0
  let closing = false
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined

  function schedule(): void {
    if (flushing !== undefined || waiting === 0) return
    if (closing || waiting >= options.batchEventsMax) startFlush()
    else timer ??= setTimeout(startFlush, options.flushMs)
  }

  function startFlush(): void {
    clearTimeout(timer)
    timer = undefined
    if (flushing !== undefined) return
    flushing = flush().finally(() => {
      flushing = undefined
      if (!abandon.signal.aborted) schedule()
    })
  }

  async function flush(): Promise<void> {
    const batches = takeBatches()
    const events = batches.reduce((sum, batch) => sum + batch.events.length, 0)
    if (await appendUntilDurable(batches)) metrics.appended.inc(events)
    else metrics.dropped.inc(events)
    waiting -= events
  }

  function takeBatches(): AccessEventBatch[] {
    const batches: AccessEventBatch[] = []
    for (const [partition, queue] of queues.entries()) {
      if (queue.length === 0) continue
      const events = queue.splice(0, options.batchEventsMax)
      const firstSequence = nextSequences[partition]!
      nextSequences[partition] = firstSequence + events.length
      batches.push({ partition, bootId: options.bootId, firstSequence, events })
    }
    return batches
  }

  /** False when it was told to give up. */
  async function appendUntilDurable(batches: readonly AccessEventBatch[]): Promise<boolean> {
    let retryMs = RETRY_MS_MIN
    while (!abandon.signal.aborted) {
      try {
        await eventLog.append(batches)
        return true
      } catch (error) {
        options.log.warn({ error, waiting, retryMs }, 'access events could not be appended; trying again')
        await rest(retryMs, abandon.signal)
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
      }
    }
    return false
  }

  function keepOrDrop(event: AccessEvent): void {
    if (closing || waiting >= options.queueEventsMax) {
      metrics.dropped.inc(1)
      return
    }
    const malformation = whyMalformed(event)
    if (malformation !== null) {
      metrics.malformed.inc(1)
      options.log.warn({ malformation }, 'an access event is malformed and was dropped')
      return
    }
    waiting++
    queues[partitionOf(event.objectId, queues.length)]!.push(event)
    schedule()
  }

  async function close(): Promise<void> {
    closing = true
    const deadline = setTimeout(() => abandon.abort(), options.closeMsMax)
    clearTimeout(timer)
    timer = undefined
    schedule()
    while (flushing !== undefined) await flushing
    clearTimeout(deadline)
    metrics.dropped.inc(queues.reduce((sum, queue) => sum + queue.splice(0).length, 0))
    waiting = 0
  }

  return { record: keepOrDrop, waiting: () => waiting, close }
}
