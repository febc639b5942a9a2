import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { bucketsQuery, locationsQuery, type ObjectFilters, objectsQuery } from '../api/queries.ts'
import { type ObjectSummary, TIERS } from '../api/types.ts'
import { TIER_PAINT } from '../charts/tier-paint.ts'
import { HeatScore, HeatSparkline } from '../components/HeatCell.tsx'
import { Moment } from '../components/Moment.tsx'
import { ObjectDrawer } from '../components/ObjectDrawer.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { useGo } from '../components/PathLink.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { TierMark } from '../components/TierMark.tsx'
import { useInfinite } from '../components/use-infinite.ts'
import { formatBytes, formatCount } from '../format/quantity.ts'
import { parseObjectAddress, paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Choice, Field } from '../ui/Field.tsx'
import { Panel } from '../ui/Panel.tsx'

/** Typing is followed by a search after this pause. */
const TYPING_PAUSE_MS = 250
const REFRESH_EVERY_MS = 15_000

export interface ObjectsSearch extends ObjectFilters {
  readonly open?: string
}

/** Every object, found by key, bucket, tier, place and state; one of them in a drawer. */
export function ObjectsPage({ search }: { search: ObjectsSearch }): ReactNode {
  const { open, ...filters } = search
  const go = useGo()
  const objects = useInfinite(objectsQuery(filters), { refetchEveryMs: REFRESH_EVERY_MS })
  const opened = open === undefined ? null : parseObjectAddress(open)
  const filtered = Object.keys(filters).some(name => name !== 'sort')
  return (
    <>
      <PageHead title="Objects">{countLine(objects.rows, objects.hasMore)}</PageHead>
      <ObjectFilterBar filters={filters} filtered={filtered} />
      {objects.error !== null && (
        <div className="mb-3">
          <QueryError error={objects.error} onRetry={objects.retry} />
        </div>
      )}
      {objects.error !== null && objects.rows === undefined ? null : (
        <Panel flush className={objects.isPrevious ? 'opacity-60' : ''}>
          <DataTable
            label="Objects"
            columns={COLUMNS}
            rows={objects.rows}
            rowKey={row => row.id}
            height="calc(100dvh - 210px)"
            onNearEnd={objects.onNearEnd}
            loadingMore={objects.loadingMore}
            isSelected={row => opened !== null && row.bucket === opened.bucket && row.key === opened.key}
            onOpen={row => go(paths.objects({ ...filters, open: row }), { replace: opened !== null })}
            empty={filtered ? <NothingMatches /> : <NothingThere />}
          />
        </Panel>
      )}
      <ObjectDrawer address={opened} onClose={() => go(paths.objects(filters))} />
    </>
  )
}

const COLUMNS: readonly Column<ObjectSummary>[] = [
  {
    id: 'key',
    head: 'Key',
    track: 'minmax(130px, 1fr)',
    cell: row => (
      <span className="font-mono text-xs" title={`${row.bucket}/${row.key}`}>
        <span className="text-ink-faint @max-[520px]:hidden">{row.bucket}/</span>
        {row.key}
      </span>
    ),
  },
  {
    id: 'tier',
    head: 'Tier',
    track: '56px',
    cell: row => <TierMark tier={row.tier} />,
  },
  {
    id: 'location',
    head: 'Location',
    track: 'minmax(100px, 160px)',
    fromWidth: 'md',
    cell: row => row.location?.name ?? '–',
  },
  {
    id: 'state',
    head: 'State',
    track: '104px',
    fromWidth: 'lg',
    cell: row =>
      row.state === 'settled' ? (
        <span className="text-ink-faint">settled</span>
      ) : (
        <Badge tone={row.state === 'quarantined' ? 'alarm' : 'active'}>{row.state}</Badge>
      ),
  },
  { id: 'size', head: 'Size', track: '92px', align: 'end', cell: row => formatBytes(row.size) },
  {
    id: 'heat',
    head: 'Heat',
    track: 'minmax(56px, 116px)',
    align: 'end',
    cell: row => <HeatScore score={row.heat.score} />,
  },
  {
    id: 'spark',
    head: 'Reads, 30 days',
    track: '116px',
    fromWidth: 'md',
    cell: row => <HeatSparkline object={row} />,
  },
  {
    id: 'lastAccess',
    head: 'Last access',
    track: '104px',
    align: 'end',
    fromWidth: 'sm',
    cell: row =>
      row.heat.lastAccessAt === null ? 'never' : <Moment at={row.heat.lastAccessAt} clock="model" />,
  },
]

const SORTS = [
  ['', 'By key'],
  ['heat', 'Hottest first'],
  ['size', 'Largest first'],
  ['lastAccess', 'Read last first'],
] as const
const STATES = [
  ['', 'Any state'],
  ['settled', 'Settled'],
  ['migrating', 'Migrating'],
  ['pinned', 'Pinned'],
  ['quarantined', 'Quarantined'],
] as const

function ObjectFilterBar({ filters, filtered }: { filters: ObjectFilters; filtered: boolean }): ReactNode {
  const go = useGo()
  const buckets = useQuery(bucketsQuery)
  const locations = useQuery(locationsQuery)
  const [prefix, setPrefix] = useState(filters.prefix ?? '')
  const change = (part: ObjectFilters) => go(paths.objects({ ...filters, ...part }), { replace: true })
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts a search
  useEffect(() => {
    if (prefix === (filters.prefix ?? '')) return
    const timer = setTimeout(() => change({ prefix }), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [prefix])
  useEffect(() => setPrefix(filters.prefix ?? ''), [filters.prefix])
  return (
    <div className="mb-3 flex flex-wrap items-end gap-2">
      <Field
        label="Start of the key"
        placeholder="Start of the key"
        type="search"
        className="min-w-0 max-sm:w-full sm:w-64"
        value={prefix}
        onValue={setPrefix}
      />
      <Choice
        label="Bucket"
        value={filters.bucket ?? ''}
        onValue={bucket => change({ bucket })}
        options={[['', 'Any bucket'], ...(buckets.data ?? []).map(({ name }) => [name, name] as const)]}
      />
      <Choice
        label="Tier"
        value={filters.tier ?? ''}
        onValue={tier => change({ tier })}
        options={[['', 'Any tier'], ...TIERS.map(tier => [tier, TIER_PAINT[tier].name] as const)]}
      />
      <Choice
        label="Location"
        value={filters.location ?? ''}
        onValue={location => change({ location })}
        options={[['', 'Any location'], ...(locations.data ?? []).map(({ name }) => [name, name] as const)]}
      />
      <Choice
        label="State"
        value={filters.state ?? ''}
        onValue={state => change({ state })}
        options={STATES}
      />
      <Choice label="Order" value={filters.sort ?? ''} onValue={sort => change({ sort })} options={SORTS} />
      {filtered ? (
        <Button variant="quiet" icon="close" onClick={() => go(paths.objects({}), { replace: true })}>
          Clear
        </Button>
      ) : null}
    </div>
  )
}

function NothingMatches(): ReactNode {
  return (
    <EmptyState title="No object matches">
      Keys are matched from their first letter, exactly as written. Clear a filter to see more.
    </EmptyState>
  )
}

function NothingThere(): ReactNode {
  return (
    <EmptyState title="No objects yet" command="dim import --help">
      Import what already lies in a container, or write through the gateway.
    </EmptyState>
  )
}

function countLine(rows: readonly ObjectSummary[] | undefined, hasMore: boolean): string {
  if (rows === undefined) return 'Loading…'
  return `${formatCount(rows.length)}${hasMore ? ' loaded, more as you scroll' : rows.length === 1 ? ' object' : ' objects'}`
}
