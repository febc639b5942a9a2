import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { planStatusQuery } from '../api/queries.ts'
import type { Plan } from '../api/types.ts'
import { formatBytes, formatCount, formatShare } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Moment } from './Moment.tsx'
import { PathLink } from './PathLink.tsx'
import { PauseButton } from './PauseButton.tsx'
import { endWords, leftWords, paceWords } from './queue-words.ts'
import { UrgencyButton } from './UrgencyButton.tsx'

/** How far an approved plan is, how fast it goes, when it ends, and what keeps it. */
export function PlanProgress({ plan }: { plan: Plan }): ReactNode {
  const { data } = useQuery(planStatusQuery(plan.id))
  if (data === undefined) return null
  const ended = data.moved.migrations + data.failed.migrations
  const share = data.total.migrations === 0 ? 0 : ended / data.total.migrations
  const pace = paceWords(data)
  const left = leftWords(data)
  const end = endWords(data)
  return (
    <Panel
      className="mb-3"
      title={
        <span className="inline-flex flex-wrap items-center gap-2">
          Progress
          {data.stop === null ? null : <Badge tone="alarm">Everything is stopped</Badge>}
          {data.pause === null ? null : <Badge>Paused</Badge>}
          {data.overdueSince === null ? null : <Badge tone="alarm">Deadline missed</Badge>}
        </span>
      }
      aside={
        <span className="flex flex-wrap gap-2">
          <UrgencyButton noun="plan" id={plan.id} priority={plan.priority} dueBy={plan.dueBy} />
          <PauseButton noun="plan" id={plan.id} name="The plan" isPaused={data.pause !== null} />
        </span>
      }
    >
      <Progress share={share} label={`${formatShare(share)} of the migrations switched or ended`} />
      <p className="pt-2 text-ink-soft">
        {formatCount(data.moved.migrations)} of {formatCount(data.total.migrations)} objects moved (
        {formatBytes(data.moved.bytes)} of {formatBytes(data.total.bytes)}); {left.objects} left ({left.bytes}
        ){data.failed.migrations === 0 ? '' : `; ${formatCount(data.failed.migrations)} failed`}.{' '}
        {data.left.migrations === 0 ? '' : `${pace.objects} and ${pace.bytes}; done ${doneWords(end)}.`}
      </p>
      <p className="pt-1 text-xs text-ink-faint">
        {data.dueBy === null ? null : (
          <>
            Due <Moment at={data.dueBy} />.{' '}
          </>
        )}
        {data.pause === null ? null : (
          <>
            Paused <Moment at={data.pause.at} /> by {data.pause.principal}
            {data.pause.reason === null ? '' : `: ${data.pause.reason}`}.{' '}
          </>
        )}
        {data.resting.length === 0
          ? null
          : `${data.resting.map(rest => `${formatCount(rest.migrations)} rest after ${rest.kind}`).join(', ')}. `}
        <PathLink to={paths.migrations({ planId: plan.id })}>Its migrations</PathLink>
      </p>
    </Panel>
  )
}

function doneWords({ said, note }: ReturnType<typeof endWords>): string {
  return said === 'Unknown' ? `at an unknown time: ${note}` : said
}
