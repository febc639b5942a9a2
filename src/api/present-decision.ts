import type { DecisionSummaryRow } from '../database/decisions.ts'
import { timeText } from './present.ts'
import type { DecisionSummary } from './schemas/plan.ts'

/** A decision as lists show it. */
export function presentDecision(decision: DecisionSummaryRow): DecisionSummary {
  return {
    id: decision.id,
    planId: decision.planId,
    bucket: decision.bucketName,
    key: decision.key,
    objectId: decision.objectId,
    from: { id: decision.fromLocationId, name: decision.fromLocationName },
    to: { id: decision.toLocationId, name: decision.toLocationName },
    reason: decision.reason,
    size: decision.size,
    monthlySavingUsd: decision.monthlySavingUsd,
    oneTimeUsd: decision.oneTimeUsd,
    paybackDays: decision.paybackDays,
    verdict: decision.verdict,
    decidedAt: timeText(decision.decidedAt),
  }
}
