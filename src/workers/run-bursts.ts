import PQueue from 'p-queue'
import {
  finishSimulation,
  reportSimulation,
  type SimulationRow,
  takeSimulation,
} from '../database/placement/simulations.ts'
import type { Database } from '../database/postgres.ts'
import { SECOND } from '../domain/duration.ts'
import { newId } from '../domain/identifiers.ts'
import { joinSignals } from '../domain/join-signals.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Loop } from './loop.ts'
import { rest } from './timers.ts'

/** Reads objects as a client of the gateway does: over HTTP, signed, leaving access events. */
export interface BurstReader {
  /** Reads a whole object and drops it. Resolves also to a refusal; rejects when there was no whole answer. */
  read(
    bucket: string,
    key: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly error: string | null }>
  /** At most `limit` keys with the prefix. */
  list(bucket: string, prefix: string, limit: number, signal: AbortSignal): Promise<readonly string[]>
}

/** Reads open at once; further ones are late rather than lost. */
const OPEN_READS_MAX = 32
/** Objects a prefix stands for at most. */
const PREFIX_OBJECTS_MAX = 1_000
const LEASE_SECONDS = 15
const REPORT_MS = 1_000
const IDLE_MS = 500

/** The loop that takes bursts people asked for and makes their reads. */
export function burstLoop(parts: {
  database: Database
  reader: BurstReader
  log: Logger
  owner: string
}): Loop {
  return {
    name: 'run-bursts',
    idleMs: IDLE_MS,
    async step(signal) {
      const lease = { owner: `${parts.owner}/${newId()}`, seconds: LEASE_SECONDS }
      const burst = await takeSimulation(parts.database, lease)
      if (burst === null) return 0
      await runBurst({ ...parts, burst, lease, signal })
      return 1
    },
  }
}

interface BurstRun {
  readonly database: Database
  readonly reader: BurstReader
  readonly log: Logger
  readonly burst: SimulationRow
  readonly lease: { readonly owner: string; readonly seconds: number }
  readonly signal: AbortSignal
}

/** Makes the reads that are left, reports every second, and notes how it ended unless somebody took over. */
async function runBurst(run: BurstRun): Promise<void> {
  const { burst, database, lease } = run
  const progress = { readsDone: burst.readsDone, bytesDone: burst.bytesDone, errors: burst.errors }
  const lost = new AbortController()
  const signal = joinSignals([run.signal, lost.signal])
  const report = setInterval(() => {
    reportSimulation(database, burst.id, lease, progress).then(
      isOurs => isOurs || lost.abort(),
      (error: unknown) => run.log.warn({ error }, 'the progress of a burst could not be noted'),
    )
  }, REPORT_MS)
  try {
    const error = await makeReads({ ...run, signal }, progress).catch((cause: unknown) => String(cause))
    // A burst that was stopped with its process goes on in the next one, when its lease has ended.
    if (signal.aborted) return
    if (await reportSimulation(database, burst.id, lease, progress))
      await finishSimulation(database, burst.id, lease.owner, { state: error ? 'failed' : 'done', error })
  } finally {
    clearInterval(report)
  }
}

/** Resolves to why no read could be made, or to null. */
async function makeReads(
  run: BurstRun,
  progress: { readsDone: number; bytesDone: number; errors: number },
): Promise<string | null> {
  const { spec } = run.burst
  const keys =
    spec.keys ?? (await run.reader.list(spec.bucket, spec.prefix ?? '', PREFIX_OBJECTS_MAX, run.signal))
  if (keys.length === 0) return `no object of ${spec.bucket} starts with "${spec.prefix}"`
  const queue = new PQueue({ concurrency: OPEN_READS_MAX })
  const spacingMs = (spec.seconds * SECOND) / spec.reads
  const first = progress.readsDone
  const start = performance.now()
  for (let index = first; index < spec.reads && !run.signal.aborted; index++) {
    const waitMs = start + (index - first) * spacingMs - performance.now()
    if (waitMs >= 1) await rest(waitMs, run.signal)
    await queue.onSizeLessThan(OPEN_READS_MAX)
    if (run.signal.aborted) break
    queue.add(() => makeRead(run, keys[(spec.seed + index) % keys.length]!, progress))
  }
  await queue.onIdle()
  return null
}

async function makeRead(
  run: BurstRun,
  key: string,
  progress: { readsDone: number; bytesDone: number; errors: number },
): Promise<void> {
  try {
    const answer = await run.reader.read(run.burst.spec.bucket, key, run.signal)
    progress.bytesDone += answer.bytes
    if (answer.error !== null) progress.errors++
  } catch (error) {
    if (run.signal.aborted) return
    progress.errors++
    run.log.info({ error, key }, 'a read of a burst got no answer')
  }
  progress.readsDone++
}
