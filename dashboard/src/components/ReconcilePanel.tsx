import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { startReconcile } from '../api/actions.ts'
import { locationsQuery, reconcileRunsQuery } from '../api/queries.ts'
import type { ReconcileRun } from '../api/types.ts'
import { formatBytes, formatCount } from '../format/quantity.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Choice } from '../ui/Field.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Facts } from './Facts.tsx'
import { Moment } from './Moment.tsx'
import { QueryError } from './QueryError.tsx'
import { useViewerReason } from './session.tsx'
import { RUN_STATES } from './upkeep-words.ts'
import { useAct } from './use-act.ts'
import { useInfinite } from './use-infinite.ts'

/** Counts grow while a run works, and nobody tells of each page. */
const REFRESH_EVERY_MS = 5_000

interface ReconcilePanelProps {
  /** The run whose findings are open. */
  readonly openId: string | undefined
  readonly onOpen: (id: string) => void
}

/** Comparisons of containers with the catalog, newest first; one opens with what it found. */
export function ReconcilePanel({ openId, onOpen }: ReconcilePanelProps): ReactNode {
  const runs = useInfinite(reconcileRunsQuery, { refetchEveryMs: REFRESH_EVERY_MS })
  return (
    <Panel
      title="Comparisons with the stores"
      aside={<StartButton onStarted={onOpen} />}
      flush
      className="mb-4"
    >
      {runs.error !== null && runs.rows === undefined ? (
        <div className="p-4">
          <QueryError error={runs.error} onRetry={runs.retry} />
        </div>
      ) : (
        <DataTable
          label="Comparisons with the stores"
          columns={COLUMNS}
          rows={runs.rows}
          rowKey={row => row.id}
          skeletonRows={3}
          height="330px"
          onNearEnd={runs.onNearEnd}
          loadingMore={runs.loadingMore}
          isSelected={row => row.id === openId}
          onOpen={row => onOpen(row.id)}
          empty={
            <EmptyState title="Nothing was compared yet" command="dim reconcile start --help">
              A comparison lists a container and says what the catalog does not know, misses or finds changed.
              Each container gets one by itself every reconcile.everyHours; it deletes nothing.
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}

function Found({ count, alarming = false }: { count: number; alarming?: boolean }): ReactNode {
  if (count === 0) return <span className="text-ink-faint">0</span>
  return <span className={alarming ? 'font-semibold text-alarm' : ''}>{formatCount(count)}</span>
}

const COLUMNS: readonly Column<ReconcileRun>[] = [
  {
    id: 'location',
    head: 'Location',
    track: 'minmax(96px, 1.4fr)',
    cell: row => (
      <span title={`${row.container}/${row.prefix}`}>
        {row.location.name} <span className="text-ink-faint @max-[700px]:hidden">{row.container}</span>
        {row.prefix === '' ? null : <span className="text-ink-faint">/{row.prefix}</span>}
      </span>
    ),
  },
  {
    id: 'state',
    head: 'State',
    track: '96px',
    cell: row => {
      const [word, tone] = RUN_STATES[row.state]
      return <Badge tone={tone}>{word}</Badge>
    },
  },
  {
    id: 'listed',
    head: 'Listed',
    track: '84px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => <span title={formatBytes(row.counts.listedBytes)}>{formatCount(row.counts.listed)}</span>,
  },
  {
    id: 'missing',
    head: 'Missing',
    track: '64px',
    align: 'end',
    cell: row => <Found count={row.counts.missing} alarming />,
  },
  {
    id: 'changed',
    head: 'Changed',
    track: '68px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => <Found count={row.counts.changed} alarming />,
  },
  {
    id: 'dark',
    head: 'Dark',
    track: '60px',
    align: 'end',
    cell: row => <Found count={row.counts.dark} />,
  },
  {
    id: 'forgotten',
    head: 'Forgotten',
    track: '80px',
    align: 'end',
    fromWidth: 'md',
    cell: row => <Found count={row.counts.forgotten} />,
  },
  {
    id: 'parts',
    head: 'Parts',
    track: '60px',
    align: 'end',
    fromWidth: 'md',
    cell: row => <Found count={row.counts.parts} />,
  },
  {
    id: 'asked',
    head: 'Asked by',
    track: 'minmax(110px, 1fr)',
    fromWidth: 'lg',
    cell: row => <span className="text-ink-faint">{row.principal}</span>,
  },
  {
    id: 'when',
    head: 'Started',
    track: '96px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => <Moment at={row.startedAt} />,
  },
]

function StartButton({ onStarted }: { onStarted: (id: string) => void }): ReactNode {
  const [asking, setAsking] = useState(false)
  const [chosen, setChosen] = useState('')
  const viewerReason = useViewerReason()
  const locations = useQuery(locationsQuery)
  const location = locations.data?.find(each => each.id === chosen) ?? locations.data?.[0]
  const { act, busy } = useAct({
    act: startReconcile,
    done: run => ({ title: `${run.location.name} is being compared.` }),
    stale: ['reconcile-runs', 'orphans'],
    onDone: run => {
      setAsking(false)
      onStarted(run.id)
    },
  })
  const nothing = location === undefined ? 'There is no location yet.' : null
  return (
    <>
      <Button size="small" disabledReason={viewerReason ?? nothing} onClick={() => setAsking(true)}>
        Compare now
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title="Compare a container with the catalog?">
        <Choice
          label="Location"
          labelShown
          value={location?.id ?? ''}
          onValue={setChosen}
          options={(locations.data ?? []).map(({ id, name }) => [id, name] as const)}
        />
        <Facts
          facts={{
            Container: location?.container ?? null,
            Costs: 'one listing request per 1,000 objects, and one for each that differs',
            Deletes: 'nothing; orphans are entered into the ledger and people decide',
            Readers: 'notice nothing, unless a copy turns out bad: then they get another one',
          }}
        />
        <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
          <Button onClick={() => setAsking(false)}>Leave as it is</Button>
          <Button variant="primary" busy={busy} onClick={() => location !== undefined && act(location.id)}>
            Compare
          </Button>
        </div>
      </Dialog>
    </>
  )
}
