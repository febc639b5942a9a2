import type { Activity, OverviewTick } from './types.ts'

/** The stream ticks once a second; silence this long means the connection is dead even if nobody said so. */
const SILENCE_MAX_MS = 8_000
const WATCH_EVERY_MS = 1_000
const REOPEN_FIRST_MS = 1_000
const REOPEN_MAX_MS = 15_000

export type LiveStatus = 'connecting' | 'live' | 'lost'

interface LiveStreamOptions {
  readonly url: string
  readonly onTick: (tick: OverviewTick) => void
  readonly onActivity: (activity: Activity) => void
  /** Called on every change. `resumed` is true when a lost stream came back. */
  readonly onStatus: (status: LiveStatus, resumed: boolean) => void
}

/**
 * Listens to the API's stream until closed. The browser reconnects a broken stream by itself and sends
 * Last-Event-ID, so that activities are not missed; a refused or silent one is opened anew with growing
 * pauses, and whoever listens then reads everything again (`resumed`).
 */
export function openLiveStream(options: LiveStreamOptions): () => void {
  let status: LiveStatus = 'connecting'
  let source: EventSource | null = null
  let heardAt = Date.now()
  let reopenAfterMs = REOPEN_FIRST_MS
  let reopenTimer: ReturnType<typeof setTimeout> | null = null

  function become(next: LiveStatus): void {
    if (next === status) return
    const resumed = status === 'lost' && next === 'live'
    status = next
    options.onStatus(next, resumed)
  }

  function heard(): void {
    heardAt = Date.now()
    reopenAfterMs = REOPEN_FIRST_MS
    become('live')
  }

  function open(): void {
    reopenTimer = null
    heardAt = Date.now()
    const opened = new EventSource(options.url)
    source = opened
    opened.onopen = heard
    opened.addEventListener('overview', event => {
      heard()
      options.onTick(JSON.parse((event as MessageEvent<string>).data) as OverviewTick)
    })
    opened.addEventListener('activity', event => {
      heard()
      options.onActivity(JSON.parse((event as MessageEvent<string>).data) as Activity)
    })
    opened.onerror = () => {
      become('lost')
      if (opened.readyState === EventSource.CLOSED) reopen()
    }
  }

  function reopen(): void {
    source?.close()
    if (reopenTimer !== null) return
    reopenTimer = setTimeout(open, reopenAfterMs)
    reopenAfterMs = Math.min(REOPEN_MAX_MS, reopenAfterMs * 2)
  }

  const watch = setInterval(() => {
    if (reopenTimer !== null || Date.now() - heardAt <= SILENCE_MAX_MS) return
    become('lost')
    reopen()
  }, WATCH_EVERY_MS)

  open()
  return () => {
    clearInterval(watch)
    if (reopenTimer !== null) clearTimeout(reopenTimer)
    source?.close()
  }
}
