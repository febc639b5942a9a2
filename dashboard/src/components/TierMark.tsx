import type { ReactNode } from 'react'
import type { Tier } from '../api/types.ts'
import { PAINTED_TIERS, TIER_PAINT } from '../charts/tier-paint.ts'
import { classNames } from '../ui/class-names.ts'

/**
 * A tier in three ways at once, so that it can be read without colour: its colour, its letter, and its place
 * among three (hot left, cold right).
 */
export function TierMark({ tier, named = false }: { tier: Tier | null; named?: boolean }): ReactNode {
  if (tier === null) return <span title="No readable copy">–</span>
  const paint = TIER_PAINT[tier]
  return (
    <span className="inline-flex items-center gap-1.5 align-middle" title={`${paint.name} tier`}>
      <span className="inline-flex items-center gap-px" aria-hidden={named}>
        {PAINTED_TIERS.map(each =>
          each === tier ? (
            <span
              key={each}
              className={classNames(
                'inline-flex h-4 w-4 items-center justify-center rounded-sm text-[10px] leading-none font-bold',
                paint.fill,
                paint.onFill,
              )}
            >
              {paint.letter}
            </span>
          ) : (
            <span key={each} aria-hidden="true" className="h-4 w-1 rounded-[1px] bg-line" />
          ),
        )}
      </span>
      {named ? paint.name : null}
    </span>
  )
}
