import type { ExplanationResource } from '../../api/schemas/explanation.ts'
import { type Column, renderTable } from '../output.ts'
import { bytesText, timeText, usdText } from '../units.ts'
import { paybackText } from './plan.ts'

type Alternative = ExplanationResource['alternatives'][number]

/** Every part of what a place costs per month; the parts add up to the last column. */
const costColumns: readonly Column<Alternative>[] = [
  { header: 'PLACE', value: place => `${place.chosen ? '* ' : '  '}${place.locationName}` },
  { header: 'TIER', value: place => place.tier },
  { header: 'STORAGE', value: place => money(place.cost?.storageUsdPerMonth), align: 'right' },
  { header: 'REQUESTS', value: place => money(place.cost?.readRequestsUsdPerMonth), align: 'right' },
  { header: 'RETRIEVAL', value: place => money(place.cost?.retrievalUsdPerMonth), align: 'right' },
  { header: 'EGRESS', value: place => money(place.cost?.egressUsdPerMonth), align: 'right' },
  { header: 'OTHER', value: place => money(place.cost?.monitoringUsdPerMonth), align: 'right' },
  { header: '$/MONTH', value: place => money(place.cost?.totalUsdPerMonth), align: 'right' },
  { header: 'ONCE', value: place => money(place.cost?.oneTimeUsd), align: 'right' },
  {
    header: 'PAYBACK',
    value: place => (place.paybackDays === null ? '-' : paybackText(place.paybackDays)),
    align: 'right',
  },
]

/** An explanation as a person reads it. Pure. */
export function explanationText(explanation: ExplanationResource): string {
  const { inputs } = explanation
  const lines = [
    `s3://${explanation.bucket}/${explanation.key}  ${bytesText(explanation.size)}, in ${explanation.location.name} (${explanation.tier})`,
    '',
    explanation.summary,
    '',
    renderTable(explanation.alternatives, costColumns, true),
    '',
    ...reasonsAgainst(explanation.alternatives),
    `Counted with ${inputs.readsPerMonthExpected.toPrecision(3)} reads a month of ${bytesText(inputs.bytesPerRead)} each, ${countedHeatText(inputs)}`,
    `(heat of half-life ${HALF_LIFE_WORDS[inputs.halfLife]}: ${inputs.heatPerDay.toPrecision(3)} a day, score ${inputs.heatScore.toFixed(0)}),`,
    `${inputs.daysInLocation.toFixed(1)} days in this place, policy ${inputs.policy}, prices ${inputs.priceBook}.`,
  ]
  if (explanation.whatWouldChangeIt.length > 0)
    lines.push(
      '',
      'What would change it:',
      ...explanation.whatWouldChangeIt.map(change => `  - ${change.text}`),
    )
  lines.push('', `Looked at again ${timeText(explanation.reviewAt)} (${explanation.reviewReason}).`)
  if (explanation.migrationId !== null) lines.push(`Being moved by migration ${explanation.migrationId}.`)
  return lines.join('\n')
}

/** Why each of the others was not chosen: sentences, which would tear a table apart. */
function reasonsAgainst(alternatives: readonly Alternative[]): string[] {
  const others = alternatives.filter(place => !place.chosen)
  if (others.length === 0) return []
  return ['Why not:', ...others.map(place => `  - ${place.locationName}: ${place.explanation}`), '']
}

const HALF_LIFE_WORDS = { '6h': '6 hours', '3d': '3 days', '30d': '30 days' } as const

/** Bands go by the policy's heat; money by the 30-day heat where that is higher, so the two may differ. */
export function countedHeatText({ halfLife }: ExplanationResource['inputs']): string {
  if (halfLife === '30d') return 'by the heat of half-life 30 days'
  return `by the higher of the heats of half-life ${HALF_LIFE_WORDS[halfLife]} and 30 days`
}

function money(usd: number | undefined): string {
  return usd === undefined ? '-' : usdText(usd)
}
