import type { Instant } from '../domain/clock.ts'

/** A moment of either clock as answers show it. */
export function timeText(at: Date | Instant): string {
  return new Date(at).toISOString()
}

/** A moment that may be missing. */
export function optionalTimeText(at: Date | Instant | null): string | null {
  return at === null ? null : timeText(at)
}
