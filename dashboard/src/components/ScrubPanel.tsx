import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { pauseScrub, startScrub } from '../api/actions.ts'
import { scrubQuery } from '../api/queries.ts'
import type { ScrubStatus } from '../api/types.ts'
import { DailyBars } from '../charts/DailyBars.tsx'
import { formatBytes, formatCount, formatUsd } from '../format/quantity.ts'
import { formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { Figure } from './Figure.tsx'
import { Moment } from './Moment.tsx'
import { PathLink } from './PathLink.tsx'
import { QueryError } from './QueryError.tsx'
import { ReasonDialog } from './ReasonDialog.tsx'
import { scrubBudget, verdictParts } from './scrub-words.ts'
import { useViewerReason } from './session.tsx'
import { useAct } from './use-act.ts'

const DAY_MS = 86_400_000
/** Copies are counted by the server up to these. */
const DUE_COUNTED_MAX = 100_000
const QUARANTINED_COUNTED_MAX = 10_000

const STATES = {
  working: ['Working', 'active'],
  waiting: ['Not running', 'neutral'],
  paused: ['Paused', 'neutral'],
} as const

/** The scrubber: what it compared with the catalog, what it found, what that cost, what waits longest. */
export function ScrubPanel(): ReactNode {
  const { data, error, refetch } = useQuery(scrubQuery)
  if (data === undefined)
    return (
      <Panel title="Scrubber" className="mb-4">
        {error === null ? (
          <Skeleton width="100%" height={150} />
        ) : (
          <QueryError error={error} onRetry={() => void refetch()} />
        )}
      </Panel>
    )
  const [word, tone] = STATES[data.state]
  return (
    <Panel
      title={
        <span className="inline-flex items-center gap-2">
          Scrubber <Badge tone={tone}>{word}</Badge>
        </span>
      }
      aside={<PauseScrub isPaused={data.state === 'paused'} />}
      className="mb-4"
    >
      <StateLine scrub={data} />
      <Figures scrub={data} />
      <Days scrub={data} />
    </Panel>
  )
}

function StateLine({ scrub }: { scrub: ScrubStatus }): ReactNode {
  const { pause, settings, state } = scrub
  if (pause !== null)
    return (
      <p className="mb-3 text-ink-soft">
        Paused <Moment at={pause.at} />
        {pause.principal === null ? '' : ` by ${pause.principal}`}
        {pause.reason === null ? '.' : `: ${pause.reason}`} Repairs go on.
      </p>
    )
  if (state === 'waiting')
    return (
      <p className="mb-3 text-ink-soft">
        No process with the role scrubber took its turn within the last minute: nothing is being looked at.
      </p>
    )
  const days = Number(settings.intervalDays)
  const perSecond = Number(settings.bytesPerSecond)
  return (
    <p className="mb-3 text-ink-soft">
      {settings.closeness === 'facts'
        ? 'Asks for length, identity and trusted digests of every copy'
        : 'Reads every copy to its end'}
      {Number.isFinite(days) ? `, each every ${formatDuration(days * DAY_MS)} of the model clock` : ''}
      {Number.isFinite(perSecond) ? `, at up to ${formatBytes(perSecond)} per second` : ''}.
    </p>
  )
}

function Figures({ scrub }: { scrub: ScrubStatus }): ReactNode {
  const { badCopies, copies, dueCopies, oldestLookAt, quarantinedObjects, today } = scrub
  const budget = scrubBudget(scrub)
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(140px,1fr))] gap-x-6 gap-y-3">
      <Figure name="Looked at today" note={formatBytes(today.bytes)}>
        {formatCount(today.copies)} <span className="text-sm font-normal">copies</span>
      </Figure>
      <Figure
        name="Spent today"
        note={
          <>
            {budget.note}
            {budget.share === null ? null : (
              <span className="mt-1 block max-w-36">
                <Progress share={budget.share} label={budget.note} />
              </span>
            )}
          </>
        }
      >
        {formatUsd(today.usd)}
      </Figure>
      <Figure
        name="Unchecked for longest"
        note={
          copies === 0
            ? 'there is no copy yet'
            : oldestLookAt === null
              ? 'a copy nobody looked at'
              : 'since its last proof'
        }
      >
        {oldestLookAt === null ? copies === 0 ? '–' : 'never' : <Moment at={oldestLookAt} clock="model" />}
      </Figure>
      <Figure name="Due now" note={`of ${formatCount(copies)} copies`}>
        {formatCount(dueCopies)}
        {dueCopies >= DUE_COUNTED_MAX ? ' or more' : ''}
      </Figure>
      <Figure name="Bad, not rebuilt yet" note={badCopies === 0 ? 'nothing to repair' : 'repairs go first'}>
        <span className={badCopies === 0 ? '' : 'text-alarm'}>{formatCount(badCopies)}</span>
      </Figure>
      <Figure
        name="Quarantined objects"
        note={
          quarantinedObjects === 0 ? (
            'all have a good copy'
          ) : (
            <PathLink to={paths.objects({ state: 'quarantined' })}>Show the evidence</PathLink>
          )
        }
      >
        <span className={quarantinedObjects === 0 ? '' : 'text-alarm'}>
          {formatCount(quarantinedObjects)}
          {quarantinedObjects >= QUARANTINED_COUNTED_MAX ? ' or more' : ''}
        </span>
      </Figure>
    </dl>
  )
}

function Days({ scrub }: { scrub: ScrubStatus }): ReactNode {
  const { days, today } = scrub
  if (days.length === 0)
    return <p className="mt-4 border-t border-line pt-3 text-ink-soft">Nothing was looked at yet.</p>
  return (
    <div className="mt-4 grid grid-cols-[minmax(200px,1fr)_2fr] gap-x-8 gap-y-3 border-t border-line pt-3 max-md:grid-cols-1">
      <div>
        <h3 className="mb-1.5 text-xs text-ink-faint">Verdicts of today</h3>
        {today.copies === 0 ? <p className="text-ink-soft">None yet.</p> : null}
        <ul className="grid grid-cols-[auto_auto_1fr] gap-x-2 gap-y-1">
          {verdictParts(today.verdicts).map(({ alarming, copies, meaning, name }) => {
            const loud = alarming ? 'font-semibold text-alarm' : ''
            return (
              <li key={name} className="contents">
                <span className={`text-right tabular-nums ${loud}`}>{formatCount(copies)}</span>
                <span className={loud}>{name}</span>
                <span className="min-w-0 text-ink-faint">{meaning}</span>
              </li>
            )
          })}
        </ul>
      </div>
      <div className="min-w-0">
        <h3 className="mb-1.5 text-xs text-ink-faint">
          Copies per day{days.length === 1 ? '' : `, ${days.length} days`}
        </h3>
        <DailyBars
          days={days.toReversed().map(({ day, copies }) => ({ day, value: copies }))}
          label={`Copies looked at per day; today ${formatCount(today.copies)}`}
          describe={({ day, value }) => {
            const told = days.find(each => each.day === day)
            const bad = verdictParts(told?.verdicts ?? {}).filter(part => part.alarming)
            const badText = bad.map(part => `, ${formatCount(part.copies)} ${part.name}`).join('')
            return `${day}: ${formatCount(value)} copies, ${formatUsd(told?.usd ?? 0)}${badText}`
          }}
        />
      </div>
    </div>
  )
}

function PauseScrub({ isPaused }: { isPaused: boolean }): ReactNode {
  const [asking, setAsking] = useState(false)
  const viewerReason = useViewerReason()
  const pausing = useAct({
    act: pauseScrub,
    done: () => ({ title: 'The scrubber is paused.' }),
    stale: ['scrub'],
    onDone: () => setAsking(false),
  })
  const starting = useAct({
    act: startScrub,
    done: () => ({ title: 'The scrubber goes on.' }),
    stale: ['scrub'],
  })
  if (isPaused)
    return (
      <Button
        size="small"
        icon="play"
        busy={starting.busy}
        disabledReason={viewerReason}
        onClick={() => starting.act(undefined)}
      >
        Go on
      </Button>
    )
  return (
    <>
      <Button size="small" icon="pause" disabledReason={viewerReason} onClick={() => setAsking(true)}>
        Pause
      </Button>
      <ReasonDialog
        open={asking}
        onOpenChange={setAsking}
        title="Pause the scrubber everywhere?"
        facts={{
          Copies: 'No more are looked at until somebody lets it go on; rot is found later.',
          Repairs: 'of copies already found bad go on',
          Undo: 'Go on; it begins with the copy unchecked for longest.',
        }}
        reasonIsOptional
        verb="Pause"
        busy={pausing.busy}
        onConfirm={pausing.act}
      />
    </>
  )
}
