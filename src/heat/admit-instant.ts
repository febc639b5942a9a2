import type { Instant } from '../domain/clock.ts'
import { MINUTE } from '../domain/duration.ts'

/** How far ahead of our model clock a producer's clock may be. */
export const AHEAD_MS_MAX = 5 * MINUTE

/** Older than any access log still in use; a device without a clock says 1970. */
export const ACCESS_EARLIEST: Instant = Date.UTC(1990, 0, 1)

/** The moment under which an access is counted, and whether its own had to be changed. */
export interface AdmittedInstant {
  readonly at: Instant
  readonly clamped: 'future' | 'ancient' | null
}

/**
 * Brings an access time into the range we believe: more than {@link AHEAD_MS_MAX} ahead becomes now, before
 * {@link ACCESS_EARLIEST} becomes that. A read of 9999 would otherwise keep an object hot for ever; a read
 * of 1970 is counted and adds no heat that anyone can see.
 */
export function admitInstant(at: Instant, now: Instant): AdmittedInstant {
  if (at > now + AHEAD_MS_MAX) return { at: now, clamped: 'future' }
  if (!(at >= ACCESS_EARLIEST)) return { at: ACCESS_EARLIEST, clamped: 'ancient' }
  return { at, clamped: null }
}
