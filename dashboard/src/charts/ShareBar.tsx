import type { ReactNode } from 'react'
import { classNames } from '../ui/class-names.ts'
import { type PaintedTier, TIER_PAINT } from './tier-paint.ts'

interface TierShare {
  readonly tier: PaintedTier
  readonly value: number
  /** The value in words with its unit. */
  readonly shown: string
}

/** A whole divided into its tiers, hot first: colour, letter and position say the same. */
export function TierShareBar({ shares, label }: { shares: readonly TierShare[]; label: string }): ReactNode {
  const whole = shares.reduce((sum, share) => sum + share.value, 0)
  return (
    <div role="img" aria-label={label} className="flex h-7 w-full gap-px overflow-hidden rounded bg-line">
      {shares.map(({ tier, value, shown }) => {
        const share = whole === 0 ? 0 : value / whole
        if (share === 0) return null
        const paint = TIER_PAINT[tier]
        return (
          <div
            key={tier}
            title={`${paint.name}: ${shown}`}
            className={classNames(
              'flex min-w-1 items-center overflow-hidden px-1.5 text-xs font-semibold whitespace-nowrap transition-[flex-grow] duration-500',
              paint.fill,
              paint.onFill,
            )}
            style={{ flexGrow: share, flexBasis: 0 }}
          >
            {share > 0.05 ? paint.letter : null}
            {share > 0.18 ? <span className="ml-1.5 font-medium">{shown}</span> : null}
          </div>
        )
      })}
    </div>
  )
}
