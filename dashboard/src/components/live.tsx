import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { type LiveStatus, openLiveStream } from '../api/live-stream.ts'
import { overviewQuery } from '../api/queries.ts'
import type { Activity, Overview, OverviewTick } from '../api/types.ts'

/** How much of the recent past the overview's charts keep, one point per second. */
const POINTS_MAX = 3_600
/** Activities come in swarms; what they make stale is read again at most this often. */
const REFRESH_EVERY_MS = 1_000
/** While the stream is lost, the overview is asked for this often. */
const POLL_MS = 5_000

/** Which cached answers an activity makes stale, by the noun it starts with. */
const STALE_AFTER: Readonly<Record<string, readonly string[]>> = {
  plan: ['plans', 'plan', 'plan-status', 'overview'],
  decision: ['plan', 'overview'],
  migration: ['migrations', 'migration', 'overview'],
  migrations: ['migrations', 'migration', 'plan-status', 'overview'],
  object: ['objects', 'object', 'scrub'],
  scrub: ['scrub'],
  reconcile: ['reconcile-runs', 'orphans'],
  orphan: ['orphans'],
  store: ['stores', 'migrations', 'migration', 'overview'],
  location: ['locations'],
  bucket: ['buckets'],
  policy: ['policies'],
  'price-book': ['price-books'],
  'dead-letter': ['dead-letters'],
}

export interface LiveState {
  readonly status: LiveStatus
  /** Browser time since which it is so. */
  readonly since: number
}

const LiveContext = createContext<LiveState>({ status: 'connecting', since: 0 })

export function useLive(): LiveState {
  return useContext(LiveContext)
}

/** Keeps everything shown fresh: by the stream while it lives, by asking while it does not. */
export function LiveProvider({ children }: { children: ReactNode }): ReactNode {
  const queries = useQueryClient()
  const [state, setState] = useState<LiveState>(() => ({ status: 'connecting', since: Date.now() }))
  useEffect(() => {
    const staleNouns = new Set<string>()
    const refresh = setInterval(() => refreshStale(queries, staleNouns), REFRESH_EVERY_MS)
    const close = openLiveStream({
      url: '/v1/stream',
      onTick: tick => queries.setQueryData(overviewQuery.queryKey, before => withTick(before, tick)),
      onActivity: activity => staleNouns.add(nounOf(activity)),
      onStatus: (status, resumed) => {
        setState({ status, since: Date.now() })
        // What happened meanwhile is not known here: everything shown is read again.
        if (resumed) void queries.invalidateQueries()
      },
    })
    return () => {
      clearInterval(refresh)
      close()
    }
  }, [queries])
  useEffect(() => {
    if (state.status !== 'lost') return
    const poll = setInterval(
      () => void queries.invalidateQueries({ queryKey: overviewQuery.queryKey }),
      POLL_MS,
    )
    return () => clearInterval(poll)
  }, [queries, state.status])
  return <LiveContext value={state}>{children}</LiveContext>
}

/** An overview brought up to date by a tick; ticks before the first whole answer change nothing. */
export function withTick(
  before: Overview | undefined,
  { point, ...tick }: OverviewTick,
): Overview | undefined {
  if (before === undefined) return undefined
  const isNew = point !== null && point.at > (before.series.at(-1)?.at ?? '')
  return { ...before, ...tick, series: isNew ? [...before.series, point].slice(-POINTS_MAX) : before.series }
}

function nounOf(activity: Activity): string {
  return activity.kind.split('.', 1)[0] ?? ''
}

function refreshStale(queries: QueryClient, staleNouns: Set<string>): void {
  const keys = new Set([...staleNouns].flatMap(noun => STALE_AFTER[noun] ?? []))
  staleNouns.clear()
  for (const key of keys) void queries.invalidateQueries({ queryKey: [key] })
}
