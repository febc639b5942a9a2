import { UNKNOWN } from './quantity.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365.25 * DAY

/** A length of time in its largest fitting unit: 4 s, 12 min, 3.5 h, 12 d, 2.1 y. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return UNKNOWN
  const span = Math.abs(milliseconds)
  if (span < SECOND) return `${Math.round(span)} ms`
  if (span < 59.5 * SECOND) return `${Math.round(span / SECOND)} s`
  if (span < 59.5 * MINUTE) return `${Math.round(span / MINUTE)} min`
  if (span < 23.95 * HOUR) return `${oneDecimalBelowTen(span / HOUR)} h`
  if (span < 2 * YEAR) return `${oneDecimalBelowTen(span / DAY)} d`
  return `${oneDecimalBelowTen(span / YEAR)} y`
}

/** A moment as people say it, from `now`: just now, 12 s ago, in 3 d. */
export function formatRelative(at: number, now: number): string {
  if (!Number.isFinite(at)) return UNKNOWN
  const difference = at - now
  if (Math.abs(difference) < SECOND) return 'just now'
  return difference < 0 ? `${formatDuration(difference)} ago` : `in ${formatDuration(difference)}`
}

/** A moment exactly, in UTC, as operators paste it: 2026-09-20 14:03:12 UTC. */
export function formatExact(at: number): string {
  if (!Number.isFinite(at)) return UNKNOWN
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The time of day in UTC: 14:03:12. */
export function formatTimeOfDay(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 19) : UNKNOWN
}

/** Days of a payback, which may never come: 12 d, never. */
export function formatDays(days: number | null): string {
  return days === null ? 'never' : formatDuration(days * DAY)
}

/** A time as the API sends it (ISO 8601 text or milliseconds) in milliseconds, or null when there is none. */
export function instantOf(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined) return null
  const at = typeof value === 'number' ? value : Date.parse(value)
  return Number.isFinite(at) ? at : null
}

function oneDecimalBelowTen(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value).toString()
}
