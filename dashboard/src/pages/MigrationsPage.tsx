import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { bucketsQuery, type MigrationFilters, migrationsQuery, overviewQuery } from '../api/queries.ts'
import type { Migration } from '../api/types.ts'
import { MigrationBadge, migrationStateName } from '../components/MigrationBadge.tsx'
import { MigrationDrawer } from '../components/MigrationDrawer.tsx'
import { Moment } from '../components/Moment.tsx'
import { migrationShare } from '../components/migration-progress.ts'
import { PageHead } from '../components/PageHead.tsx'
import { useGo } from '../components/PathLink.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { QueuePanel } from '../components/QueuePanel.tsx'
import { RouteMark } from '../components/RouteMark.tsx'
import { StopAllButton } from '../components/StopAll.tsx'
import { useHeldRows } from '../components/use-held-rows.ts'
import { useInfinite } from '../components/use-infinite.ts'
import { formatBytes, formatCount, formatShare, formatUsdChange } from '../format/quantity.ts'
import { formatDuration, instantOf } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Choice } from '../ui/Field.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Segments } from '../ui/Segments.tsx'

/** The stream says when something changed; bytes copied change in between. */
const REFRESH_EVERY_MS = 2_000

export interface MigrationsSearch extends MigrationFilters {
  readonly open?: string
}

const STATES: readonly Migration['state'][] = [
  'planned',
  'waiting-restore',
  'copying',
  'copied',
  'verifying',
  'verified',
  'switched',
  'grace',
  'deleting-source',
  'done',
  'aborted',
  'quarantined',
  'retained',
  'rolled-back',
]

/** What moves now, what moved, what failed; one of them in a drawer. */
export function MigrationsPage({ search }: { search: MigrationsSearch }): ReactNode {
  const { open, ...filters } = search
  const go = useGo()
  const [paused, setPaused] = useState(false)
  const [away, setAway] = useState(false)
  const overview = useQuery(overviewQuery)
  const migrations = useInfinite(migrationsQuery(filters), { refetchEveryMs: REFRESH_EVERY_MS })
  const held = useHeldRows(migrations.rows, keyOf, paused || away)
  return (
    <>
      <PageHead
        title="Migrations"
        actions={
          <>
            {overview.data === undefined ? null : <StopAllButton migrations={overview.data.migrations} />}
            {held.waiting === 0 ? null : (
              <span role="status" className="text-xs text-ink-faint">
                {formatCount(held.waiting)} new above
              </span>
            )}
            <Button icon={paused ? 'play' : 'pause'} pressed={paused} onClick={() => setPaused(now => !now)}>
              {paused ? 'Paused: go on' : 'Pause the list'}
            </Button>
          </>
        }
      >
        <NowLine />
      </PageHead>
      <QueuePanel />
      <FilterBar filters={filters} />
      {migrations.error !== null && migrations.rows === undefined ? (
        <QueryError error={migrations.error} onRetry={migrations.retry} />
      ) : (
        <Panel flush className={migrations.isPrevious ? 'opacity-60' : ''}>
          <DataTable
            label="Migrations"
            columns={COLUMNS}
            rows={held.rows}
            rowKey={keyOf}
            height="max(320px, calc(100dvh - 380px))"
            onNearEnd={migrations.onNearEnd}
            loadingMore={migrations.loadingMore}
            onScrolledAway={setAway}
            isSelected={row => row.id === open}
            onOpen={row =>
              go(paths.migrations({ ...filters, open: row.id }), { replace: open !== undefined })
            }
            empty={<Empty filtered={Object.keys(filters).length > 0} />}
          />
        </Panel>
      )}
      <MigrationDrawer id={open ?? null} onClose={() => go(paths.migrations(filters))} />
    </>
  )
}

function keyOf(row: Migration): string {
  return row.id
}

function NowLine(): ReactNode {
  const { data } = useQuery(overviewQuery)
  if (data === undefined) return 'Loading…'
  const { inFlight, unfinished, doneLastHour, failedLastHour, quarantined } = data.migrations
  const parts = [
    `${formatCount(inFlight)} in flight`,
    `${formatCount(unfinished)} unfinished`,
    `${formatCount(doneLastHour)} done in the last hour`,
    failedLastHour > 0 ? `${formatCount(failedLastHour)} failed in the last hour` : '',
    quarantined > 0 ? `${formatCount(quarantined)} quarantined` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function FilterBar({ filters }: { filters: MigrationFilters }): ReactNode {
  const go = useGo()
  const buckets = useQuery(bucketsQuery)
  const change = (part: MigrationFilters) => go(paths.migrations({ ...filters, ...part }), { replace: true })
  return (
    <div className="mb-3 flex flex-wrap items-end gap-2">
      <Segments
        label="Which migrations"
        value={filters.active ?? ''}
        onValue={active => change({ active, state: '' })}
        options={[
          { value: '', shown: 'All' },
          { value: 'true', shown: 'Unfinished' },
          { value: 'false', shown: 'Finished' },
        ]}
      />
      <Choice
        label="State"
        value={filters.state ?? ''}
        onValue={state => change({ state, active: '' })}
        options={[['', 'Any state'], ...STATES.map(state => [state, migrationStateName(state)] as const)]}
      />
      <Choice
        label="Direction"
        value={filters.direction ?? ''}
        onValue={direction => change({ direction })}
        options={[
          ['', 'Any direction'],
          ['promotion', 'To a hotter tier'],
          ['demotion', 'To a colder tier'],
          ['lateral', 'Within a tier'],
        ]}
      />
      <Choice
        label="Bucket"
        value={filters.bucket ?? ''}
        onValue={bucket => change({ bucket })}
        options={[['', 'Any bucket'], ...(buckets.data ?? []).map(({ name }) => [name, name] as const)]}
      />
      {filters.overdue === undefined ? null : (
        <Button variant="quiet" icon="close" onClick={() => change({ overdue: '' })}>
          Past their deadline only
        </Button>
      )}
      {filters.planId === undefined ? null : (
        <Button variant="quiet" icon="close" onClick={() => change({ planId: '' })}>
          One plan only
        </Button>
      )}
    </div>
  )
}

const COLUMNS: readonly Column<Migration>[] = [
  {
    id: 'state',
    head: 'State',
    track: 'minmax(96px, 124px)',
    cell: row => <MigrationBadge migration={row} />,
  },
  {
    id: 'progress',
    head: 'Progress',
    track: '110px',
    fromWidth: 'md',
    cell: row => <HowFar migration={row} />,
  },
  {
    id: 'key',
    head: 'Object',
    track: 'minmax(110px, 1fr)',
    cell: row => (
      <span className="font-mono text-xs" title={`${row.bucket}/${row.key}`}>
        <span className="text-ink-faint @max-[520px]:hidden">{row.bucket}/</span>
        {row.key}
        {row.overdue ? <span className="ml-2 font-sans font-medium text-alarm">overdue</span> : null}
      </span>
    ),
  },
  {
    id: 'route',
    head: 'From, to',
    track: 'minmax(92px, 252px)',
    narrowTrack: '92px',
    cell: row => <RouteMark from={row.source} to={row.target} />,
  },
  {
    id: 'size',
    head: 'Size',
    track: '88px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => formatBytes(row.size),
  },
  {
    id: 'saving',
    head: 'Saves / month',
    track: '112px',
    align: 'end',
    fromWidth: 'lg',
    cell: row => (row.monthlySavingUsd === null ? '–' : formatUsdChange(row.monthlySavingUsd)),
  },
  {
    id: 'when',
    head: 'Changed',
    track: '100px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => <Moment at={row.finishedAt ?? row.startedAt ?? row.createdAt} />,
  },
]

/** How far it is while it moves; how long it took when it is over. */
function HowFar({ migration }: { migration: Migration }): ReactNode {
  const from = instantOf(migration.startedAt)
  const to = instantOf(migration.finishedAt)
  if (to !== null) {
    return (
      <span className="text-ink-faint">
        {from === null ? 'never started' : `took ${formatDuration(to - from)}`}
      </span>
    )
  }
  const share = migrationShare(migration)
  return <Progress share={share} label={`${formatShare(share)} done`} />
}

function Empty({ filtered }: { filtered: boolean }): ReactNode {
  if (filtered) return <EmptyState title="No migration matches">Choose other filters to see more.</EmptyState>
  return (
    <EmptyState title="Nothing was moved yet" command="dim plan list">
      Approve a plan, or let a policy apply its plans within caps.
    </EmptyState>
  )
}
