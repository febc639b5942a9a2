import type { MigrationTimelineEntry, MigrationView } from '../database/migrations/migration-views.ts'
import type { RestoreWait } from '../domain/migration.ts'
import { actionsOf } from './migration-actions.ts'
import { optionalTimeText, timeText } from './present.ts'
import type { MigrationDetail, MigrationResource } from './schemas/migration.ts'

/** A migration as lists show it. */
export function presentMigration(migration: MigrationView): MigrationResource {
  const { evidence } = migration
  return {
    id: migration.id,
    kind: migration.kind,
    state: migration.state,
    direction: migration.direction,
    bucket: migration.bucketName,
    key: migration.key,
    objectId: migration.objectId,
    generation: migration.generation,
    source: migration.source,
    target: migration.target,
    size: migration.size,
    bytesCopied: Math.min(evidence.bytesCopied ?? 0, migration.size),
    priority: migration.priority,
    attempt: migration.attempt,
    attemptsMax: migration.attemptsMax,
    paused: migration.paused,
    cancelRequested: migration.cancelRequested,
    heldBy: [...migration.heldBy],
    dueBy: optionalTimeText(migration.dueAt),
    overdue: migration.isOverdue,
    worker: migration.leaseOwner,
    error: evidence.error ?? null,
    outage: evidence.outage == null ? null : { ...evidence.outage, since: timeText(evidence.outage.since) },
    restore: evidence.restore === undefined ? null : presentRestore(evidence.restore),
    verifiedBy: evidence.verifiedBy ?? null,
    sha256: evidence.sha256 ?? null,
    planId: migration.planId,
    decisionId: migration.decisionId,
    monthlySavingUsd: migration.monthlySavingUsd,
    oneTimeUsd: migration.oneTimeUsd,
    graceUntil: optionalTimeText(migration.graceUntil),
    createdAt: timeText(migration.createdAt),
    startedAt: optionalTimeText(migration.startedAt),
    finishedAt: optionalTimeText(migration.finishedAt),
    nextAttemptAt: optionalTimeText(migration.nextAttemptAt),
    principal: migration.principal,
    can: actionsOf(migration),
  }
}

/** A migration's timeline: each step with how long it took to get there, its try, its error and its proof. */
export function presentTimeline(steps: readonly MigrationTimelineEntry[]): MigrationDetail['timeline'] {
  return steps.map((step, index) => presentStep(step, steps[index - 1] ?? null))
}

function presentStep(
  step: MigrationTimelineEntry,
  before: MigrationTimelineEntry | null,
): MigrationDetail['timeline'][number] {
  const { kind, message, restMs, attempt, sha256 } = step.detail
  return {
    sequence: step.sequence,
    at: timeText(step.at),
    event: step.event,
    stateFrom: step.stateFrom,
    stateTo: step.stateTo,
    worker: step.worker,
    fencingToken: step.fencingToken,
    secondsBefore: before === null ? null : Math.max(0, (step.at.getTime() - before.at.getTime()) / 1_000),
    attempt: typeof attempt === 'number' ? attempt : null,
    error: typeof kind === 'string' && typeof message === 'string' ? { kind, message } : null,
    restsUntil: typeof restMs === 'number' ? timeText(step.at.getTime() + restMs) : null,
    sha256: typeof sha256 === 'string' ? sha256 : null,
    detail: { ...step.detail },
  }
}

function presentRestore({ looks, requests, since }: RestoreWait): MigrationResource['restore'] {
  return { since: timeText(since), requests, looks }
}
