import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { resumeMigrations, stopMigrations } from '../api/actions.ts'
import { overviewQuery } from '../api/queries.ts'
import type { Overview } from '../api/types.ts'
import { formatBytes, formatCount } from '../format/quantity.ts'
import { Button } from '../ui/Button.tsx'
import { ConfirmDialog } from './ConfirmDialog.tsx'
import { Moment } from './Moment.tsx'
import { ReasonDialog } from './ReasonDialog.tsx'
import { useViewerReason } from './session.tsx'
import { useAct } from './use-act.ts'

const STALE = ['overview', 'migrations', 'migration', 'plan-status']

/** The switch that stops every migration everywhere. Not shown while they are stopped: the banner ends that. */
export function StopAllButton({ migrations }: { migrations: Overview['migrations'] }): ReactNode {
  const [asking, setAsking] = useState(false)
  const viewerReason = useViewerReason()
  const { act, busy } = useAct({
    act: stopMigrations,
    done: () => ({ title: 'All migrations are stopping.', description: 'Running ones rest within seconds.' }),
    stale: STALE,
    onDone: () => setAsking(false),
  })
  if (migrations.stop !== null) return null
  return (
    <>
      <Button variant="alarm" icon="pause" disabledReason={viewerReason} onClick={() => setAsking(true)}>
        Stop all migrations
      </Button>
      <ReasonDialog
        open={asking}
        onOpenChange={setAsking}
        title="Stop every migration, everywhere?"
        facts={{
          'In flight': `${formatCount(migrations.inFlight)} objects rest at their next step`,
          Waiting: `${formatCount(migrations.left.migrations)} objects, ${formatBytes(migrations.left.bytes)}`,
          Deletions: 'of old copies and leftovers rest, too',
          Readers: 'notice nothing: every object is read where it is',
          Undo: 'Resume all; each migration goes on where it was.',
        }}
        verb="Stop everything"
        alarming
        busy={busy}
        onConfirm={act}
      />
    </>
  )
}

/** Says on every page that everything is stopped, since when, by whom and why; and ends it. */
export function StopBanner(): ReactNode {
  const { data } = useQuery(overviewQuery)
  const [asking, setAsking] = useState(false)
  const viewerReason = useViewerReason()
  const { act, busy } = useAct({
    act: resumeMigrations,
    done: () => ({ title: 'Migrations go on.' }),
    stale: STALE,
    onDone: () => setAsking(false),
  })
  const stop = data?.migrations.stop ?? null
  if (stop === null || data === undefined) return null
  return (
    <div
      role="status"
      className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-alarm bg-alarm-soft px-6 py-2 max-sm:px-3"
    >
      <p className="min-w-0 break-words">
        <strong className="font-semibold text-alarm">All migrations are stopped</strong>{' '}
        <span className="text-ink-soft">
          (<Moment at={stop.at} />, by {stop.principal}): {stop.reason}
        </span>
      </p>
      <Button size="small" disabledReason={viewerReason} onClick={() => setAsking(true)}>
        Resume all
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Let migrations go on?"
        facts={{
          'Stopped because': stop.reason,
          Waiting: `${formatCount(data.migrations.left.migrations)} objects, ${formatBytes(data.migrations.left.bytes)}`,
          Paused: 'What is paused by itself, with its store or its plan stays paused.',
          Undo: 'Stop all again.',
        }}
        verb="Resume all"
        busy={busy}
        onConfirm={() => act(undefined)}
      />
    </div>
  )
}
