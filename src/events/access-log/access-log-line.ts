import type { AccessOperation } from '../../domain/access-event.ts'
import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'

/** One request for an object, as an access log tells it. */
export interface LoggedRequest {
  readonly at: Instant
  /** The object's key: the path as the client meant it, without its leading slash. */
  readonly key: string
  readonly operation: AccessOperation
  /** The HTTP status that was answered. */
  readonly status: number
  /** Bytes of content sent; 0 where the log says nothing. */
  readonly bytes: Bytes
  /** The size of the whole object where the log tells it (S3 does), else null. */
  readonly objectBytes: Bytes | null
}

/**
 * What a line is: a request for an object; something that is well formed but no such request (`other`: a
 * listing, an OPTIONS, a lifecycle action); or not a line of any format we know.
 */
export type AccessLogLine =
  | { readonly kind: 'request'; readonly request: LoggedRequest }
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'malformed'; readonly reason: string }

export function malformed(reason: string): AccessLogLine {
  return { kind: 'malformed', reason }
}

/** The key of a path or of an object's name: without one leading slash; the root keeps its slash. */
export function keyOfPath(path: string): string {
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path
}

/** Undoes percent encoding; a text that is not percent encoding stays as it is. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** A count of bytes; `-` (nothing was sent) is 0. Null when it is neither. */
export function parseBytes(text: string): Bytes | null {
  if (text === '-') return 0
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : null
}

const LOG_TIME = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The moment of `10/Oct/2000:13:55:36 -0700`. Null when it is no such moment. */
export function parseLogTime(text: string): Instant | null {
  const [, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes] = LOG_TIME.exec(text) ?? []
  const monthIndex = MONTHS.indexOf(month ?? '')
  if (monthIndex < 0) return null
  const local = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second))
  // 31/Feb and 25:00 would roll over into another day.
  if (new Date(local).getUTCDate() !== Number(day) || Number(minute) > 59) return null
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return sign === '+' ? local - zoneMs : local + zoneMs
}
