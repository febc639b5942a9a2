import { HOUR, SECOND } from '../domain/duration.ts'
import type { Outage } from '../domain/migration.ts'

/** The longest rest while a store does not answer: so long after its return everything goes on. */
const OUTAGE_REST_MS_MAX = 30 * SECOND
const OUTAGE_REST_MS_MIN = SECOND
/** A store that fails one migration for longer than this is no passing outage: tries count from then on. */
const OUTAGE_MS_MAX = 24 * HOUR

/** Errors that tell of a store and not of the object: a hundred of them prove nothing against a migration. */
const OUTAGE_KINDS: ReadonlySet<string> = new Set(['unreachable', 'throttled', 'timeout'])

/**
 * What a failure adds to an outage, or null when it has to count as a try: because it tells of the object,
 * or because the outage lasts for longer than 24 hours. `now` is wall milliseconds.
 */
export function outageAfter(before: Outage | undefined, errorKind: string, now: number): Outage | null {
  if (!OUTAGE_KINDS.has(errorKind)) return null
  if (before === undefined) return { since: now, rests: 1 }
  return now - before.since > OUTAGE_MS_MAX ? null : { since: before.since, rests: before.rests + 1 }
}

/**
 * How long a migration rests in an outage: doubles from one second to thirty, the upper half of it by chance.
 *
 * `random` is from [0, 1). Units: wall milliseconds. Range: 500 to 30,000.
 */
export function outageRestMs(outage: Outage, random: number): number {
  const doublings = Math.min(outage.rests - 1, 20)
  const longest = Math.min(OUTAGE_REST_MS_MIN * 2 ** doublings, OUTAGE_REST_MS_MAX)
  return Math.round(longest / 2 + (longest / 2) * random)
}
