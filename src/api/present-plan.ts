import type { PlanRow } from '../database/placement/plans.ts'
import { DAYS_PER_MONTH } from '../domain/duration.ts'
import { paybackDays } from '../placement/cost/placement-cost.ts'
import { optionalTimeText, timeText } from './present.ts'
import { presentSaving } from './present-decision.ts'
import type { PlanResource } from './schemas/plan.ts'

/** A plan as answers show it. */
export function presentPlan(plan: PlanRow): PlanResource {
  return {
    id: plan.id,
    state: plan.state,
    approval: plan.approval,
    policy: { id: plan.policyId, name: plan.policyName, revision: plan.policyRevision },
    priceBook: { id: plan.priceBookId, name: plan.priceBook },
    objects: plan.objects,
    bytes: plan.bytes,
    ...presentSaving(plan),
    oneTimeUsd: plan.oneTimeUsd,
    paybackDays: paybackDays(plan.monthlySavingUsd, plan.oneTimeUsd, DAYS_PER_MONTH),
    createdAt: timeText(plan.createdAt),
    decidedAt: optionalTimeText(plan.decidedAt),
    decidedBy: plan.decidedBy,
    appliedAt: optionalTimeText(plan.appliedAt),
    outcome:
      plan.outcome === null
        ? null
        : { migrations: plan.outcome, monthlySavingUsd: plan.realisedMonthlySavingUsd ?? 0 },
    pause:
      plan.pausedAt === null
        ? null
        : { at: timeText(plan.pausedAt), reason: plan.pausedBecause, principal: plan.pausedBy },
    priority: plan.priority,
    dueBy: optionalTimeText(plan.dueAt),
    overdueSince: optionalTimeText(plan.deadlineMissedAt),
    principal: plan.principal,
  }
}
