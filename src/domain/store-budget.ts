import type { Instant } from './clock.ts'

/** What background work may ask of a store during some hours of the day. At least one of the rates is given. */
export interface BudgetWindow {
  /** `HH:MM` by the clock of `timeZone`; without `from` and `to` the window is always open. */
  readonly from?: string | undefined
  /** Before `from`, the window goes over midnight; the same as `from`, it is always open. */
  readonly to?: string | undefined
  /** A name of the IANA data base, for example `Europe/Berlin`. Default: UTC. */
  readonly timeZone?: string | undefined
  /** Bytes of content, to and from the store together. Range: at least 1. */
  readonly bytesPerSecond?: number | undefined
  /** Range: above 0. */
  readonly requestsPerSecond?: number | undefined
}

/** How fast a store may be used; null is without a limit. */
export interface BudgetRates {
  readonly bytesPerSecond: number | null
  readonly requestsPerSecond: number | null
}

/** The first window that is open says how fast the store may be used; when none is, nothing limits it. */
export type StoreBudget = readonly BudgetWindow[]

const UNLIMITED: BudgetRates = { bytesPerSecond: null, requestsPerSecond: null }

/** The rates that hold at an instant of the wall clock. */
export function ratesAt(budget: StoreBudget, at: Instant): BudgetRates {
  const open = budget.find(window => isOpen(window, at))
  if (open === undefined) return UNLIMITED
  return {
    bytesPerSecond: open.bytesPerSecond ?? null,
    requestsPerSecond: open.requestsPerSecond ?? null,
  }
}

function isOpen(window: BudgetWindow, at: Instant): boolean {
  if (window.from === undefined || window.to === undefined || window.from === window.to) return true
  const time = timeOfDay(window.timeZone ?? 'UTC', at)
  return window.from < window.to
    ? window.from <= time && time < window.to
    : time >= window.from || time < window.to
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** `HH:MM` on a clock in this zone. */
function timeOfDay(timeZone: string, at: Instant): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timeZone, format)
  }
  return format.format(at)
}

/** Whether the clocks of this machine know the zone. */
export function isTimeZone(name: string): boolean {
  try {
    timeOfDay(name, 0)
    return true
  } catch {
    // `RangeError` is how an unknown zone is told.
    return false
  }
}
