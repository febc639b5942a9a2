import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { overviewQuery } from '../api/queries.ts'
import type { Overview } from '../api/types.ts'
import { Sparkline } from '../charts/Sparkline.tsx'
import { formatCount } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { FlashingText } from '../ui/FlashingText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { Figure } from './Figure.tsx'
import { Moment } from './Moment.tsx'
import { PathLink } from './PathLink.tsx'
import { PauseButton } from './PauseButton.tsx'
import { endWords, leftWords, paceWords } from './queue-words.ts'

/** Points of the tiny history: at one a second, the last two minutes. */
const HISTORY_POINTS = 120

/** How fast the queue moves, how much is left, when it ends, and which stores and plans keep it. */
export function QueuePanel(): ReactNode {
  const { data } = useQuery(overviewQuery)
  if (data === undefined)
    return (
      <Panel className="mb-3">
        <div className="flex flex-wrap gap-8 pt-3">
          {[90, 110, 100, 80].map(width => (
            <Skeleton key={width} width={`${width}px`} height={40} />
          ))}
        </div>
      </Panel>
    )
  const { migrations, series } = data
  const pace = paceWords(migrations)
  const left = leftWords(migrations)
  const end = endWords(migrations)
  const known = series.slice(-HISTORY_POINTS).map(point => point.objectsMovedPerSecond)
  const history = [...Array<number>(HISTORY_POINTS - known.length).fill(0), ...known]
  return (
    <Panel className="mb-3">
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(128px,1fr))] gap-x-6 gap-y-3 pt-3">
        <Figure name="In flight" note={`${formatCount(migrations.unfinished)} unfinished`}>
          <FlashingText text={formatCount(migrations.inFlight)} />
        </Figure>
        <Figure
          name="Objects moved"
          note={<Sparkline values={history} label={`Objects moved: now ${pace.objects}`} />}
        >
          {pace.objects}
        </Figure>
        <Figure name="Bytes moved" note="mean of the last minute">
          {pace.bytes}
        </Figure>
        <Figure name="Left to move" note={left.bytes}>
          {left.objects}
        </Figure>
        <Figure name="All moved" note={end.note}>
          {end.said}
        </Figure>
        {migrations.overdue === 0 ? null : (
          <Figure
            name="Past their deadline"
            note={<PathLink to={paths.migrations({ overdue: 'true', active: 'true' })}>Show them</PathLink>}
          >
            <span className="text-alarm">{formatCount(migrations.overdue)}</span>
          </Figure>
        )}
      </dl>
      <Pauses migrations={migrations} />
    </Panel>
  )
}

function Pauses({ migrations }: { migrations: Overview['migrations'] }): ReactNode {
  const { pausedStores, pausedPlans, held } = migrations
  if (pausedStores.length + pausedPlans.length === 0) return null
  const pauses = [
    ...pausedStores.map(pause => ({ ...pause, noun: 'store' as const })),
    ...pausedPlans.map(pause => ({ ...pause, noun: 'plan' as const })),
  ]
  return (
    <div className="mt-3 border-t border-line pt-3">
      <p className="mb-1.5 text-xs text-ink-faint">
        Paused; {formatCount(held)} {held === 1 ? 'migration rests' : 'migrations rest'} for it
      </p>
      <ul className="flex flex-col gap-1.5">
        {pauses.map(pause => (
          <li key={pause.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="min-w-0 break-words">
              {pause.noun === 'store' ? (
                <>Store {pause.name}</>
              ) : (
                <PathLink to={paths.plan(pause.id)}>Plan of {pause.name}</PathLink>
              )}
              <span className="text-ink-faint">
                {' '}
                <Moment at={pause.at} />
                {pause.reason === null ? '' : `: ${pause.reason}`}
              </span>
            </span>
            <PauseButton
              noun={pause.noun}
              id={pause.id}
              name={pause.noun === 'store' ? pause.name : 'The plan'}
              isPaused
            />
          </li>
        ))}
      </ul>
    </div>
  )
}
