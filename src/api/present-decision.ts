import type { DecisionSummaryRow } from '../database/placement/decisions.ts'
import { timeText } from './present.ts'
import type { DecisionSummary } from './schemas/plan.ts'

/** A saving per month in its two parts. */
export function presentSaving(
  saving: Pick<DecisionSummaryRow, 'monthlySavingUsd' | 'monthlySavingStorageUsd'>,
): Pick<DecisionSummary, 'monthlySavingUsd' | 'monthlySavingStorageUsd' | 'monthlySavingReadsUsd'> {
  const { monthlySavingUsd, monthlySavingStorageUsd } = saving
  return {
    monthlySavingUsd,
    monthlySavingStorageUsd,
    monthlySavingReadsUsd: monthlySavingUsd - monthlySavingStorageUsd,
  }
}

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
    ...presentSaving(decision),
    oneTimeUsd: decision.oneTimeUsd,
    paybackDays: decision.paybackDays,
    verdict: decision.verdict,
    decidedAt: timeText(decision.decidedAt),
  }
}
