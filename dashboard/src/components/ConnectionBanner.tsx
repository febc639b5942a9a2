import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { formatDuration } from '../format/time.ts'
import { Button } from '../ui/Button.tsx'
import { useLive } from './live.tsx'
import { useNow } from './model-clock.tsx'

/** A break shorter than this heals before anybody has to know. */
const QUIET_MS = 2_500

/** Says that the connection is lost, how old the page is, and that it heals by itself. */
export function ConnectionBanner({ lastAnswerAt }: { lastAnswerAt: number }): ReactNode {
  const live = useLive()
  const queries = useQueryClient()
  useNow('wall')
  const lostFor = Date.now() - live.since
  if (live.status !== 'lost' || lostFor < QUIET_MS) return null
  const age = lastAnswerAt === 0 ? null : formatDuration(Date.now() - lastAnswerAt)
  return (
    <div
      role="status"
      className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-alarm bg-alarm-soft px-6 py-2 max-sm:px-3"
    >
      <p>
        <strong className="font-semibold text-alarm">Connection lost {formatDuration(lostFor)} ago.</strong>{' '}
        <span className="text-ink-soft">
          {age === null ? 'Nothing was read yet.' : `What you see is ${age} old.`} Reads and moves go on
          without this page; it reconnects by itself.
        </span>
      </p>
      <Button size="small" onClick={() => void queries.invalidateQueries()}>
        Try now
      </Button>
    </div>
  )
}
