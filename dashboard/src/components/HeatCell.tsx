import type { ReactNode } from 'react'
import type { ObjectSummary } from '../api/types.ts'
import { Sparkline } from '../charts/Sparkline.tsx'
import { formatCount, formatHeatScore } from '../format/quantity.ts'

/** Reads of the last 30 days of one row. */
export function HeatSparkline({ object }: { object: ObjectSummary }): ReactNode {
  const label = `${formatCount(object.heat.reads)} reads since it is known`
  return <Sparkline values={object.dailyReads} label={label} />
}

/** The heat score with a bar of its length. */
export function HeatScore({ score }: { score: number }): ReactNode {
  return (
    <span className="inline-flex w-full items-center justify-end gap-2">
      <span
        aria-hidden="true"
        className="h-1.5 w-12 overflow-hidden rounded-full bg-line @max-[700px]:hidden"
      >
        <span
          className="block h-full rounded-full bg-ink-soft"
          style={{ width: `${Math.min(100, score)}%` }}
        />
      </span>
      <span className="w-7 text-right">{formatHeatScore(score)}</span>
    </span>
  )
}
