import { holdLocations } from '../../database/catalog/hold-locations.ts'
import { createMigrations, NEW_MIGRATIONS_MAX } from '../../database/migrations/migration-creation.ts'
import { replaceWaiting } from '../../database/migrations/replace-waiting.ts'
import { holdRoom } from '../../database/migrations/room.ts'
import { insertActivities } from '../../database/people/activities.ts'
import {
  insertDecisions,
  type NewDecision,
  newDecision,
  refuseDecisions,
} from '../../database/placement/decisions.ts'
import { changeOf, MIGRATION_ATTEMPTS_MAX } from '../../database/placement/plan-approval.ts'
import { openPlan, sumAutomaticPlans } from '../../database/placement/plans.ts'
import type { Connection } from '../../database/postgres.ts'
import type { Instant } from '../../domain/clock.ts'
import { HOUR } from '../../domain/duration.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { stepsFrom } from '../../migration/transitions.ts'
import { admitWithinCaps } from '../../placement/admit-within-caps.ts'
import type { PlanningPolicy, PlanningRules } from './planning-rules.ts'
import { isSameMove, type ReviewedObject } from './review-object.ts'

/** Decisions told to the live stream per batch at most; the rest is in their plan. */
const ACTIVITIES_PER_BATCH_MAX = 20

/** What one batch of moves is kept with. */
export interface KeepContext {
  readonly connection: Connection
  readonly rules: PlanningRules
  readonly now: Instant
  readonly principal: Principal
}

/** What became of the moves of a batch. */
export interface KeptMoves {
  readonly plansProposed: number
  readonly plansApproved: number
  /** Objects whose moves wait for the next hour because the caps are used up. */
  readonly deferred: readonly ReviewedObject[]
  /** Objects that changed, or whose new place was removed, while they were looked at. */
  readonly refused: readonly ReviewedObject[]
}

/**
 * Keeps the moves of a batch: for a person as decisions of the open proposed plan, for nobody as migrations
 * within the caps of this hour. Decisions that wait for a person and are no longer right become outdated.
 */
export async function keepMoves(
  context: KeepContext,
  reviewed: readonly ReviewedObject[],
): Promise<KeptMoves> {
  const moving = reviewed.filter(({ move }) => move !== null)
  const held = await holdLocations(
    context.connection,
    moving.map(({ decision }) => decision.toLocationId),
  )
  const there = new Set(held.map(({ id }) => id))
  const isGone = ({ decision, move }: ReviewedObject) => move !== null && !there.has(decision.toLocationId)
  const nowhere = moving.filter(isGone)
  const automatic = reviewed.filter(({ move }) => move?.isAutomatic === true)
  const targets = new Set(automatic.map(({ decision }) => decision.toLocationId))
  await holdRoom(context.connection, [...targets])
  const stale = reviewed.flatMap(({ decision, move, openDecision }) => {
    if (openDecision === null) return []
    const stands = move !== null && !move.isAutomatic && isSameMove(decision, openDecision)
    return stands ? [] : [openDecision.id]
  })
  await refuseDecisions(context.connection, stale, 'outdated')
  let kept: KeptMoves = { plansProposed: 0, plansApproved: 0, deferred: [], refused: nowhere }
  for (const [policy, moves] of movesByPolicy(reviewed.filter(object => !isGone(object)))) {
    const forPerson = moves.filter(({ decision, move, openDecision }) => {
      return move?.isAutomatic === false && !isSameMove(decision, openDecision)
    })
    const proposedNew = await propose(context, policy, forPerson)
    const approved = await approve(
      context,
      policy,
      moves.filter(({ move }) => move?.isAutomatic === true),
    )
    kept = {
      plansProposed: kept.plansProposed + (proposedNew ? 1 : 0),
      plansApproved: kept.plansApproved + (approved.isNew ? 1 : 0),
      deferred: [...kept.deferred, ...approved.deferred],
      refused: [...kept.refused, ...approved.refused],
    }
  }
  return kept
}

/** In the order of policy ids, so that two planners never wait for each other. */
function movesByPolicy(reviewed: readonly ReviewedObject[]): [PlanningPolicy, ReviewedObject[]][] {
  const groups = new Map<Uuid, [PlanningPolicy, ReviewedObject[]]>()
  for (const object of reviewed) {
    if (object.move === null) continue
    const group = groups.get(object.policy.id)
    if (group === undefined) groups.set(object.policy.id, [object.policy, [object]])
    else group[1].push(object)
  }
  return [...groups.values()].toSorted(([a], [b]) => (a.id < b.id ? -1 : 1))
}

/** Adds decisions to the proposed plan. Resolves to whether that made a new one. */
async function propose(
  context: KeepContext,
  policy: PlanningPolicy,
  moves: readonly ReviewedObject[],
): Promise<boolean> {
  if (moves.length === 0) return false
  const { connection, principal } = context
  const plan = await openPlan(connection, slotOf(context, policy, 'person'))
  const decisions = moves.map(decisionOf)
  await insertDecisions(connection, decisions, { planId: plan.id, verdict: null, principal })
  if (plan.isNew) await announcePlan(context, plan.id, 'plan.proposed', policy)
  await announceDecisions(context, plan.id, 'decision.proposed', moves, decisions)
  return plan.isNew
}

async function approve(
  context: KeepContext,
  policy: PlanningPolicy,
  moves: readonly ReviewedObject[],
): Promise<{ isNew: boolean; deferred: ReviewedObject[]; refused: ReviewedObject[] }> {
  if (moves.length === 0) return { isNew: false, deferred: [], refused: [] }
  const { connection, principal } = context
  const plan = await openPlan(connection, slotOf(context, policy, 'automatic'))
  const used = await sumAutomaticPlans(connection, policy.id, hourOf(context.now))
  const claims = moves.map(object => ({
    object,
    bytes: object.facts.size,
    usd: object.decision.oneTimeUsd,
    isPromotion: object.move?.direction === 'promotion',
    savingUsdPerMonth: object.decision.monthlySavingUsd,
  }))
  const { admitted, deferred } = admitWithinCaps(claims, policy.spec.capsPerHour, used)
  const objects = admitted.map(({ object }) => object)
  const decisions = objects.map(decisionOf)
  const started = await startMigrations(context, policy, plan.id, objects, decisions)
  const kept = decisions.filter(({ id }) => started.has(id))
  await insertDecisions(connection, kept, { planId: plan.id, verdict: 'approved', principal })
  if (plan.isNew) await announcePlan(context, plan.id, 'plan.approved', policy)
  await announceDecisions(context, plan.id, 'decision.approved', objects, kept)
  return {
    isNew: plan.isNew,
    deferred: deferred.map(({ object }) => object),
    refused: objects.filter((_, index) => !started.has(decisions[index]!.id)),
  }
}

/** Plans the migrations of approved decisions. Resolves to the ids of the decisions that have one. */
async function startMigrations(
  context: KeepContext,
  policy: PlanningPolicy,
  planId: Uuid,
  objects: readonly ReviewedObject[],
  decisions: readonly NewDecision[],
): Promise<ReadonlySet<Uuid>> {
  const migrations = objects.map(({ decision, move }, index) => ({
    id: newId(),
    objectId: decision.objectId,
    generation: decision.generation,
    placementVersion: decision.placementVersion,
    ...changeOf(decision.change ?? null, policy.spec),
    targetLocationId: decision.toLocationId,
    priority: policy.spec.priorities[move?.direction === 'promotion' ? 'promotion' : 'demotion'],
    direction: move!.direction,
    graceMs: Math.round(policy.spec.graceHours * HOUR),
    encryptionRequired: policy.spec.encryption === 'required',
    attemptsMax: MIGRATION_ATTEMPTS_MAX,
    decisionId: decisions[index]!.id,
    planId,
    monthlySavingUsd: decision.monthlySavingUsd,
    oneTimeUsd: decision.oneTimeUsd,
  }))
  await replaceWaiting(
    context.connection,
    objects.flatMap(({ replaces }) => replaces ?? []),
    {
      stepOf: ({ kind, state }) => stepsFrom(kind, state, ['superseded'])[0]!,
      modelNow: context.now,
      principal: context.principal,
    },
  )
  const created = new Set<Uuid>()
  for (let start = 0; start < migrations.length; start += NEW_MIGRATIONS_MAX) {
    const batch = migrations.slice(start, start + NEW_MIGRATIONS_MAX)
    const result = await createMigrations(context.connection, batch, context.principal)
    for (const id of result.created) created.add(id)
  }
  return new Set(migrations.filter(({ id }) => created.has(id)).map(({ decisionId }) => decisionId))
}

/** The beginning of the hour of the model clock. */
export function hourOf(now: Instant): Instant {
  return Math.floor(now / HOUR) * HOUR
}

function slotOf(context: KeepContext, policy: PlanningPolicy, approval: 'person' | 'automatic') {
  return {
    approval,
    policyId: policy.id,
    policyRevision: policy.revision,
    priceBookId: context.rules.priceBookId,
    now: context.now,
    hourBegan: hourOf(context.now),
    principal: context.principal,
  }
}

function decisionOf({ decision, facts }: ReviewedObject): NewDecision {
  return newDecision(decision, facts.bucketId, facts.key)
}

async function announcePlan(
  { connection, principal }: KeepContext,
  planId: Uuid,
  kind: 'plan.proposed' | 'plan.approved',
  policy: PlanningPolicy,
): Promise<void> {
  await insertActivities(connection, [
    { kind, subject: planId, detail: { policy: policy.spec.name }, principal },
  ])
}

async function announceDecisions(
  { connection, principal, rules }: KeepContext,
  planId: Uuid,
  kind: 'decision.proposed' | 'decision.approved',
  objects: readonly ReviewedObject[],
  decisions: readonly NewDecision[],
): Promise<void> {
  const nameOf = (id: Uuid) => rules.locations.find(location => location.id === id)?.name ?? id
  const byObject = new Map(objects.map(object => [object.decision.objectId, object]))
  await insertActivities(
    connection,
    decisions.slice(0, ACTIVITIES_PER_BATCH_MAX).map(({ id, decision, key }) => ({
      kind,
      subject: id,
      detail: {
        planId,
        bucket: byObject.get(decision.objectId)?.facts.bucketName,
        key,
        from: nameOf(decision.fromLocationId),
        to: nameOf(decision.toLocationId),
        reason: decision.reason,
        monthlySavingUsd: decision.monthlySavingUsd,
      },
      principal,
    })),
  )
}
