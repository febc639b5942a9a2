import { HOUR } from '../../domain/duration.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { directionBetween } from '../../domain/migration.ts'
import type { NewMigration } from '../../domain/migration-record.ts'
import type { CopyChange } from '../../domain/placement.ts'
import type { PolicyDocument } from '../../domain/policy.ts'
import type { Principal } from '../../domain/principal.ts'
import { createMigrations } from '../migrations/migration-creation.ts'
import { holdRoom } from '../migrations/room.ts'
import { insertActivities } from '../people/activities.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'
import { type ApprovedDecision, approveDecisions, listUndecided, refuseDecisions } from './decisions.ts'
import { enqueueReviews } from './object-reviews.ts'

/** How often a migration is tried before a person must look. */
export const MIGRATION_ATTEMPTS_MAX = 5

/** Decisions that become migrations in one transaction at most; the planner goes on with the rest. */
export const APPLY_BATCH_MAX = 1_000

/** The beginning of time: due at once, whatever the model clock shows. */
const AT_ONCE = 0

/**
 * What became of an approval: `not-proposed` (somebody was faster, or it was superseded), `policy-changed`
 * (it was made from an older document of its policy and is superseded now).
 */
export type ApprovalOutcome =
  | { readonly kind: 'approved'; readonly rejected: number; readonly applied: AppliedDecisions }
  | { readonly kind: 'not-found' | 'not-proposed' | 'policy-changed' }

/** What became of some decisions of an approved plan. */
export interface AppliedDecisions {
  readonly migrations: number
  /** Decisions whose object changed, moved or is being moved already. */
  readonly outdated: number
  /** Nothing is left to apply: the plan is closed, and applied when its last migration ended. */
  readonly isComplete: boolean
}

/**
 * Approves a proposed plan, rejecting the decisions a person excepted, and turns decisions that are still
 * valid into migrations, the first {@link APPLY_BATCH_MAX} in the same transaction; the planner applies the
 * rest. Decisions about objects that changed since are marked outdated, and those objects looked at again.
 */
export async function approvePlan(
  database: Database,
  planId: Uuid,
  principal: Principal,
  options: { exceptDecisionIds?: readonly Uuid[] } = {},
): Promise<ApprovalOutcome> {
  return inTransaction(database, async connection => {
    await holdRoom(connection, await targetsOf(connection, planId))
    const plan = await holdPlan(connection, planId)
    if (plan === null) return { kind: 'not-found' }
    if (plan.state !== 'proposed') return { kind: 'not-proposed' }
    if (plan.policyRevision !== plan.policyRevisionNow) {
      await supersede(connection, planId, principal)
      return { kind: 'policy-changed' }
    }
    const excepted = await decisionsOfPlan(connection, planId, options.exceptDecisionIds ?? [])
    const rejected = await refuseDecisions(connection, excepted, 'rejected')
    await decide(connection, planId, 'approved', principal)
    await insertActivities(connection, [
      { kind: 'plan.approved', subject: planId, detail: { policy: plan.spec.name, rejected }, principal },
    ])
    const applied = await applyDecisions(connection, planId, plan.spec, principal)
    return { kind: 'approved', rejected, applied }
  })
}

/** Rejects a proposed plan with all its decisions. Resolves to whether it was proposed. */
export async function rejectPlan(database: Database, planId: Uuid, principal: Principal): Promise<boolean> {
  return inTransaction(database, async connection => {
    const plan = await holdPlan(connection, planId)
    if (plan?.state !== 'proposed') return false
    await connection.query(
      `update decision set verdict = 'rejected' where plan_id = $1 and verdict is null`,
      [planId],
    )
    await decide(connection, planId, 'rejected', principal)
    await insertActivities(connection, [
      { kind: 'plan.rejected', subject: planId, detail: { policy: plan.spec.name }, principal },
    ])
    return true
  })
}

/**
 * Applies the next decisions of the oldest plan a person approved that has some left. Resolves to null when
 * there is none, or another planner works on it.
 */
export async function applyApprovedPlan(
  database: Database,
  principal: Principal,
): Promise<AppliedDecisions | null> {
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{ id: Uuid; spec: PolicyDocument }>({
      name: 'plan_next_approved',
      text: `
        select p.id, policy.spec from plan p join policy on policy.id = p.policy_id
        where p.state = 'approved' and p.closed_at is null and p.approval = 'person'
        order by p.id limit 1
        for update of p skip locked`,
    })
    const plan = rows[0]
    return plan === undefined ? null : applyDecisions(connection, plan.id, plan.spec, principal)
  })
}

async function applyDecisions(
  queryable: Queryable,
  planId: Uuid,
  policy: PolicyDocument,
  principal: Principal,
): Promise<AppliedDecisions> {
  const decisions = await listUndecided(queryable, planId, APPLY_BATCH_MAX)
  const migrations = decisions.map(decision => migrationOf(decision, planId, policy))
  const { created } = await createMigrations(queryable, migrations, principal)
  const createdIds = new Set(created)
  const approved = migrations.filter(({ id }) => createdIds.has(id)).map(({ decisionId }) => decisionId!)
  const outdated = migrations.filter(({ id }) => !createdIds.has(id)).map(({ decisionId }) => decisionId!)
  await approveDecisions(queryable, approved)
  await refuseDecisions(queryable, outdated, 'outdated')
  const refused = migrations.filter(({ id }) => !createdIds.has(id)).map(({ objectId }) => objectId)
  await enqueueReviews(queryable, refused, 'requested', AT_ONCE)
  const isComplete = decisions.length < APPLY_BATCH_MAX
  if (isComplete) await closePlan(queryable, planId)
  return { migrations: approved.length, outdated: outdated.length, isComplete }
}

function migrationOf(decision: ApprovedDecision, planId: Uuid, policy: PolicyDocument): NewMigration {
  const isOtherCopy = decision.change !== null && decision.change.kind !== 'reclassify'
  const direction = isOtherCopy ? 'lateral' : directionBetween(decision.fromTier, decision.toTier)
  return {
    id: newId(),
    ...changeOf(decision.change, policy),
    objectId: decision.objectId,
    generation: decision.generation,
    placementVersion: decision.placementVersion,
    targetLocationId: decision.toLocationId,
    priority: policy.priorities[direction === 'promotion' ? 'promotion' : 'demotion'],
    direction,
    graceMs: Math.round(policy.graceHours * HOUR),
    encryptionRequired: policy.encryption === 'required',
    attemptsMax: MIGRATION_ATTEMPTS_MAX,
    decisionId: decision.id,
    planId,
    monthlySavingUsd: decision.monthlySavingUsd,
    oneTimeUsd: decision.oneTimeUsd,
  }
}

/** Where a plan's decisions lead that nobody has decided about. */
async function targetsOf(queryable: Queryable, planId: Uuid): Promise<Uuid[]> {
  const { rows } = await queryable.query<{ id: Uuid }>(
    'select distinct to_location_id as id from decision where plan_id = $1 and verdict is null',
    [planId],
  )
  return rows.map(row => row.id)
}

/**
 * What a decision's kind asks of its migration: which copies it is about, how a new one is proven, and what
 * must remain when one goes.
 */
export function changeOf(
  change: CopyChange | null,
  policy: PolicyDocument,
): Pick<
  NewMigration,
  'copiesRequired' | 'kind' | 'regionsRequired' | 'sourceCopyId' | 'targetCopyId' | 'verify'
> {
  const verify = policy.verify ?? 'target-checksum'
  if (change === null) return { kind: 'move', targetCopyId: newId(), verify }
  if (change.kind === 'add-copy') return { kind: 'add-copy', targetCopyId: newId(), verify }
  if (change.kind === 'reclassify') return { ...change, verify }
  const copies = policy.copies ?? 1
  const regions = policy.distinctRegions ?? 1
  const regionsRequired = regions === true ? copies : regions === false ? 1 : regions
  const { kind, sourceCopyId, targetCopyId } = change
  return {
    kind,
    sourceCopyId,
    targetCopyId,
    copiesRequired: copies,
    regionsRequired: Math.min(regionsRequired, copies),
  }
}

interface HeldPlan {
  state: string
  policyRevision: number
  policyRevisionNow: number
  spec: PolicyDocument
}

async function holdPlan(queryable: Queryable, planId: Uuid): Promise<HeldPlan | null> {
  const { rows } = await queryable.query<HeldPlan>(
    `select p.state, p.policy_revision as "policyRevision", policy.revision as "policyRevisionNow", policy.spec
     from plan p join policy on policy.id = p.policy_id where p.id = $1 for update of p`,
    [planId],
  )
  return rows[0] ?? null
}

/** Those of the given ids that are decisions of this plan. */
async function decisionsOfPlan(queryable: Queryable, planId: Uuid, ids: readonly Uuid[]): Promise<Uuid[]> {
  if (ids.length === 0) return []
  const { rows } = await queryable.query<{ id: Uuid }>(
    `select id from decision where plan_id = $1 and id = any ($2::uuid[])`,
    [planId, ids],
  )
  return rows.map(row => row.id)
}

async function decide(
  queryable: Queryable,
  planId: Uuid,
  state: 'approved' | 'rejected' | 'superseded',
  principal: Principal,
): Promise<void> {
  await queryable.query(`update plan set state = $2, decided_at = now(), decided_by = $3 where id = $1`, [
    planId,
    state,
    principal,
  ])
}

async function supersede(queryable: Queryable, planId: Uuid, principal: Principal): Promise<void> {
  await queryable.query(`update decision set verdict = 'outdated' where plan_id = $1 and verdict is null`, [
    planId,
  ])
  await decide(queryable, planId, 'superseded', principal)
}

async function closePlan(queryable: Queryable, planId: Uuid): Promise<void> {
  await queryable.query('update plan set closed_at = now() where id = $1', [planId])
}
