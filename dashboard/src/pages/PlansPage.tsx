import type { ReactNode } from 'react'
import { plansQuery } from '../api/queries.ts'
import type { Plan } from '../api/types.ts'
import { Moment } from '../components/Moment.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { useGo } from '../components/PathLink.tsx'
import { PlanBadge } from '../components/PlanBadge.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { useInfinite } from '../components/use-infinite.ts'
import { formatBytes, formatCount, formatUsd, formatUsdChange } from '../format/quantity.ts'
import { formatDays } from '../format/time.ts'
import { paths } from '../paths.ts'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Segments } from '../ui/Segments.tsx'

const FILTERS = [
  { value: '', shown: 'All' },
  { value: 'proposed', shown: 'To decide' },
  { value: 'approved', shown: 'Approved' },
  { value: 'applied', shown: 'Applied' },
  { value: 'rejected', shown: 'Rejected' },
] as const

/** Every plan, newest first: what will happen and what it saves. */
export function PlansPage({ search }: { search: { readonly state?: string } }): ReactNode {
  const go = useGo()
  const plans = useInfinite(plansQuery(search))
  return (
    <>
      <PageHead
        title="Plan"
        actions={
          <Segments
            label="State of plans"
            value={(FILTERS.find(filter => filter.value === search.state) ?? FILTERS[0]).value}
            onValue={state => go(paths.plans({ state }), { replace: true })}
            options={FILTERS}
          />
        }
      >
        Decisions grouped for review: what would move, why, and what it saves.
      </PageHead>
      {plans.error !== null && plans.rows === undefined ? (
        <QueryError error={plans.error} onRetry={plans.retry} />
      ) : (
        <Panel flush>
          <DataTable
            label="Plans"
            columns={COLUMNS}
            rows={plans.rows}
            rowKey={row => row.id}
            height="calc(100dvh - 170px)"
            onNearEnd={plans.onNearEnd}
            loadingMore={plans.loadingMore}
            onOpen={row => go(paths.plan(row.id))}
            empty={<Empty state={search.state} />}
          />
        </Panel>
      )}
    </>
  )
}

const COLUMNS: readonly Column<Plan>[] = [
  { id: 'created', head: 'Made', track: '104px', cell: row => <Moment at={row.createdAt} /> },
  { id: 'state', head: 'State', track: '112px', cell: row => <PlanBadge state={row.state} /> },
  {
    id: 'policy',
    head: 'Policy',
    track: 'minmax(120px, 1fr)',
    fromWidth: 'md',
    cell: row => row.policy.name,
  },
  {
    id: 'approval',
    head: 'Decided by',
    track: 'minmax(110px, 1fr)',
    fromWidth: 'lg',
    cell: row =>
      row.decidedBy ?? (row.approval === 'automatic' ? 'automatic, within caps' : 'waits for a person'),
  },
  {
    id: 'objects',
    head: 'Objects',
    track: '84px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => formatCount(row.objects),
  },
  {
    id: 'bytes',
    head: 'Bytes',
    track: '92px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => formatBytes(row.bytes),
  },
  {
    id: 'saving',
    head: 'Saves / month',
    track: 'minmax(96px, 116px)',
    align: 'end',
    cell: row => <span className="font-medium">{formatUsdChange(row.monthlySavingUsd)}</span>,
  },
  {
    id: 'storage',
    head: 'Storage',
    track: '108px',
    align: 'end',
    fromWidth: 'xl',
    cell: row => formatUsdChange(row.monthlySavingStorageUsd),
  },
  {
    id: 'reads',
    head: 'Reads',
    track: '108px',
    align: 'end',
    fromWidth: 'xl',
    cell: row => formatUsdChange(row.monthlySavingReadsUsd),
  },
  {
    id: 'once',
    head: 'Costs once',
    track: '104px',
    align: 'end',
    fromWidth: 'md',
    cell: row => formatUsd(row.oneTimeUsd),
  },
  {
    id: 'payback',
    head: 'Paid back in',
    track: '96px',
    align: 'end',
    fromWidth: 'md',
    cell: row => formatDays(row.paybackDays),
  },
]

function Empty({ state }: { state: string | undefined }): ReactNode {
  if (state !== undefined)
    return <EmptyState title="No plan in this state">Choose All to see the others.</EmptyState>
  return (
    <EmptyState title="No plan yet" command="dim policy list">
      A plan appears when a policy finds a move that pays for itself. Objects must have a policy and prices.
    </EmptyState>
  )
}
