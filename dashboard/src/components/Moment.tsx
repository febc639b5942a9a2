import type { ReactNode } from 'react'
import { UNKNOWN } from '../format/quantity.ts'
import { formatExact, formatRelative, instantOf } from '../format/time.ts'
import { useNow } from './model-clock.tsx'

interface MomentProps {
  /** As the API sends it; null shows that there is none. */
  readonly at: string | null
  /** Which of the server's clocks the moment belongs to. */
  readonly clock?: 'wall' | 'model'
}

/** A moment as people say it, from that clock's now; exactly when pointed at. */
export function Moment({ at, clock = 'wall' }: MomentProps): ReactNode {
  const now = useNow(clock)
  const instant = instantOf(at)
  if (instant === null || at === null) return UNKNOWN
  return (
    <time dateTime={at} title={`${formatExact(instant)}${clock === 'model' ? ', model clock' : ''}`}>
      {formatRelative(instant, now)}
    </time>
  )
}
