import type { ThroughputSample } from '../../database/migrations/migration-throughput.ts'
import { SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration, MigrationState } from '../../domain/migration.ts'
import type { Timers } from '../timers.ts'

/** How often a mover tells what it did, in milliseconds. */
const TOLD_EVERY_MS = 2 * SECOND

/** States in which readers still get the source copy. */
const BEFORE_SWITCH: ReadonlySet<MigrationState> = new Set([
  'planned',
  'waiting-restore',
  'copying',
  'copied',
  'verifying',
  'verified',
])

/** A migration under way: `migration` is as the ledger last said. */
interface Running {
  readonly migration: Migration
}

/**
 * Counts what this mover does, by plan, and tells it every few seconds: objects at their switch, bytes while
 * they are copied. What was not told when the process ends is lost; it is a pace and no account.
 */
export class ThroughputCounter {
  readonly #tell: (samples: readonly ThroughputSample[]) => Promise<void>
  readonly #now: () => number
  /** Bytes that were counted for those under way. */
  readonly #running = new Map<Running, number>()
  #counts = new Map<Uuid | null, { objects: number; bytes: number }>()
  #since = 0

  constructor(options: {
    /** Makes samples known. May reject; they are then lost. */
    readonly tell: (samples: readonly ThroughputSample[]) => Promise<void>
    /** Wall milliseconds. */
    readonly now: () => number
  }) {
    this.#tell = options.tell
    this.#now = options.now
  }

  /** A migration is taken up. Call what this returns when it is let go. */
  begin(job: Running): () => void {
    const wasBefore = BEFORE_SWITCH.has(job.migration.state)
    this.#running.set(job, job.migration.evidence.bytesCopied ?? 0)
    return () => {
      this.#countBytes(job)
      this.#running.delete(job)
      const { state, planId } = job.migration
      const isMoved = !BEFORE_SWITCH.has(state) && state !== 'aborted' && state !== 'quarantined'
      if (wasBefore && isMoved) this.#countsOf(planId).objects++
    }
  }

  /** Tells until the signal aborts, and once more then. */
  async run(signal: AbortSignal, timers: Timers): Promise<void> {
    this.#since = this.#now()
    while (!signal.aborted) {
      await timers.sleep(TOLD_EVERY_MS, signal)
      await this.#tellCounts()
    }
  }

  #countBytes(job: Running): void {
    const counted = this.#running.get(job) ?? 0
    const copied = job.migration.evidence.bytesCopied ?? 0
    // A copy that began anew counts again: its bytes travel again.
    if (copied > counted) this.#countsOf(job.migration.planId).bytes += copied - counted
    this.#running.set(job, copied)
  }

  #countsOf(planId: Uuid | null): { objects: number; bytes: number } {
    const known = this.#counts.get(planId)
    if (known !== undefined) return known
    const made = { objects: 0, bytes: 0 }
    this.#counts.set(planId, made)
    return made
  }

  async #tellCounts(): Promise<void> {
    for (const job of this.#running.keys()) this.#countBytes(job)
    const now = this.#now()
    const seconds = Math.max(0, now - this.#since) / SECOND
    const counts = [...this.#counts].filter(([, { objects, bytes }]) => objects > 0 || bytes > 0)
    this.#counts = new Map()
    this.#since = now
    if (counts.length > 0) await this.#tell(counts.map(([planId, count]) => ({ planId, seconds, ...count })))
  }
}
