import { setTimeout } from 'node:timers/promises'

/** What came of the requests made so far. */
export interface TrafficCounts {
  reads: number
  writes: number
  bytesRead: number
  bytesWritten: number
  /** Requests that got no whole or no right answer, other than wrong bytes. */
  errors: number
  /** Answers whose bytes were not the ones written. Always a defect. */
  wrongBytes: number
  /** Requests sent over a second after their time, because too many were still open. */
  late: number
  /** How often each kind of error came, and one full message of it. */
  readonly errorKinds: Map<string, { count: number; example: string }>
}

export function emptyTrafficCounts(): TrafficCounts {
  return {
    reads: 0,
    writes: 0,
    bytesRead: 0,
    bytesWritten: 0,
    errors: 0,
    wrongBytes: 0,
    late: 0,
    errorKinds: new Map(),
  }
}

/** How many kinds of errors are told apart. */
const ERROR_KINDS_MAX = 50
const LATE_MS = 1_000

/** Notes an error under its kind, for example an S3 error code. */
export function countError(counts: TrafficCounts, kind: string, example: string): void {
  counts.errors++
  noteError(counts, kind, example)
}

/** Notes an answer with wrong bytes. */
export function countWrongBytes(counts: TrafficCounts, example: string): void {
  counts.wrongBytes++
  noteError(counts, 'wrong bytes', example)
}

function noteError(counts: TrafficCounts, kind: string, example: string): void {
  const known = counts.errorKinds.get(kind)
  if (known !== undefined) known.count++
  else if (counts.errorKinds.size < ERROR_KINDS_MAX) counts.errorKinds.set(kind, { count: 1, example })
}

/**
 * Makes each request at its time, whether or not earlier ones were answered (an open loop, as real readers
 * are), with at most `openMax` open at once: beyond that requests wait and count as late. Resolves when the
 * last one was answered. `perform` reports into the counts itself; what it throws counts as an error.
 */
export async function driveRequests<R extends { readonly atMs: number }>(options: {
  requests: Iterable<R> | AsyncIterable<R>
  perform: (request: R) => Promise<void>
  counts: TrafficCounts
  /** Range: 1 and more. */
  openMax: number
  signal: AbortSignal
  /** False: every request as soon as there is room, whatever its time. Default: true. */
  isPaced?: boolean
  /** Wall milliseconds, steadily rising. */
  now: () => number
}): Promise<void> {
  const { counts, now, signal, isPaced = true } = options
  const open = new Set<Promise<void>>()
  const start = now()
  for await (const request of options.requests) {
    if (signal.aborted) break
    const waitMs = isPaced ? start + request.atMs - now() : 0
    if (waitMs >= 1) await pause(waitMs, signal)
    while (open.size >= options.openMax) await Promise.race(open)
    if (signal.aborted) break
    if (isPaced && now() - start - request.atMs > LATE_MS) counts.late++
    const made: Promise<void> = options
      .perform(request)
      .catch((error: unknown) => {
        if (!signal.aborted) countError(counts, kindOf(error), String(error))
      })
      .finally(() => open.delete(made))
    open.add(made)
  }
  await Promise.all(open)
}

function kindOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown'
}

/** Waits; resolves early when the signal aborts. The workers' own wait is out of reach of this ring. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
