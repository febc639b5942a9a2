import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { migrationsQuery, overviewQuery, scrubQuery, storeLoadsQuery, storesQuery } from '../api/queries.ts'
import type { DecisionSummary, Migration, Overview } from '../api/types.ts'
import { TIERS } from '../api/types.ts'
import { chartDataOf } from '../charts/chart-data.ts'
import type { ChartSeries } from '../charts/chart-series.ts'
import { TierShareBar } from '../charts/ShareBar.tsx'
import { TimeChart } from '../charts/TimeChart.tsx'
import { TIER_PAINT } from '../charts/tier-paint.ts'
import { CostLead } from '../components/CostLead.tsx'
import { MigrationBadge } from '../components/MigrationBadge.tsx'
import { Moment } from '../components/Moment.tsx'
import { migrationShare } from '../components/migration-progress.ts'
import { needsOf } from '../components/needs-you.ts'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink, useGo } from '../components/PathLink.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { RouteMark } from '../components/RouteMark.tsx'
import { DECISION_WORDS } from '../components/reason-words.ts'
import { TierMark } from '../components/TierMark.tsx'
import { useInfinite } from '../components/use-infinite.ts'
import { useLocationTiers } from '../components/use-location-tiers.ts'
import {
  formatBytes,
  formatCount,
  formatRate,
  formatShare,
  formatUsd,
  formatUsdChange,
} from '../format/quantity.ts'
import { formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { classNames } from '../ui/class-names.ts'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { FlashingText } from '../ui/FlashingText.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'

const MOVING_SHOWN = 5
const DECISIONS_SHOWN = 8

const TIER_SERIES: readonly ChartSeries[] = TIERS.toReversed().map(tier => ({
  name: TIER_PAINT[tier].name,
  token: TIER_PAINT[tier].token,
  format: formatBytes,
}))
const EVENT_SERIES: readonly ChartSeries[] = [
  { name: 'Events', token: '--accent', format: value => formatRate(value, 's') },
]
const LAG_SERIES: readonly ChartSeries[] = [
  { name: 'Lag', token: '--ink-soft', format: seconds => formatDuration(seconds * 1000) },
]

/** The state of everything: money first, then bytes, what moves, what needs a person. */
export function OverviewPage(): ReactNode {
  const { data, error, refetch } = useQuery(overviewQuery)
  if (data === undefined && error !== null) {
    return (
      <>
        <PageHead title="Overview" />
        <QueryError error={error} onRetry={() => void refetch()} />
      </>
    )
  }
  return (
    <div className="mx-auto max-w-[1440px]">
      <PageHead title="Overview">
        {data === undefined ? (
          <Skeleton width="220px" />
        ) : (
          `${formatCount(data.total.objects)} objects, ${formatBytes(data.total.bytes)}`
        )}
      </PageHead>
      {data?.total.objects === 0 && data.locations.length === 0 ? <FirstSteps /> : null}
      <div className="grid grid-cols-12 gap-4">
        <CostLead overview={data} className="col-span-8 max-lg:col-span-12" />
        <NeedsYou overview={data} className="col-span-4 max-lg:col-span-12" />
        <BytesByTier overview={data} className="col-span-7 max-lg:col-span-12" />
        <MovingNow overview={data} className="col-span-5 max-lg:col-span-12" />
        <EventsNow overview={data} className="col-span-7 max-lg:col-span-12" />
        <Places overview={data} className="col-span-5 max-lg:col-span-12" />
        <LatestDecisions decisions={data?.latestDecisions} className="col-span-12" />
      </div>
    </div>
  )
}

interface PartProps {
  readonly overview: Overview | undefined
  readonly className: string
}

function FirstSteps(): ReactNode {
  return (
    <div className="mb-4 rounded-md border border-line bg-surface">
      <EmptyState title="Nothing is known yet" command="npm run demo">
        Add a store, a location and a bucket, then import what lies there. The demo does all of it with real
        bytes.
      </EmptyState>
    </div>
  )
}

function NeedsYou({ overview, className }: PartProps): ReactNode {
  const stores = useQuery(storesQuery)
  const scrub = useQuery(scrubQuery)
  const loads = useQuery(storeLoadsQuery)
  const needs =
    overview === undefined ? undefined : needsOf(overview, stores.data ?? [], scrub.data, loads.data ?? [])
  return (
    <Panel title="Needs you" className={className}>
      {needs === undefined ? (
        <Skeleton width="70%" />
      ) : needs.length === 0 ? (
        <p className="flex items-center gap-2 text-ink-soft">
          <Icon name="check" size={14} /> Nothing waits for a person.
        </p>
      ) : (
        <ul className="flex flex-col">
          {needs.map(need => (
            <li key={need.text} className="border-b border-line last:border-b-0">
              <PathLink
                to={need.path}
                className={classNames(
                  'flex items-center justify-between gap-3 py-2 hover:underline',
                  need.urgent ? 'font-medium text-alarm' : 'text-ink',
                )}
              >
                <span>{need.text}</span>
                <Icon name="arrow" size={13} />
              </PathLink>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function BytesByTier({ overview, className }: PartProps): ReactNode {
  const series = overview?.series
  const data = useMemo(
    () =>
      chartDataOf(
        (series ?? []).map(point => ({
          at: Date.parse(point.at),
          values: TIERS.toReversed().map(tier => point.bytesByTier[tier]),
        })),
        TIERS.length,
      ),
    [series],
  )
  const tiers = TIERS.map(tier => {
    const held = overview?.tiers.find(each => each.tier === tier)
    return {
      tier,
      objects: held?.objects ?? 0,
      bytes: held?.bytes ?? 0,
      usdPerMonth: held?.usdPerMonth ?? null,
    }
  })
  return (
    <Panel title="Bytes by tier" className={className}>
      <TierShareBar
        label={`Bytes by tier: ${tiers.map(each => `${each.tier} ${formatBytes(each.bytes)}`).join(', ')}`}
        shares={tiers.map(each => ({ tier: each.tier, value: each.bytes, shown: formatBytes(each.bytes) }))}
      />
      <ul className="grid grid-cols-3 gap-3 py-3">
        {tiers.map(each => (
          <li key={each.tier} className="min-w-0">
            <PathLink to={paths.objects({ tier: each.tier })} className="text-ink hover:underline">
              <TierMark tier={each.tier} named />
            </PathLink>
            {overview === undefined ? (
              <Skeleton width="80%" />
            ) : (
              <>
                <p className="pt-1 text-base font-semibold">
                  <FlashingText text={formatBytes(each.bytes)} />
                </p>
                <p className="text-xs text-ink-faint">
                  {formatCount(each.objects)} objects
                  {each.usdPerMonth === null ? '' : `, storage ${formatUsd(each.usdPerMonth)}`}
                </p>
              </>
            )}
          </li>
        ))}
      </ul>
      <TimeChart
        title="Last hour"
        label="Bytes by tier over the last hour"
        series={TIER_SERIES}
        data={data}
        stack
        binary
        height={170}
      />
    </Panel>
  )
}

function MovingNow({ overview, className }: PartProps): ReactNode {
  const moving = useInfinite(migrationsQuery({ active: 'true' }))
  const go = useGo()
  const counts = overview?.migrations
  const shown = (moving.rows ?? [])
    .toSorted((left, right) => isWorking(right) - isWorking(left))
    .slice(0, MOVING_SHOWN)
  return (
    <Panel
      title="Moving now"
      className={className}
      aside={<PathLink to={paths.migrations({ active: 'true' })}>All migrations</PathLink>}
    >
      <ul className="grid grid-cols-5 gap-3 pb-3 max-sm:grid-cols-2">
        <Count name="In flight" value={counts?.inFlight} />
        <Count name="Unfinished" value={counts?.unfinished} />
        <Count name="Done, last hour" value={counts?.doneLastHour} />
        <Count name="Failed, last hour" value={counts?.failedLastHour} />
        <Count name="Quarantined" value={counts?.quarantined} />
      </ul>
      {moving.rows === undefined ? (
        <Skeleton width="100%" height={90} />
      ) : shown.length === 0 ? (
        <p className="border-t border-line pt-3 text-ink-soft">
          Nothing moves. Moves start when a plan is approved.
        </p>
      ) : (
        <ul>
          {shown.map(migration => (
            <li key={migration.id} className="border-t border-line">
              <button
                type="button"
                onClick={() => go(paths.migration(migration.id))}
                className="grid w-full grid-cols-[minmax(0,1fr)_150px] items-center gap-x-3 gap-y-1 py-2 text-left hover:bg-hover"
              >
                <span className="truncate font-mono text-xs">{migration.key}</span>
                <span className="justify-self-end">
                  <MigrationBadge migration={migration} />
                </span>
                <Progress
                  share={migrationShare(migration)}
                  label={`${migration.key} ${formatShare(migrationShare(migration))}`}
                />
                <span className="flex items-center justify-end gap-2 text-xs text-ink-faint">
                  {formatBytes(migration.size)}
                  <span className="inline-flex items-center gap-1">
                    <TierMark tier={migration.source.tier} />
                    <Icon name="arrow" size={11} />
                    <TierMark tier={migration.target.tier} />
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

/** 1 while bytes are being copied or proven, 0 while a move waits: for a worker, or for its grace to end. */
function isWorking({ state }: Migration): number {
  return state === 'planned' || state === 'grace' ? 0 : 1
}

function Count({ name, value }: { name: string; value: number | undefined }): ReactNode {
  return (
    <li className="flex flex-col justify-between">
      <p className="text-xs text-ink-faint">{name}</p>
      <p className="text-lg font-semibold">
        {value === undefined ? <Skeleton width="40px" /> : <FlashingText text={formatCount(value)} />}
      </p>
    </li>
  )
}

function EventsNow({ overview, className }: PartProps): ReactNode {
  const series = overview?.series
  const [rate, lag] = useMemo(() => {
    const points = series ?? []
    const of = (value: (point: Overview['series'][number]) => number) =>
      chartDataOf(
        points.map(point => ({ at: Date.parse(point.at), values: [value(point)] })),
        1,
      )
    return [of(point => point.eventsPerSecond), of(point => point.lagSeconds)]
  }, [series])
  return (
    <Panel
      title="Accesses heard"
      className={className}
      aside={overview === undefined ? '' : `${formatCount(overview.events.applied)} counted so far`}
    >
      <div className="grid grid-cols-2 gap-6 max-sm:grid-cols-1">
        <TimeChart
          title="Events per second"
          label="Events per second over the last hour"
          series={EVENT_SERIES}
          data={rate}
          height={120}
        />
        <TimeChart
          title="Lag"
          label="Seconds from access to count over the last hour"
          series={LAG_SERIES}
          data={lag}
          height={120}
        />
      </div>
    </Panel>
  )
}

function Places({ overview, className }: PartProps): ReactNode {
  const locations = (overview?.locations ?? []).toSorted(
    (left, right) =>
      TIERS.indexOf(left.tier) - TIERS.indexOf(right.tier) || left.name.localeCompare(right.name),
  )
  const columns: readonly Column<Overview['locations'][number]>[] = [
    {
      id: 'name',
      head: 'Location',
      track: 'minmax(120px, 1fr)',
      cell: row => (
        <span className="inline-flex items-center gap-2">
          <TierMark tier={row.tier} />
          <PathLink to={paths.objects({ location: row.name })} className="truncate hover:underline">
            {row.name}
          </PathLink>
        </span>
      ),
    },
    {
      id: 'objects',
      head: 'Objects',
      track: '72px',
      align: 'end',
      fromWidth: 'sm',
      cell: row => formatCount(row.objects),
    },
    { id: 'bytes', head: 'Bytes', track: '88px', align: 'end', cell: row => formatBytes(row.bytes) },
    {
      id: 'usd',
      head: 'Storage / month',
      track: '112px',
      align: 'end',
      cell: row => (row.usdPerMonth === null ? 'no price' : formatUsd(row.usdPerMonth)),
    },
  ]
  return (
    <Panel
      title="Where it lies"
      className={className}
      flush
      aside={<PathLink to={paths.stores()}>Stores</PathLink>}
    >
      <DataTable
        label="Bytes and money by location"
        columns={columns}
        rows={overview === undefined ? undefined : locations}
        skeletonRows={3}
        rowKey={row => row.id}
        empty={
          <EmptyState title="No locations" command="dim location add --help">
            A location is a container in a store, with a price.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function LatestDecisions({
  decisions,
  className,
}: {
  decisions: readonly DecisionSummary[] | undefined
  className: string
}): ReactNode {
  const go = useGo()
  const tierOf = useLocationTiers()
  const columns: readonly Column<DecisionSummary>[] = [
    { id: 'when', head: 'When', track: '92px', fromWidth: 'sm', cell: row => <Moment at={row.decidedAt} /> },
    {
      id: 'key',
      head: 'Object',
      track: 'minmax(140px, 1fr)',
      cell: row => <span className="font-mono text-xs">{`${row.bucket}/${row.key}`}</span>,
    },
    {
      id: 'reason',
      head: 'Why',
      track: 'minmax(130px, 200px)',
      fromWidth: 'md',
      cell: row => DECISION_WORDS[row.reason],
    },
    {
      id: 'route',
      head: 'From, to',
      track: 'minmax(96px, 260px)',
      narrowTrack: '92px',
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
      fromWidth: 'md',
      cell: row => formatBytes(row.size),
    },
    {
      id: 'saving',
      head: 'Saves per month',
      track: '120px',
      align: 'end',
      cell: row => formatUsdChange(row.monthlySavingUsd),
    },
  ]
  return (
    <Panel
      title="Latest decisions"
      className={className}
      flush
      aside={<PathLink to={paths.plans()}>Plans</PathLink>}
    >
      <DataTable
        label="Latest decisions"
        columns={columns}
        rows={decisions?.slice(0, DECISIONS_SHOWN)}
        skeletonRows={DECISIONS_SHOWN}
        rowKey={row => row.id}
        onOpen={row => go(paths.plan(row.planId, { decision: row.id }))}
        empty={
          <EmptyState title="No decision to move yet" command="dim plan list">
            The planner decides when heat, prices or policies make a move pay for itself.
          </EmptyState>
        }
      />
    </Panel>
  )
}
