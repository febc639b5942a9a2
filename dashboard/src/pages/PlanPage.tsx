import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { approvePlan, rejectPlan } from '../api/actions.ts'
import { decisionsQuery, planQuery, policiesQuery } from '../api/queries.ts'
import type { DecisionSummary, Plan, PlanDetail } from '../api/types.ts'
import { ConfirmDialog } from '../components/ConfirmDialog.tsx'
import { DecisionDrawer } from '../components/DecisionDrawer.tsx'
import { Moment } from '../components/Moment.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink, useGo } from '../components/PathLink.tsx'
import { PlanBadge } from '../components/PlanBadge.tsx'
import { PlanProgress } from '../components/PlanProgress.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { RouteMark } from '../components/RouteMark.tsx'
import { DECISION_WORDS } from '../components/reason-words.ts'
import { savingParts } from '../components/saving-parts.ts'
import { useViewerReason } from '../components/session.tsx'
import { useAct } from '../components/use-act.ts'
import { useInfinite } from '../components/use-infinite.ts'
import { useLocationTiers } from '../components/use-location-tiers.ts'
import { formatBytes, formatCount, formatUsd, formatUsdChange } from '../format/quantity.ts'
import { formatDays, formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'

const HOUR_MS = 3_600_000

interface PlanPageProps {
  readonly id: string
  readonly search: { readonly decision?: string }
}

/** One plan: what it would do and save, every decision with its reason, yes or no. */
export function PlanPage({ id, search }: PlanPageProps): ReactNode {
  const go = useGo()
  const plan = useQuery(planQuery(id))
  const decisions = useInfinite(decisionsQuery(id))
  const [excepted, setExcepted] = useState<ReadonlyMap<string, DecisionSummary>>(new Map())
  const open = plan.data?.state === 'proposed'
  const tierOf = useLocationTiers()

  function except(decision: DecisionSummary): void {
    const next = new Map(excepted)
    if (!next.delete(decision.id)) next.set(decision.id, decision)
    setExcepted(next)
  }

  if (plan.data === undefined && plan.error !== null) {
    return (
      <>
        <PageHead title="Plan" />
        <QueryError error={plan.error} onRetry={() => void plan.refetch()} />
      </>
    )
  }
  return (
    <>
      <PageHead
        title="Plan"
        actions={plan.data === undefined ? null : <Verdict plan={plan.data} excepted={excepted} />}
      >
        {plan.data === undefined ? (
          <Skeleton width="260px" />
        ) : (
          <>
            <PathLink to={paths.plans()}>All plans</PathLink>
            {' · '}made <Moment at={plan.data.createdAt} /> by policy {plan.data.policy.name}, revision{' '}
            {plan.data.policy.revision}
          </>
        )}
      </PageHead>
      <Summary plan={plan.data} />
      {plan.data?.state === 'approved' ? <PlanProgress plan={plan.data} /> : null}
      <Panel flush>
        <DataTable
          label="Decisions of this plan"
          columns={columnsOf({ open, excepted, except, tierOf })}
          rows={decisions.rows}
          rowKey={row => row.id}
          height="calc(100dvh - 300px)"
          onNearEnd={decisions.onNearEnd}
          loadingMore={decisions.loadingMore}
          isSelected={row => row.id === search.decision}
          onOpen={row => go(paths.plan(id, { decision: row.id }), { replace: search.decision !== undefined })}
          empty={
            <EmptyState title="This plan has no decisions left">They were outdated by newer ones.</EmptyState>
          }
        />
      </Panel>
      <DecisionDrawer id={search.decision ?? null} onClose={() => go(paths.plan(id))} />
    </>
  )
}

/** What of the price is for what an archive has to restore first. */
function restoreWords(restore: PlanDetail['restore']): string {
  if (restore === null) return ''
  const { hoursMax, objects, usd } = restore
  return `${formatCount(objects)} objects have to be restored first: ${formatUsd(usd)}, up to ${formatCount(hoursMax)} hours`
}

function Summary({ plan }: { plan: PlanDetail | undefined }): ReactNode {
  const shown: readonly (readonly [string, ReactNode, ReactNode])[] = [
    [
      'State',
      plan && <PlanBadge state={plan.state} />,
      plan?.approval === 'automatic' ? 'automatic, within caps' : '',
    ],
    [
      'Saves per month',
      plan && formatUsdChange(plan.monthlySavingUsd),
      plan === undefined ? '' : savingLines(plan),
    ],
    ['Costs once', plan && formatUsd(plan.oneTimeUsd), restoreWords(plan?.restore ?? null)],
    ['Paid back in', plan && formatDays(plan.paybackDays), ''],
    ['Objects', plan && formatCount(plan.objects), ''],
    ['Bytes', plan && formatBytes(plan.bytes), ''],
  ]
  return (
    <Panel className="mb-3">
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(110px,1fr))] gap-4 pt-3">
        {shown.map(([name, value, note]) => (
          <div key={name}>
            <dt className="text-xs text-ink-faint">{name}</dt>
            <dd className="text-lg font-semibold">{value ?? <Skeleton width="70px" />}</dd>
            {note === '' ? null : <dd className="text-xs text-ink-faint">{note}</dd>}
          </div>
        ))}
      </dl>
      {plan === undefined ? null : (
        <p className="pt-3 text-xs text-ink-faint">
          List prices of {plan.priceBook.name}.
          {plan.decidedBy === null
            ? ''
            : ` ${plan.state === 'rejected' ? 'Rejected' : 'Approved'} by ${plan.decidedBy}.`}
          {plan.outcome === null ? '' : ` ${outcomeWords(plan.outcome)}`}{' '}
          {plan.state === 'approved' || plan.state === 'applied' ? (
            <PathLink to={paths.migrations({ planId: plan.id })}>Its migrations</PathLink>
          ) : null}
        </p>
      )}
    </Panel>
  )
}

/** How its migrations ended and what that saves. */
function outcomeWords({ migrations, monthlySavingUsd }: NonNullable<Plan['outcome']>): string {
  const ends = Object.entries(migrations).map(([state, count]) => `${formatCount(count)} ${state}`)
  if (ends.length === 0) return 'Nothing was left to move.'
  return `All ended: ${ends.join(', ')}. What is done saves ${formatUsd(monthlySavingUsd)} per month.`
}

/** The two parts of what a plan saves, one below the other. */
function savingLines(plan: Plan): ReactNode {
  return (
    <>
      storage {formatUsdChange(plan.monthlySavingStorageUsd)}
      <br />
      reads {formatUsdChange(plan.monthlySavingReadsUsd)}
    </>
  )
}

interface VerdictProps {
  readonly plan: Plan
  readonly excepted: ReadonlyMap<string, DecisionSummary>
}

/** Yes or no to a plan, after one question that names objects, bytes, dollars and the way back. */
function Verdict({ plan, excepted }: VerdictProps): ReactNode {
  const [asking, setAsking] = useState<'approve' | 'reject' | null>(null)
  const viewerReason = useViewerReason()
  const grace = useGraceWords(plan.policy.id)
  const left = [...excepted.values()].reduce(
    (sums, decision) => ({
      objects: sums.objects - 1,
      bytes: sums.bytes - decision.size,
      saving: sums.saving - decision.monthlySavingUsd,
      storage: sums.storage - decision.monthlySavingStorageUsd,
      once: sums.once - decision.oneTimeUsd,
    }),
    {
      objects: plan.objects,
      bytes: plan.bytes,
      saving: plan.monthlySavingUsd,
      storage: plan.monthlySavingStorageUsd,
      once: plan.oneTimeUsd,
    },
  )
  const { act, busy } = useAct({
    act: (verdict: 'approve' | 'reject') =>
      verdict === 'approve' ? approvePlan(plan.id, [...excepted.keys()]) : rejectPlan(plan.id),
    done: answer => ({
      title: answer.state === 'rejected' ? 'Plan rejected' : 'Plan approved',
      description:
        answer.state === 'rejected'
          ? 'Nothing moves.'
          : `${formatCount(left.objects)} moves wait for free workers.`,
    }),
    stale: ['plan', 'plans', 'migrations', 'overview'],
    onDone: () => setAsking(null),
  })
  const reason = viewerReason ?? (plan.state === 'proposed' ? null : `It is already ${plan.state}.`)
  const empty = left.objects <= 0 ? 'No decision is left to approve.' : null
  return (
    <>
      <Button disabledReason={reason} onClick={() => setAsking('reject')}>
        Reject
      </Button>
      <Button variant="primary" disabledReason={reason ?? empty} onClick={() => setAsking('approve')}>
        {excepted.size === 0
          ? 'Approve'
          : `Approve ${formatCount(left.objects)} of ${formatCount(plan.objects)}`}
      </Button>
      <ConfirmDialog
        open={asking === 'approve'}
        onOpenChange={open => open || setAsking(null)}
        title="Move these objects?"
        facts={{
          Objects: `${formatCount(left.objects)}${excepted.size === 0 ? '' : `, ${formatCount(excepted.size)} left out`}`,
          Bytes: formatBytes(left.bytes),
          Saves: `${formatUsdChange(left.saving)} per month`,
          'Of it': savingParts({
            monthlySavingStorageUsd: left.storage,
            monthlySavingReadsUsd: left.saving - left.storage,
          }),
          'Costs once': formatUsd(left.once),
          Readers: 'notice nothing: the address of an object never changes',
          Undo: grace,
        }}
        verb="Approve and move"
        busy={busy}
        onConfirm={() => act('approve')}
      />
      <ConfirmDialog
        open={asking === 'reject'}
        onOpenChange={open => open || setAsking(null)}
        title="Reject this plan?"
        facts={{
          Objects: `${formatCount(plan.objects)} stay where they are`,
          Bytes: formatBytes(plan.bytes),
          'Gives up': `${formatUsd(plan.monthlySavingUsd)} per month`,
          Undo: 'The planner proposes again at the next review of each object.',
        }}
        verb="Reject"
        busy={busy}
        onConfirm={() => act('reject')}
      />
    </>
  )
}

/** How long a move can be undone for free, from the policy that made the plan. */
function useGraceWords(policyId: string): string {
  const policies = useQuery(policiesQuery)
  const hours = policies.data?.find(policy => policy.id === policyId)?.spec.graceHours
  const span = typeof hours === 'number' ? formatDuration(hours * HOUR_MS) : 'the grace time of the policy'
  return `Cancel before the switch, or roll back for ${span} after it, from Migrations: the old copy is kept that long.`
}

/** What a saving is made of, in the order of its columns. */
const SAVING_PARTS = [
  ['Storage', 'monthlySavingStorageUsd'],
  ['Reads', 'monthlySavingReadsUsd'],
] as const

interface ColumnParts {
  readonly open: boolean
  readonly excepted: ReadonlyMap<string, DecisionSummary>
  readonly except: (decision: DecisionSummary) => void
  readonly tierOf: ReturnType<typeof useLocationTiers>
}

function columnsOf({ open, excepted, except, tierOf }: ColumnParts): readonly Column<DecisionSummary>[] {
  return [
    {
      id: 'include',
      head: open ? 'Move' : 'Verdict',
      track: open ? '54px' : '92px',
      narrowTrack: open ? '54px' : '84px',
      cell: row =>
        open ? (
          <input
            type="checkbox"
            aria-label={`Move ${row.bucket}/${row.key}`}
            checked={!excepted.has(row.id)}
            onChange={() => except(row)}
            onClick={event => event.stopPropagation()}
            className="size-4 align-middle accent-accent"
          />
        ) : (
          <Badge tone={row.verdict === 'approved' ? 'active' : 'ended'}>{row.verdict ?? 'open'}</Badge>
        ),
    },
    {
      id: 'key',
      head: 'Object',
      track: 'minmax(88px, 1fr)',
      narrowTrack: 'minmax(56px, 1fr)',
      cell: row => <span className="font-mono text-xs">{`${row.bucket}/${row.key}`}</span>,
    },
    {
      id: 'reason',
      head: 'Why',
      track: '150px',
      fromWidth: 'md',
      cell: row => DECISION_WORDS[row.reason],
    },
    {
      id: 'route',
      head: 'From, to',
      track: 'minmax(84px, 210px)',
      narrowTrack: '82px',
      cell: row => (
        <RouteMark
          from={{ name: row.from.name, tier: tierOf(row.from.id) }}
          to={{ name: row.to.name, tier: tierOf(row.to.id) }}
        />
      ),
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
      track: '104px',
      align: 'end',
      cell: row => formatUsdChange(row.monthlySavingUsd),
    },
    ...SAVING_PARTS.map(([head, field]) => ({
      id: field,
      head,
      track: '104px',
      align: 'end' as const,
      fromWidth: 'xl' as const,
      cell: (row: DecisionSummary) => formatUsdChange(row[field]),
    })),
    {
      id: 'once',
      head: 'Costs once',
      track: '100px',
      align: 'end',
      fromWidth: 'lg',
      cell: row => formatUsd(row.oneTimeUsd),
    },
    {
      id: 'payback',
      head: 'Paid back in',
      track: '96px',
      align: 'end',
      fromWidth: 'lg',
      cell: row => formatDays(row.paybackDays),
    },
  ]
}
