import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type OrphanFilters, orphanSumsQuery, orphansQuery } from '../api/queries.ts'
import type { Orphan, OrphanSum } from '../api/types.ts'
import { formatBytes, formatCount, formatUsd, UNKNOWN } from '../format/quantity.ts'
import { Badge } from '../ui/Badge.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Choice } from '../ui/Field.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Figure } from './Figure.tsx'
import { Moment } from './Moment.tsx'
import { ledgerTotals } from './orphan-sums.ts'
import { QueryError } from './QueryError.tsx'
import { ORPHAN_KINDS, ORPHAN_STATES } from './upkeep-words.ts'
import { useInfinite } from './use-infinite.ts'

interface OrphanPanelProps {
  readonly filters: OrphanFilters
  readonly onFilters: (filters: OrphanFilters) => void
  /** The orphan whose details are open. */
  readonly openId: string | undefined
  readonly onOpen: (id: string) => void
}

/** The ledger of bytes that no reader reaches through us: what they add up to, then each with what is to become of it. */
export function OrphanPanel({ filters, onFilters, openId, onOpen }: OrphanPanelProps): ReactNode {
  const orphans = useInfinite(orphansQuery(filters))
  const sums = useQuery(orphanSumsQuery)
  const filtered = Object.values(filters).some(value => value !== undefined && value !== '')
  return (
    <Panel title="Orphans" aside="Bytes that no reader reaches through us; USD per month, list prices" flush>
      <Sums sums={sums.data} />
      <div className="flex flex-wrap items-end gap-2 px-4 pb-3">
        <Choice
          label="Kind of orphan"
          value={filters.kind ?? ''}
          onValue={kind => onFilters({ ...filters, kind })}
          options={[
            ['', 'Any kind'],
            ...Object.entries(ORPHAN_KINDS).map(([kind, { name }]) => [kind, name] as const),
          ]}
        />
        <Choice
          label="State of the orphan"
          value={filters.state ?? ''}
          onValue={state => onFilters({ ...filters, state })}
          options={[
            ['', 'Any state'],
            ...Object.entries(ORPHAN_STATES).map(([state, [name]]) => [state, name] as const),
          ]}
        />
      </div>
      {orphans.error !== null && orphans.rows === undefined ? (
        <div className="p-4">
          <QueryError error={orphans.error} onRetry={orphans.retry} />
        </div>
      ) : (
        <DataTable
          label="Orphans"
          columns={COLUMNS}
          rows={orphans.rows}
          rowKey={row => row.id}
          skeletonRows={3}
          height="max(300px, calc(100dvh - 420px))"
          onNearEnd={orphans.onNearEnd}
          loadingMore={orphans.loadingMore}
          isSelected={row => row.id === openId}
          onOpen={row => onOpen(row.id)}
          empty={
            filtered ? (
              <EmptyState title="No orphan matches">Choose other filters to see more.</EmptyState>
            ) : (
              <EmptyState title="No orphans are known">
                Comparisons enter here what lies in stores and no reader can reach through us.
              </EmptyState>
            )
          }
        />
      )}
    </Panel>
  )
}

function Sums({ sums }: { sums: readonly OrphanSum[] | undefined }): ReactNode {
  const totals = ledgerTotals(sums ?? [])
  if (totals.all.orphans === 0) return null
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(120px,1fr))] gap-x-6 gap-y-3 px-4 pt-1 pb-4">
      <Figure name="All" note={`${formatBytes(totals.all.bytes)}, ${formatCount(totals.all.orphans)} places`}>
        {formatUsd(totals.all.monthlyUsd)}
      </Figure>
      {totals.kinds.map(({ kind, bytes, monthlyUsd, orphans }) => (
        <Figure
          key={kind}
          name={ORPHAN_KINDS[kind].name}
          note={`${formatBytes(bytes)}, ${formatCount(orphans)} ${orphans === 1 ? 'place' : 'places'}`}
        >
          {formatUsd(monthlyUsd)}
        </Figure>
      ))}
      <Figure name="Waiting for a decision" note={`${formatCount(totals.undecided.orphans)} places`}>
        {formatUsd(totals.undecided.monthlyUsd)}
      </Figure>
    </dl>
  )
}

const COLUMNS: readonly Column<Orphan>[] = [
  {
    id: 'key',
    head: 'Where',
    track: 'minmax(120px, 1fr)',
    cell: row => (
      <span className="font-mono text-xs" title={`${row.store.name}: ${row.container}/${row.nativeKey}`}>
        <span className="text-ink-faint @max-[700px]:hidden">{row.container}/</span>
        {row.nativeKey}
      </span>
    ),
  },
  {
    id: 'kind',
    head: 'Kind',
    track: '76px',
    fromWidth: 'sm',
    cell: row => <span title={ORPHAN_KINDS[row.kind].meaning}>{ORPHAN_KINDS[row.kind].name}</span>,
  },
  {
    id: 'state',
    head: 'State',
    track: '96px',
    cell: row => {
      const [word, tone] = ORPHAN_STATES[row.state]
      return <Badge tone={tone}>{word}</Badge>
    },
  },
  {
    id: 'location',
    head: 'Location',
    track: 'minmax(90px, 130px)',
    fromWidth: 'lg',
    cell: row => row.location?.name ?? row.store.name,
  },
  { id: 'bytes', head: 'Bytes', track: '84px', align: 'end', cell: row => formatBytes(row.bytes) },
  {
    id: 'usd',
    head: 'Per month',
    track: '108px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => (row.monthlyUsd === null ? UNKNOWN : formatUsd(row.monthlyUsd)),
  },
  {
    id: 'since',
    head: 'First seen',
    track: '96px',
    align: 'end',
    fromWidth: 'md',
    cell: row => <Moment at={row.firstSeenAt} />,
  },
]
