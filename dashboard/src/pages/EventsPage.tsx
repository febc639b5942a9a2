import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { replayDeadLetter } from '../api/actions.ts'
import { deadLettersQuery, eventLagQuery, eventTailQuery } from '../api/queries.ts'
import type { AccessEvent, DeadLetter, EventLag } from '../api/types.ts'
import { Moment } from '../components/Moment.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink } from '../components/PathLink.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { useSession } from '../components/session.tsx'
import { useAct } from '../components/use-act.ts'
import { useInfinite } from '../components/use-infinite.ts'
import { formatBytes, formatCount, UNKNOWN } from '../format/quantity.ts'
import { formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Panel } from '../ui/Panel.tsx'

const TAIL_HEIGHT = 'max(300px, calc(100dvh - 470px))'

/** What is being read and written now, how late we hear of it, and what we could not understand. */
export function EventsPage(): ReactNode {
  const { role } = useSession()
  return (
    <>
      <PageHead title="Events">Every access leaves an event; events make heat.</PageHead>
      <div className="grid grid-cols-12 gap-4">
        <Tail />
        <Lag />
        {role === 'viewer' ? <HiddenDeadLetters /> : <DeadLetters />}
      </div>
    </>
  )
}

function Tail(): ReactNode {
  const [paused, setPaused] = useState(false)
  const { data, error, refetch } = useQuery(eventTailQuery(!paused))
  const numbered = useNumberedEvents(data?.items)
  return (
    <Panel
      title={paused ? 'Live tail, paused' : 'Live tail'}
      className="col-span-8 max-lg:col-span-12"
      flush
      aside={
        <Button
          size="small"
          icon={paused ? 'play' : 'pause'}
          pressed={paused}
          onClick={() => setPaused(now => !now)}
        >
          {paused ? 'Go on' : 'Pause'}
        </Button>
      }
    >
      {error !== null && data === undefined ? (
        <div className="p-4">
          <QueryError error={error} onRetry={() => void refetch()} />
        </div>
      ) : (
        <DataTable
          label="Newest accesses"
          columns={TAIL_COLUMNS}
          rows={numbered}
          rowKey={row => row.rowKey}
          height={TAIL_HEIGHT}
          empty={
            <EmptyState title="No access was heard yet" command="dim traffic --help">
              Read something through the gateway, or let traffic run.
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}

type NumberedEvent = AccessEvent & { readonly rowKey: string }

/** Events have no id of their own; equal ones are told apart by how many of them came before. */
function useNumberedEvents(events: readonly AccessEvent[] | undefined): readonly NumberedEvent[] | undefined {
  const before = useRef<{ from: readonly AccessEvent[]; numbered: readonly NumberedEvent[] } | null>(null)
  if (events === undefined) return undefined
  if (before.current?.from !== events) {
    const seen = new Map<string, number>()
    const numbered = events
      .toReversed()
      .map(event => {
        const identity = `${event.objectId} ${event.at} ${event.operation} ${event.bytes}`
        const count = (seen.get(identity) ?? 0) + 1
        seen.set(identity, count)
        return { ...event, rowKey: `${identity} ${count}` }
      })
      .toReversed()
    before.current = { from: events, numbered }
  }
  return before.current.numbered
}

const TAIL_COLUMNS: readonly Column<NumberedEvent>[] = [
  { id: 'at', head: 'When', track: '96px', cell: row => <Moment at={row.at} clock="model" /> },
  { id: 'operation', head: 'What', track: '60px', cell: row => row.operation },
  {
    id: 'object',
    head: 'Object',
    track: 'minmax(130px, 1fr)',
    cell: row =>
      row.bucket === null || row.key === null ? (
        <span className="text-ink-faint">gone from the catalog</span>
      ) : (
        <PathLink to={paths.object(row.bucket, row.key)} className="font-mono text-xs hover:underline">
          {`${row.bucket}/${row.key}`}
        </PathLink>
      ),
  },
  { id: 'bytes', head: 'Bytes', track: '88px', align: 'end', cell: row => formatBytes(row.bytes) },
  { id: 'reader', head: 'Reader', track: '100px', fromWidth: 'sm', cell: row => row.readerClass },
  {
    id: 'location',
    head: 'Served from',
    track: 'minmax(84px, 110px)',
    fromWidth: 'md',
    cell: row => row.location ?? UNKNOWN,
  },
]

function Lag(): ReactNode {
  const { data, error } = useQuery(eventLagQuery)
  return (
    <Panel
      title="Lag by partition"
      className="col-span-4 max-lg:col-span-12"
      flush
      aside={
        data === undefined
          ? ''
          : `${formatDuration(data.lagSeconds * 1000)}, ${formatCount(data.lagMessages)} waiting`
      }
    >
      {error !== null && data === undefined ? (
        <div className="p-4">
          <QueryError error={error} />
        </div>
      ) : (
        <DataTable
          label="Lag by partition"
          columns={LAG_COLUMNS}
          rows={data?.partitions}
          skeletonRows={4}
          rowKey={row => `${row.source} ${row.partition}`}
          height={TAIL_HEIGHT}
          empty={
            <EmptyState title="Nobody reads the event log" command="dim serve --roles ingest">
              The ingest role turns events into counters and heat.
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}

const LAG_COLUMNS: readonly Column<EventLag['partitions'][number]>[] = [
  {
    id: 'partition',
    head: 'Partition',
    track: 'minmax(90px, 1fr)',
    cell: row => `${row.source} ${row.partition}`,
  },
  { id: 'waiting', head: 'Waiting', track: '64px', align: 'end', cell: row => formatCount(row.lagMessages) },
  {
    id: 'applied',
    head: 'Applied',
    track: '84px',
    align: 'end',
    cell: row => formatCount(row.eventsApplied),
  },
  {
    id: 'last',
    head: 'Last',
    track: '84px',
    align: 'end',
    cell: row =>
      row.owner === null ? <span className="text-alarm">no reader</span> : <Moment at={row.lastAppliedAt} />,
  },
]

function HiddenDeadLetters(): ReactNode {
  return (
    <Panel title="Could not be understood" className="col-span-12">
      <p className="text-ink-soft">
        What arrived malformed may hold anything, so only operators and administrators see it.
      </p>
    </Panel>
  )
}

function DeadLetters(): ReactNode {
  const letters = useInfinite(deadLettersQuery)
  return (
    <Panel title="Could not be understood" className="col-span-12" flush>
      {letters.error !== null && letters.rows === undefined ? (
        <div className="p-4">
          <QueryError error={letters.error} onRetry={letters.retry} />
        </div>
      ) : (
        <DataTable
          label="Events that could not be understood"
          columns={DEAD_COLUMNS}
          rows={letters.rows}
          skeletonRows={2}
          rowKey={row => row.id}
          height="320px"
          onNearEnd={letters.onNearEnd}
          loadingMore={letters.loadingMore}
          empty={
            <EmptyState title="Every event was understood">
              Malformed ones would be kept here with the reason.
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}

const DEAD_COLUMNS: readonly Column<DeadLetter>[] = [
  { id: 'at', head: 'Received', track: '100px', cell: row => <Moment at={row.receivedAt} /> },
  { id: 'source', head: 'Source', track: '110px', fromWidth: 'md', cell: row => row.source },
  {
    id: 'reason',
    head: 'Why not',
    track: 'minmax(130px, 1fr)',
    cell: row => <span title={row.reason}>{row.reason}</span>,
  },
  {
    id: 'payload',
    head: 'What arrived',
    track: 'minmax(120px, 1.4fr)',
    fromWidth: 'sm',
    cell: row => (
      <code className="font-mono text-xs" title={row.payload.slice(0, 2_000)}>
        {row.payload.slice(0, 200)}
      </code>
    ),
  },
  {
    id: 'size',
    head: 'Bytes',
    track: '80px',
    align: 'end',
    fromWidth: 'md',
    cell: row => formatBytes(row.payloadBytes),
  },
  { id: 'replay', head: '', track: '92px', align: 'end', cell: row => <ReplayButton letter={row} /> },
]

function ReplayButton({ letter }: { letter: DeadLetter }): ReactNode {
  const { act, busy } = useAct({
    act: () => replayDeadLetter(letter.id),
    done: () => ({
      title: 'Replayed',
      description: 'It is read again; it comes back here if it is still not understood.',
    }),
    stale: ['dead-letters', 'overview'],
  })
  return (
    <Button
      size="small"
      busy={busy}
      disabledReason={letter.replayedAt === null ? null : 'It was replayed already.'}
      onClick={() => act(undefined)}
    >
      Replay
    </Button>
  )
}
