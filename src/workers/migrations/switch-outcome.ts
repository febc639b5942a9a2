import type { MigrationEvent, MigrationSubject } from '../../domain/migration-record.ts'
import { isPermitted } from '../../migration/transitions.ts'
import { type MigrationJob, StepFailure } from './migration-job.ts'
import { checkSourceUnchanged } from './source-body.ts'

/**
 * What is reported when a target is proven: a switch, as far as grace or past it when there is none, or that
 * it joins.
 */
export interface SwitchOutcome {
  readonly events: readonly MigrationEvent[]
  readonly releaseForMs?: number
}

/** The events after the proof, and those that lead to it: what the kind's table says of a proven target. */
export function switchOutcome(job: MigrationJob, before: readonly MigrationEvent[]): SwitchOutcome {
  if (isPermitted(job.migration.kind, 'verified', 'joined')) return { events: [...before, 'joined'] }
  const restMs = graceRestMs(job, job.migration.graceMs)
  const events = [...before, 'switch-won', 'grace-began'] as const
  return restMs === 0 ? { events: [...events, 'grace-over'] } : { events, releaseForMs: restMs }
}

/** Throws {@link StepFailure} unless the source is still what was read. */
export async function checkSource(job: MigrationJob, subject: MigrationSubject): Promise<void> {
  if (subject.source === null) {
    throw new StepFailure('superseded', 'source-not-primary', 'the source copy is no longer in the catalog')
  }
  await checkSourceUnchanged(job, subject.source)
}

/** The longest rest before the end of grace is looked at again, should the model clock run faster by then. */
const GRACE_REST_MS_MAX = 300_000
const GRACE_REST_MS_MIN = 50

/** Wall milliseconds to rest while so many model milliseconds of grace remain; 0 when none do. */
export function graceRestMs(job: Pick<MigrationJob, 'parts'>, remainingModelMs: number): number {
  if (remainingModelMs <= 0) return 0
  const remaining = Math.ceil(remainingModelMs / (job.parts.modelScale ?? 1))
  return Math.min(Math.max(remaining, GRACE_REST_MS_MIN), GRACE_REST_MS_MAX)
}
