import type { ReactNode } from 'react'
import type { Overview } from '../api/types.ts'
import { formatShare, formatUsd, UNKNOWN } from '../format/quantity.ts'
import { classNames } from '../ui/class-names.ts'
import { FlashingText } from '../ui/FlashingText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'

/** What storage costs per month: now, if everything were hot, and after the plan, on one scale from zero. */
export function CostLead({
  overview,
  className,
}: {
  overview: Overview | undefined
  className: string
}): ReactNode {
  const cost = overview?.cost
  const now = cost?.nowUsdPerMonth ?? null
  const hot = cost?.everythingHotUsdPerMonth ?? null
  const after = cost?.afterPlansUsdPerMonth ?? null
  const highest = Math.max(now ?? 0, hot ?? 0, after ?? 0)
  return (
    <Panel
      title="Dollars per month"
      className={className}
      aside={cost === undefined ? '' : basisOf(cost.priceBook)}
    >
      <div className="grid grid-cols-[minmax(0,220px)_1fr] items-center gap-x-6 gap-y-4 pt-1 max-md:grid-cols-1">
        <div>
          <p className="text-xs text-ink-faint">Now</p>
          <p className="text-2xl font-semibold">
            {cost === undefined ? <Skeleton width="140px" height={26} /> : <FlashingText text={shown(now)} />}
          </p>
          <p className="text-ink-soft">
            {cost === undefined ? <Skeleton width="180px" /> : verdict(now, hot)}
          </p>
        </div>
        <dl className="grid grid-cols-[auto_1fr_auto] items-center gap-x-3 gap-y-2">
          <CostBar name="Everything hot" value={hot} highest={highest} loading={cost === undefined} />
          <CostBar name="Now" value={now} highest={highest} loading={cost === undefined} strong />
          <CostBar name="After the plan" value={after} highest={highest} loading={cost === undefined} />
        </dl>
      </div>
    </Panel>
  )
}

interface CostBarProps {
  readonly name: string
  readonly value: number | null
  readonly highest: number
  readonly loading: boolean
  readonly strong?: boolean
}

function CostBar({ name, value, highest, loading, strong = false }: CostBarProps): ReactNode {
  const share = value === null || highest <= 0 ? 0 : Math.max(0, value) / highest
  return (
    <>
      <dt className={strong ? 'font-medium' : 'text-ink-soft'}>{name}</dt>
      <div aria-hidden="true" className="h-3 min-w-0">
        <div
          className={classNames(
            'h-full rounded-sm transition-[width] duration-500',
            strong ? 'bg-ink' : 'bg-line-strong',
          )}
          style={{ width: `${share * 100}%` }}
        />
      </div>
      <dd className="min-w-20 text-right font-medium">
        {loading ? <Skeleton width="60px" /> : <FlashingText text={shown(value)} />}
      </dd>
    </>
  )
}

function shown(usd: number | null): string {
  return usd === null ? UNKNOWN : formatUsd(usd)
}

function verdict(now: number | null, hot: number | null): string {
  if (now === null || hot === null) return 'A location that holds bytes has no price.'
  if (hot <= 0) return 'Nothing is stored yet.'
  const saved = hot - now
  if (saved <= 0) return 'Nothing is saved against keeping everything hot.'
  return `${formatUsd(saved)} per month less than everything hot (${formatShare(saved / hot)}).`
}

function basisOf(priceBook: string | null): string {
  return priceBook === null ? 'No price book' : `USD per month of storage, list prices of ${priceBook}`
}
