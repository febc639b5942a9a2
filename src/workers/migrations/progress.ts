import { SECOND } from '../../domain/duration.ts'
import type { MigrationJob } from './migration-job.ts'

/** How often at most the ledger hears how far a copy is, in wall milliseconds. */
const PROGRESS_MS = SECOND

const lastNoted = new WeakMap<MigrationJob, number>()

/** Notes how many bytes are copied, at most once a second. Rejects when the lease is lost. */
export async function noteProgress(job: MigrationJob, bytesCopied: number): Promise<void> {
  const now = job.parts.wallClock.now()
  if (Math.abs(now - (lastNoted.get(job) ?? Number.NEGATIVE_INFINITY)) < PROGRESS_MS) return
  lastNoted.set(job, now)
  job.migration = await job.parts.ledger.reportProgress(job.lease, { bytesCopied })
}
