import type { ReactNode } from 'react'
import type { Alternative, PlacementCost } from '../api/types.ts'
import { type Part, PartsBar, PartsLegend } from '../charts/PartsBar.tsx'
import { formatUsdExact } from '../format/quantity.ts'
import { formatDays } from '../format/time.ts'
import { Badge } from '../ui/Badge.tsx'
import { REJECTION_WORDS } from './reason-words.ts'
import { TierMark } from './TierMark.tsx'

/** The parts of a month in the order in which bars stack them. */
const PARTS: readonly (readonly [string, keyof PlacementCost])[] = [
  ['Storage', 'storageUsdPerMonth'],
  ['Requests', 'readRequestsUsdPerMonth'],
  ['Retrieval', 'retrievalUsdPerMonth'],
  ['Egress', 'egressUsdPerMonth'],
  ['Monitoring', 'monitoringUsdPerMonth'],
]

type Shown = Alternative & { readonly explanation?: string }

/** What each place would cost per month, part by part on one scale, and why it was or was not chosen. */
export function CostAlternatives({ alternatives }: { alternatives: readonly Shown[] }): ReactNode {
  const highest = Math.max(0, ...alternatives.map(each => each.cost?.totalUsdPerMonth ?? 0))
  return (
    <div className="flex flex-col gap-3">
      <ul className="flex flex-col">
        {alternatives.map(each => (
          <li key={each.locationId} className="border-b border-line py-2 last:border-b-0">
            <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <TierMark tier={each.tier} />
              <span className="font-medium">{each.locationName}</span>
              {each.chosen ? <Badge tone="active">Chosen</Badge> : null}
              {each.rejected === 'current' && !each.chosen ? <Badge>Here now</Badge> : null}
              <span className="ml-auto font-medium">
                {each.cost === null ? 'No price' : `${formatUsdExact(each.cost.totalUsdPerMonth)} per month`}
              </span>
            </div>
            <div className="py-1.5">
              <PartsBar parts={partsOf(each.cost)} highest={highest} label={barLabel(each)} />
            </div>
            <p className="text-xs text-ink-soft">{each.explanation ?? wordsOf(each)}</p>
            {each.cost === null || each.cost.oneTimeUsd === 0 || each.rejected === 'current' ? null : (
              <p className="text-xs text-ink-faint">
                Getting there costs {formatUsdExact(each.cost.oneTimeUsd)} once{paidBack(each.paybackDays)}.
              </p>
            )}
          </li>
        ))}
      </ul>
      <PartsLegend names={PARTS.map(([name]) => name)} />
    </div>
  )
}

function partsOf(cost: PlacementCost | null): Part[] {
  if (cost === null) return []
  return PARTS.map(([name, field]) => ({
    name,
    value: cost[field],
    shown: `${formatUsdExact(cost[field])} per month`,
  }))
}

function barLabel(each: Shown): string {
  const parts = partsOf(each.cost).filter(part => part.value > 0)
  return `${each.locationName}: ${parts.map(part => `${part.name} ${part.shown}`).join(', ') || 'no cost'}`
}

function wordsOf(each: Shown): string {
  return each.rejected === null ? 'The cheapest place that is allowed.' : `${REJECTION_WORDS[each.rejected]}.`
}

function paidBack(days: number | null): string {
  return days === null ? ' and does not pay back' : `, paid back after ${formatDays(days)}`
}
