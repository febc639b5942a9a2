import type { ReactNode } from 'react'
import type { Tier } from '../api/types.ts'
import { Icon } from '../ui/Icon.tsx'
import { TierMark } from './TierMark.tsx'

interface End {
  readonly name: string
  /** Unknown once the location is removed. */
  readonly tier: Tier | null | undefined
}

/** From where to where: two locations with their tiers. */
export function RouteMark({ from, to }: { from: End; to: End }): ReactNode {
  return (
    <span
      className="inline-flex max-w-full items-center gap-1.5 overflow-hidden"
      title={`${from.name} → ${to.name}`}
    >
      {from.tier == null ? null : <TierMark tier={from.tier} />}
      <span className="truncate text-ink-soft @max-[700px]:sr-only">{from.name}</span>
      <Icon name="arrow" size={12} />
      <span className="sr-only">to</span>
      {to.tier == null ? null : <TierMark tier={to.tier} />}
      <span className="truncate @max-[700px]:sr-only">{to.name}</span>
    </span>
  )
}
