import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { probeStore } from '../api/actions.ts'
import {
  locationsQuery,
  overviewQuery,
  priceBooksQuery,
  storeLoadsQuery,
  storesQuery,
} from '../api/queries.ts'
import type { Location, LocationPrice, Store, StoreProbe } from '../api/types.ts'
import { TIERS } from '../api/types.ts'
import { Facts } from '../components/Facts.tsx'
import { Moment } from '../components/Moment.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink } from '../components/PathLink.tsx'
import { PauseButton } from '../components/PauseButton.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { Answers, Budget, Drill } from '../components/StoreLoadFacts.tsx'
import { useViewerReason } from '../components/session.tsx'
import { TierMark } from '../components/TierMark.tsx'
import { useAct } from '../components/use-act.ts'
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatMilliseconds,
  formatShare,
  formatUsd,
  formatUsdPrice,
  UNKNOWN,
} from '../format/quantity.ts'
import { formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { type Column, DataTable } from '../ui/DataTable.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'

const HOUR_MS = 3_600_000

interface Place extends Location {
  readonly price: LocationPrice | undefined
  readonly usdPerMonth: number | null
}

/** Every place a copy can live, with its price, its speed and what lies there; then the stores behind them. */
export function StoresPage(): ReactNode {
  const stores = useQuery(storesQuery)
  const { places, error, retry, priceBook } = usePlaces()
  const failed = error ?? stores.error
  return (
    <>
      <PageHead title="Stores">Where copies can live, what it costs, how fast it answers.</PageHead>
      {failed === null ? null : (
        <div className="mb-3">
          <QueryError error={failed} onRetry={retry} />
        </div>
      )}
      <Panel
        title="Locations"
        flush
        className="mb-4"
        aside={priceBook === null ? '' : `USD, list prices of ${priceBook}`}
      >
        <DataTable
          label="Locations"
          columns={COLUMNS}
          rows={places}
          skeletonRows={3}
          rowKey={row => row.id}
          empty={
            <EmptyState title="No locations yet" command="dim location add --help">
              A location is a container in a store with a storage class and a price.
            </EmptyState>
          }
        />
      </Panel>
      <h2 className="mb-2 text-sm font-semibold">Stores</h2>
      <div className="grid grid-cols-[repeat(auto-fill,minmax(290px,1fr))] gap-3">
        {stores.data === undefined ? (
          <Skeleton width="100%" height={150} />
        ) : stores.data.length === 0 ? (
          <Panel>
            <EmptyState title="No stores yet" command="dim store add --help">
              A store is an endpoint that keeps bytes: S3-compatible, Azure Blob Storage, Google Cloud Storage
              or a file system.
            </EmptyState>
          </Panel>
        ) : (
          stores.data.map(store => <StoreCard key={store.id} store={store} />)
        )}
      </div>
    </>
  )
}

function usePlaces() {
  const locations = useQuery(locationsQuery)
  const books = useQuery(priceBooksQuery)
  const overview = useQuery(overviewQuery)
  const book = books.data?.find(each => each.isCurrent)
  const places = locations.data
    ?.map(
      (location): Place => ({
        ...location,
        price: book?.locations.find(price => price.id === location.priceId),
        usdPerMonth: overview.data?.locations.find(each => each.id === location.id)?.usdPerMonth ?? null,
      }),
    )
    .toSorted(
      (left, right) =>
        TIERS.indexOf(left.tier) - TIERS.indexOf(right.tier) || left.name.localeCompare(right.name),
    )
  return {
    places,
    error: locations.error,
    priceBook: book === undefined ? null : `${book.effectiveFrom} (${book.name})`,
    retry: () => void locations.refetch(),
  }
}

const COLUMNS: readonly Column<Place>[] = [
  {
    id: 'name',
    head: 'Location',
    track: 'minmax(120px, 1.2fr)',
    cell: row => (
      <span className="inline-flex items-center gap-2" title={`${row.store.name}: ${row.container}`}>
        <TierMark tier={row.tier} />
        <PathLink to={paths.objects({ location: row.name })}>{row.name}</PathLink>
        {row.full === null ? null : (
          <span title={`${row.full.answer}. Once it has room: dim location clear-full ${row.name}`}>
            <Badge tone="alarm">full</Badge>
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'container',
    head: 'Container, class',
    track: 'minmax(120px, 1.4fr)',
    fromWidth: 'lg',
    cell: row => [row.container, row.storageClass].filter(Boolean).join(', '),
  },
  { id: 'region', head: 'Region', track: 'minmax(90px, 120px)', fromWidth: 'lg', cell: row => row.region },
  {
    id: 'latency',
    head: 'First byte, p99',
    track: '112px',
    align: 'end',
    fromWidth: 'sm',
    cell: row =>
      row.restoreHours === null
        ? formatMilliseconds(row.firstByteMsP99)
        : `offline, ${formatDuration(row.restoreHours * HOUR_MS)}`,
  },
  {
    id: 'storage',
    head: 'GB-month',
    track: '88px',
    align: 'end',
    cell: row => (row.price === undefined ? 'no price' : formatUsdPrice(row.price.storageUsdPerGbMonth)),
  },
  {
    id: 'get',
    head: '1,000 GET',
    track: '88px',
    align: 'end',
    fromWidth: 'md',
    cell: row => (row.price === undefined ? UNKNOWN : formatUsdPrice(row.price.getUsdPer1000)),
  },
  {
    id: 'out',
    head: 'GB out',
    track: '76px',
    align: 'end',
    fromWidth: 'md',
    cell: row =>
      row.price === undefined
        ? UNKNOWN
        : formatUsdPrice(row.price.egressUsdPerGb + row.price.retrievalUsdPerGb),
  },
  {
    id: 'minimum',
    head: 'Minimum',
    track: '76px',
    align: 'end',
    fromWidth: 'lg',
    cell: row =>
      row.price === undefined
        ? UNKNOWN
        : row.price.minimumStorageDays === 0
          ? 'none'
          : `${formatDecimal(row.price.minimumStorageDays)} d`,
  },
  {
    id: 'copies',
    head: 'Copies',
    track: '76px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => formatCount(row.usage.copies),
  },
  { id: 'bytes', head: 'Bytes', track: '92px', align: 'end', cell: row => <Usage place={row} /> },
  {
    id: 'usd',
    head: 'Per month',
    track: '96px',
    align: 'end',
    fromWidth: 'sm',
    cell: row => (row.usdPerMonth === null ? UNKNOWN : formatUsd(row.usdPerMonth)),
  },
]

function Usage({ place }: { place: Place }): ReactNode {
  if (place.capacityBytes === null || place.capacityBytes === 0) return formatBytes(place.usage.bytes)
  const share = place.usage.bytes / place.capacityBytes
  return (
    <span title={`${formatShare(share)} of ${formatBytes(place.capacityBytes)}`}>
      {formatBytes(place.usage.bytes)}
      <Progress share={share} label={`${formatShare(share)} full`} />
    </span>
  )
}

const KINDS: Readonly<Record<Store['kind'], string>> = {
  'azure-blob': 'Azure Blob',
  filesystem: 'File system',
  gcs: 'Google Cloud',
  memory: 'Memory',
  s3: 'S3',
}
const STATES = {
  active: ['Active', 'active'],
  paused: ['Paused', 'neutral'],
  'auth-failed': ['Refuses our credentials', 'alarm'],
} as const

function StoreCard({ store }: { store: Store }): ReactNode {
  const [probe, setProbe] = useState<StoreProbe | null>(null)
  const viewerReason = useViewerReason()
  const { act, busy } = useAct({
    act: () => probeStore(store.id),
    done: answer => ({ title: answer.reachable ? `${store.name} answers` : `${store.name} does not answer` }),
    stale: ['stores'],
    onDone: setProbe,
  })
  const loads = useQuery(storeLoadsQuery)
  const load = loads.data?.find(each => each.store.id === store.id)
  const [word, tone] = STATES[store.state]
  return (
    <Panel
      title={
        <span className="inline-flex flex-wrap items-center gap-2">
          {store.name} <Badge tone={tone}>{word}</Badge>
          {store.drill === null ? null : <Badge tone="alarm">Drill</Badge>}
          {(load?.leftAloneBy.length ?? 0) === 0 ? null : <Badge tone="alarm">Left alone</Badge>}
        </span>
      }
      aside={
        <span className="flex flex-wrap gap-2">
          <PauseButton noun="store" id={store.id} name={store.name} isPaused={store.state !== 'active'} />
          <Button size="small" busy={busy} disabledReason={viewerReason} onClick={() => act(undefined)}>
            Try it now
          </Button>
        </span>
      }
    >
      <Facts
        facts={{
          Kind: KINDS[store.kind],
          ...Object.fromEntries(
            Object.entries(store.settings)
              .filter(([, value]) => value !== null && typeof value !== 'object')
              .map(([name, value]) => [asWords(name), String(value)]),
          ),
          Paused:
            store.pause === null ? null : (
              <>
                <Moment at={store.pause.at} /> by {store.pause.principal}
                {store.pause.reason === null ? '' : `: ${store.pause.reason}`}
              </>
            ),
          Refused: store.refusal === null ? null : <Refusal refusal={store.refusal} name={store.name} />,
          Answers: <Answers load={load} />,
          Budget: <Budget store={store} load={load} />,
          'At once':
            store.requestsAtOnceMax === null
              ? null
              : `${store.requestsAtOnceMax} background requests per process`,
          Drill: store.drill === null ? null : <Drill id={store.id} name={store.name} drill={store.drill} />,
          Credentials: store.hasCredentials ? 'sealed' : 'none',
          ...probeFacts(probe),
        }}
      />
    </Panel>
  )
}

/** What a store that refuses our credentials says, and what ends it. */
function Refusal({ refusal, name }: { refusal: NonNullable<Store['refusal']>; name: string }): ReactNode {
  return (
    <>
      <Moment at={refusal.at} />: {refusal.answer}. Moves there rest and lose no try. Give it other
      credentials with <code>dim store set {name}</code>, or resume it when these are good again.
    </>
  )
}

function probeFacts(probe: StoreProbe | null): Readonly<Record<string, ReactNode>> {
  if (probe === null) return {}
  if (!probe.reachable) {
    return { 'Last try': <span className="text-alarm">{probe.error?.message ?? 'no answer'}</span> }
  }
  const can = Object.entries(probe.capabilities ?? {})
    .filter(([, value]) => value === true)
    .map(([name]) => asWords(name).toLowerCase())
  return {
    'Last try': `answered in ${formatMilliseconds(probe.latencySeconds * 1000)}`,
    Can: can.length === 0 ? null : can.join(', '),
  }
}

/** A setting's name as words: incompleteBodies is Incomplete bodies. */
function asWords(name: string): string {
  const words = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
