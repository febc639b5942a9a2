import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { objectDailyQuery } from '../api/queries.ts'
import type { ObjectSummary } from '../api/types.ts'
import { Sparkline } from '../charts/Sparkline.tsx'
import { formatCount, formatHeatScore } from '../format/quantity.ts'

/** A row must stay in sight this long before its history is asked for: scrolling past costs nothing. */
const IN_SIGHT_MS = 200

/** Reads of the last 30 days of one row, asked for only while it is in sight. */
export function HeatSparkline({ object }: { object: ObjectSummary }): ReactNode {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), IN_SIGHT_MS)
    return () => clearTimeout(timer)
  }, [])
  // An object nobody ever read has nothing to ask for.
  const enabled = settled && object.heat.reads > 0
  const { data } = useQuery({ ...objectDailyQuery(object.bucket, object.key), enabled })
  const values = (data ?? []).map(day => day.reads)
  return <Sparkline values={values} label={`${formatCount(object.heat.reads)} reads since it is known`} />
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
