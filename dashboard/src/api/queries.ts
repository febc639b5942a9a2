import { queryOptions } from '@tanstack/react-query'
import { objectApiPath, type Query, request } from './client.ts'
import type {
  AccessEvent,
  Bucket,
  DeadLetter,
  Decision,
  DecisionSummary,
  EventLag,
  Explanation,
  Location,
  Migration,
  MigrationDetail,
  ObjectDetail,
  ObjectSummary,
  Orphan,
  OrphanSum,
  Overview,
  Page,
  Plan,
  PlanDetail,
  PlanStatus,
  Policy,
  PriceBook,
  ReconcileFinding,
  ReconcileRun,
  ScrubStatus,
  Session,
  Simulation,
  Store,
  StoreLoad,
} from './types.ts'

/** What is read, how it is named in the cache, and how often it is asked again without being told. */

const PAGE_LIMIT = 200
const TAIL_LIMIT = 200
/** How often the tail of events is read while somebody looks at it. */
const TAIL_POLL_MS = 1_500
const SETTINGS_STALE_MS = 30_000
const PLAN_STATUS_POLL_MS = 2_000
const SIMULATION_POLL_MS = 1_000
const LAG_POLL_MS = 2_000
const STORE_LOAD_POLL_MS = 5_000
/** The scrubber works for weeks; bad news comes by the stream. */
const SCRUB_POLL_MS = 15_000

/** Who is signed in; null once the session has ended. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }): Promise<Session | null> => request('GET', '/v1/session', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
})

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => request<Overview>('GET', '/v1/overview', { signal }),
})

export interface ObjectFilters {
  readonly bucket?: string
  readonly prefix?: string
  readonly tier?: string
  readonly location?: string
  readonly state?: string
  readonly sort?: string
}

export const objectsQuery = (filters: ObjectFilters) =>
  pagesOf<ObjectSummary>(['objects', filters], '/v1/objects', { ...filters })

export const objectQuery = (bucket: string, key: string) =>
  queryOptions({
    queryKey: ['object', bucket, key],
    queryFn: ({ signal }) =>
      request<ObjectDetail>('GET', objectApiPath(bucket, key), { signal, query: { days: 90 } }),
  })

export const explanationQuery = (bucket: string, key: string) =>
  queryOptions({
    queryKey: ['object', bucket, key, 'explanation'],
    queryFn: ({ signal }) =>
      request<Explanation>('GET', objectApiPath(bucket, key, '/explanation'), { signal }),
  })

export const plansQuery = (filters: { readonly state?: string }) =>
  pagesOf<Plan>(['plans', filters], '/v1/plans', filters)

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ['plan', id],
    queryFn: ({ signal }) => request<PlanDetail>('GET', `/v1/plans/${id}`, { signal }),
  })

export const planStatusQuery = (id: string) =>
  queryOptions({
    queryKey: ['plan-status', id],
    queryFn: ({ signal }) => request<PlanStatus>('GET', `/v1/plans/${id}/status`, { signal }),
    refetchInterval: PLAN_STATUS_POLL_MS,
  })

export const decisionsQuery = (planId: string) =>
  pagesOf<DecisionSummary>(['plan', planId, 'decisions'], `/v1/plans/${planId}/decisions`, {})

export const decisionQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id],
    queryFn: ({ signal }) => request<Decision>('GET', `/v1/decisions/${id}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export interface MigrationFilters {
  readonly active?: string
  readonly state?: string
  readonly direction?: string
  readonly bucket?: string
  readonly objectId?: string
  readonly planId?: string
  readonly overdue?: string
}

export const migrationsQuery = (filters: MigrationFilters) =>
  pagesOf<Migration>(['migrations', filters], '/v1/migrations', { ...filters })

export const migrationQuery = (id: string) =>
  queryOptions({
    queryKey: ['migration', id],
    queryFn: ({ signal }) => request<MigrationDetail>('GET', `/v1/migrations/${id}`, { signal }),
  })

export const scrubQuery = queryOptions({
  queryKey: ['scrub'],
  queryFn: ({ signal }) => request<ScrubStatus>('GET', '/v1/scrub', { signal }),
  refetchInterval: SCRUB_POLL_MS,
})

export const reconcileRunsQuery = pagesOf<ReconcileRun>(['reconcile-runs'], '/v1/reconcile-runs', {})

export const reconcileRunQuery = (id: string) =>
  queryOptions({
    queryKey: ['reconcile-runs', id],
    queryFn: ({ signal }) => request<ReconcileRun>('GET', `/v1/reconcile-runs/${id}`, { signal }),
  })

/** What a comparison found; an empty verdict is all of them. */
export const reconcileFindingsQuery = (id: string, verdict: string) =>
  pagesOf<ReconcileFinding>(
    ['reconcile-runs', id, 'findings', verdict],
    `/v1/reconcile-runs/${id}/findings`,
    {
      verdict,
    },
  )

export interface OrphanFilters {
  readonly state?: string
  readonly kind?: string
}

export const orphansQuery = (filters: OrphanFilters) =>
  pagesOf<Orphan>(['orphans', filters], '/v1/orphans', { ...filters })

export const orphanQuery = (id: string) =>
  queryOptions({
    queryKey: ['orphans', id],
    queryFn: ({ signal }) => request<Orphan>('GET', `/v1/orphans/${id}`, { signal }),
  })

export const orphanSumsQuery = queryOptions({
  queryKey: ['orphans', 'sums'],
  queryFn: async ({ signal }) =>
    (await request<{ items: readonly OrphanSum[] }>('GET', '/v1/orphan-sums', { signal })).items,
  staleTime: SETTINGS_STALE_MS,
})

export const storesQuery = listOf<Store>(['stores'], '/v1/stores')
/** What is asked of stores now; nobody tells of it. */
export const storeLoadsQuery = queryOptions({
  queryKey: ['store-loads'],
  queryFn: async ({ signal }) =>
    (await request<{ items: readonly StoreLoad[] }>('GET', '/v1/store-loads', { signal })).items,
  refetchInterval: STORE_LOAD_POLL_MS,
})
export const locationsQuery = listOf<Location>(['locations'], '/v1/locations')
export const bucketsQuery = listOf<Bucket>(['buckets'], '/v1/buckets')
export const policiesQuery = listOf<Policy>(['policies'], '/v1/policies')
export const priceBooksQuery = listOf<PriceBook>(['price-books'], '/v1/price-books')

export const eventTailQuery = (live: boolean) =>
  queryOptions({
    queryKey: ['events', 'tail'],
    queryFn: ({ signal }) =>
      request<{ items: readonly AccessEvent[] }>('GET', '/v1/events', {
        signal,
        query: { limit: TAIL_LIMIT },
      }),
    refetchInterval: live ? TAIL_POLL_MS : false,
    enabled: live,
  })

export const eventLagQuery = queryOptions({
  queryKey: ['events', 'lag'],
  queryFn: ({ signal }) => request<EventLag>('GET', '/v1/events/lag', { signal }),
  refetchInterval: LAG_POLL_MS,
})

export const deadLettersQuery = pagesOf<DeadLetter>(['dead-letters'], '/v1/dead-letters', {})

export const simulationQuery = (id: string) =>
  queryOptions({
    queryKey: ['simulation', id],
    queryFn: ({ signal }) => request<Simulation>('GET', `/v1/simulations/${id}`, { signal }),
    refetchInterval: query => (isOver(query.state.data) ? false : SIMULATION_POLL_MS),
  })

function isOver(simulation: Simulation | undefined): boolean {
  return simulation?.state === 'done' || simulation?.state === 'failed'
}

/** A list read page by page: how it is named in the cache and where it is read. */
export interface PagedQuery<Item> {
  readonly queryKey: readonly unknown[]
  readonly readPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>
}

function pagesOf<Item>(queryKey: readonly unknown[], path: string, query: Query): PagedQuery<Item> {
  return {
    queryKey,
    readPage: (cursor, signal) =>
      request('GET', path, { signal, query: { ...query, limit: PAGE_LIMIT, cursor: cursor ?? undefined } }),
  }
}

/** A list that is short by nature (stores, policies …), read whole. */
function listOf<Item>(queryKey: readonly unknown[], path: string) {
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }) =>
      (await request<Page<Item>>('GET', path, { signal, query: { limit: PAGE_LIMIT } })).items,
    staleTime: SETTINGS_STALE_MS,
  })
}
