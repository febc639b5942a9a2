import type { DecisionSummary, PlanDetail, PlanResource } from '../../api/schemas/plan.ts'
import type { View } from '../output.ts'
import { bytesText, countText, orHyphen, timeText, usdText } from '../units.ts'

export const planView: View<PlanResource> = {
  name: plan => plan.id,
  columns: [
    { header: 'ID', value: plan => plan.id },
    { header: 'STATE', value: plan => (plan.pause === null ? plan.state : `${plan.state} (paused)`) },
    { header: 'POLICY', value: plan => plan.policy.name },
    { header: 'OBJECTS', value: plan => countText(plan.objects), align: 'right' },
    { header: 'BYTES', value: plan => bytesText(plan.bytes), align: 'right' },
    { header: 'SAVES/MONTH', value: plan => usdText(plan.monthlySavingUsd), align: 'right' },
    { header: 'STORAGE/MONTH', value: plan => usdText(plan.monthlySavingStorageUsd), align: 'right' },
    { header: 'READS/MONTH', value: plan => usdText(plan.monthlySavingReadsUsd), align: 'right' },
    { header: 'ONCE', value: plan => usdText(plan.oneTimeUsd), align: 'right' },
    { header: 'PAYBACK', value: plan => paybackText(plan.paybackDays), align: 'right' },
    { header: 'PRIORITY', value: plan => orHyphen(plan.priority), align: 'right', wide: true },
    {
      header: 'DUE BY',
      value: plan => `${timeText(plan.dueBy)}${plan.overdueSince === null ? '' : ' (missed)'}`,
      wide: true,
    },
    { header: 'APPROVAL', value: plan => plan.approval, wide: true },
    { header: 'PRICES', value: plan => plan.priceBook.name, wide: true },
    { header: 'CREATED', value: plan => timeText(plan.createdAt), wide: true },
    { header: 'DECIDED BY', value: plan => plan.decidedBy ?? '-', wide: true },
    { header: 'ENDED', value: plan => endsText(plan.outcome), wide: true },
    {
      header: 'SAVED/MONTH',
      value: plan => (plan.outcome === null ? '-' : usdText(plan.outcome.monthlySavingUsd)),
      align: 'right',
      wide: true,
    },
  ],
}

export const decisionView: View<DecisionSummary> = {
  name: decision => decision.id,
  columns: [
    { header: 'OBJECT', value: decision => `${decision.bucket}/${decision.key}` },
    { header: 'SIZE', value: decision => bytesText(decision.size), align: 'right' },
    { header: 'FROM', value: decision => decision.from.name },
    { header: 'TO', value: decision => decision.to.name },
    { header: 'REASON', value: decision => decision.reason },
    { header: 'SAVES/MONTH', value: decision => usdText(decision.monthlySavingUsd), align: 'right' },
    { header: 'STORAGE/MONTH', value: decision => usdText(decision.monthlySavingStorageUsd), align: 'right' },
    { header: 'READS/MONTH', value: decision => usdText(decision.monthlySavingReadsUsd), align: 'right' },
    { header: 'ONCE', value: decision => usdText(decision.oneTimeUsd), align: 'right' },
    { header: 'PAYBACK', value: decision => paybackText(decision.paybackDays), align: 'right' },
    { header: 'VERDICT', value: decision => decision.verdict ?? 'open', wide: true },
    { header: 'ID', value: decision => decision.id, wide: true },
  ],
}

/** How the migrations of a plan ended: `12 done, 1 aborted`. */
function endsText(outcome: PlanResource['outcome']): string {
  if (outcome === null) return '-'
  const ends = Object.entries(outcome.migrations).map(([state, count]) => `${countText(count)} ${state}`)
  return ends.length === 0 ? 'nothing moved' : ends.join(', ')
}

export function paybackText(days: number | null): string {
  return days === null ? 'never' : `${days < 10 ? days.toFixed(1) : Math.round(days)} d`
}

/** `12,000 objects have to be restored first: $3.20, up to 12 hours`. */
export function restoreText({ hoursMax, objects, usd }: NonNullable<PlanDetail['restore']>): string {
  return `${countText(objects)} objects have to be restored first: ${usdText(usd)}, up to ${countText(hoursMax)} hours`
}
