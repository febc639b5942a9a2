import {
  countDueReviews,
  deleteReviews,
  lockDueReviews,
  settleReviews,
} from '../database/placement/object-reviews.ts'
import { type PlacementFactsRow, readPlacementFacts } from '../database/placement/placement-facts.ts'
import { applyApprovedPlan } from '../database/placement/plan-approval.ts'
import { endPlans } from '../database/placement/plan-ends.ts'
import { closeAutomaticPlans, sumProposedPlans, supersedeStalePlans } from '../database/placement/plans.ts'
import { listPoliciesRequiringEncryption } from '../database/placement/policies.ts'
import {
  advanceReviewSweep,
  deleteFinishedSweeps,
  requestCatchUp,
  requestReviews,
} from '../database/placement/review-sweeps.ts'
import { type Database, inTransaction } from '../database/postgres.ts'
import type { Clock, Instant } from '../domain/clock.ts'
import { HOUR, MINUTE, SECOND } from '../domain/duration.ts'
import type { ObjectId, Uuid } from '../domain/identifiers.ts'
import type { ReviewReason } from '../domain/placement.ts'
import { principal } from '../domain/principal.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Loop } from './loop.ts'
import { hourOf, keepMoves } from './plan-placements/keep-moves.ts'
import {
  createRulesReader,
  type PlanningPolicy,
  type PlanningRules,
  policiesById,
} from './plan-placements/planning-rules.ts'
import { type ReviewedObject, reviewObject } from './plan-placements/review-object.ts'

/** Objects a sweep looks at in one step. */
const SWEEP_PAGE_OBJECTS = 5_000
const HOUSEKEEPING_EVERY_MS = MINUTE
/** How often plans are looked for whose last migration ended, and how many are ended in one look. */
const PLAN_ENDS_EVERY_MS = 5 * SECOND
const PLAN_ENDS_MAX = 50
const CATCH_UP_EVERY_HOURS = 6
const SWEEPS_KEPT_HOURS = 48
/** Due reviews are counted up to here for the gauge. */
const DUE_COUNTED_MAX = 100_000
/** How long an object rests that could not be looked at, in model time. */
const FAILED_REST_MS = HOUR

/** What a planner works with. */
export interface PlannerOptions {
  readonly database: Database
  /** The open store with this id, as the mover will use it; only asked what it can do. */
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  readonly modelClock: Clock
  readonly wallClock: Clock
  readonly log: Logger
  readonly metrics?: Metrics
  /** Objects reviewed in one transaction. Default: 1,000. */
  readonly batchObjectsMax?: number
  /** Default: 1,000 ms. */
  readonly idleMs?: number
}

/**
 * The planner: looks at objects whose review is due, decides where they should live and keeps what should
 * move, for a person to approve or within the caps of the policy; applies plans that people approved, and ends
 * those whose migrations have all ended; works off requests to look at many objects. Any number may run at
 * once: each locks what it looks at.
 */
export function createPlanner(options: PlannerOptions): Loop {
  const { database, modelClock, wallClock, log, metrics } = options
  const batchObjectsMax = options.batchObjectsMax ?? 1_000
  const who = principal('planner', 'threshold@1')
  const rulesReader = createRulesReader(database, wallClock, options.storeOf)
  let housekeepingDueAt = 0
  let planEndsDueAt = 0
  let pricesSeen: Uuid | null = null
  let encryptingSeen: ReadonlySet<Uuid> | null = null
  let saidNoPrices = false

  return {
    name: 'plan-placements',
    idleMs: options.idleMs ?? 1_000,
    async step(signal) {
      if (wallClock.now() >= housekeepingDueAt) {
        await keepHouse()
        housekeepingDueAt = wallClock.now() + HOUSEKEEPING_EVERY_MS
      }
      if (wallClock.now() >= planEndsDueAt) await endFinishedPlans()
      const applied = await applyApprovedPlan(database, who)
      if (signal.aborted) return 0
      const reviewed = await reviewDue()
      if (reviewed >= batchObjectsMax || signal.aborted) return reviewed
      // A full batch means that sweeps wait, so that they never flood the queue.
      const swept = await advanceReviewSweep(database, { limit: SWEEP_PAGE_OBJECTS, now: modelClock.now() })
      return reviewed + (swept ?? 0) + (applied === null ? 0 : applied.migrations + applied.outdated + 1)
    },
  }

  async function keepHouse(): Promise<void> {
    for (const _ of await supersedeStalePlans(database)) metrics?.plans.inc({ state: 'superseded' })
    await closeAutomaticPlans(database, hourOf(modelClock.now()))
    await requestCatchUp(database, { everyHours: CATCH_UP_EVERY_HOURS, principal: who })
    await deleteFinishedSweeps(database, SWEEPS_KEPT_HOURS)
    const due = await countDueReviews(database, { now: modelClock.now(), limit: DUE_COUNTED_MAX })
    metrics?.placementReviewsDue.set(due)
    metrics?.planSavingEstimatedUsd.set((await sumProposedPlans(database)).monthlySavingUsd)
  }

  /** A full look means that there may be more: the next step goes on. */
  async function endFinishedPlans(): Promise<void> {
    const ended = await endPlans(database, { limit: PLAN_ENDS_MAX, principal: who })
    metrics?.plans.inc({ state: 'applied' }, ended.length)
    if (ended.length < PLAN_ENDS_MAX) planEndsDueAt = wallClock.now() + PLAN_ENDS_EVERY_MS
  }

  async function reviewDue(): Promise<number> {
    const now = modelClock.now()
    const rules = await rulesReader.read(now)
    if (rules === null) {
      if (!saidNoPrices) log.warn('nothing is planned while there is no price book')
      saidNoPrices = true
      return 0
    }
    await noticePrices(rules)
    await noticeEncryption(rules)
    const startedAt = wallClock.now()
    const reviewed = await inTransaction(database, async connection => {
      const due = await lockDueReviews(connection, { now, limit: batchObjectsMax })
      if (due.length === 0) return 0
      const rows = await readPlacementFacts(
        connection,
        due.map(({ objectId }) => objectId),
      )
      const policyIds = rows.flatMap(({ facts }) => (facts.policyId === null ? [] : [facts.policyId]))
      const policies = await policiesById(connection, new Set(policyIds))
      const outcome = reviewAll(rows, policies, rules, now)
      const kept = await keepMoves({ connection, rules, now, principal: who }, outcome.reviewed)
      const nextHour = hourOf(now) + HOUR
      const later = new Map<ObjectId, ReviewReason>([
        ...kept.deferred.map(({ facts }) => [facts.objectId, 'cap-reached'] as const),
        ...kept.refused.map(({ facts }) => [facts.objectId, 'requested'] as const),
      ])
      const next = outcome.reviewed.map(({ next: settled }) => {
        const reason = later.get(settled.objectId)
        return reason === undefined ? settled : { ...settled, at: nextHour, reason }
      })
      await settleReviews(connection, [...next, ...outcome.failed])
      const settled = new Set([...next, ...outcome.failed].map(({ objectId }) => objectId))
      await deleteReviews(
        connection,
        due.map(({ objectId }) => objectId).filter(id => !settled.has(id)),
      )
      const moves = outcome.reviewed.filter(({ move }) => move !== null).length
      metrics?.placementEvaluations.inc({ outcome: 'move' }, moves)
      metrics?.placementEvaluations.inc({ outcome: 'stay' }, outcome.reviewed.length - moves)
      metrics?.placementEvaluations.inc({ outcome: 'failed' }, outcome.failed.length)
      metrics?.plans.inc({ state: 'proposed' }, kept.plansProposed)
      metrics?.plans.inc({ state: 'approved' }, kept.plansApproved)
      return due.length
    })
    if (reviewed > 0) metrics?.placementEvaluationSeconds.observe((wallClock.now() - startedAt) / 1_000)
    return reviewed
  }

  /** Objects that cannot be looked at rest for a while, so that they never hold up the others. */
  function reviewAll(
    rows: readonly PlacementFactsRow[],
    policies: ReadonlyMap<Uuid, PlanningPolicy>,
    rules: PlanningRules,
    now: Instant,
  ) {
    const reviewed: ReviewedObject[] = []
    const failed: ReviewedObject['next'][] = []
    for (const row of rows) {
      const policy = row.facts.policyId === null ? undefined : policies.get(row.facts.policyId)
      if (policy === undefined) continue
      try {
        reviewed.push(reviewObject(row, policy, rules, now))
      } catch (error) {
        const { objectId } = row.facts
        log.error({ error, objectId }, 'an object could not be placed and is looked at again later')
        failed.push({ objectId, at: now + FAILED_REST_MS, reason: 'requested', promoteLnHeat: null })
      }
    }
    return { reviewed, failed }
  }

  /**
   * A book whose day has come while we run changes every decision. One that was just added needs nothing: who
   * added it asked for reviews.
   */
  async function noticePrices(rules: PlanningRules): Promise<void> {
    const isOld = wallClock.now() - rules.priceBookAddedAt.getTime() > HOUR
    if (pricesSeen !== null && pricesSeen !== rules.priceBookId && isOld) {
      await requestReviews(database, { reason: 'prices-changed', principal: who })
    }
    pricesSeen = rules.priceBookId
  }

  /** Another store that encrypts, or one less, changes decisions where a policy requires it. */
  async function noticeEncryption({ encryptingStores }: PlanningRules): Promise<void> {
    const before = encryptingSeen
    encryptingSeen = encryptingStores
    if (before === null) return
    const isSame = before.size === encryptingStores.size && [...before].every(id => encryptingStores.has(id))
    if (isSame) return
    for (const policyId of await listPoliciesRequiringEncryption(database))
      await requestReviews(database, { policyId, reason: 'requested', principal: who })
  }
}
