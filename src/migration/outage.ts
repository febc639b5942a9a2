import { HOUR, MINUTE, SECOND } from '../domain/duration.ts'
import type { Outage } from '../domain/migration.ts'
import { doubledMs } from './backoff.ts'

/** While a store does not answer: so long after its return, at most, everything goes on. */
const AWAY = { first: SECOND, longest: 30 * SECOND } as const
/** While a store asks for fewer requests: coming back soon would be one more of them. */
const THROTTLED = { first: 2 * SECOND, longest: MINUTE } as const
/** A store that fails one migration for longer than this is no passing outage: tries count from then on. */
const OUTAGE_MS_MAX = 24 * HOUR

/** A full store says nothing against an object, however long it stays full. */
const WITHOUT_END: ReadonlySet<string> = new Set(['store-full'])
/** Errors that tell of a store and not of the object: a hundred of them prove nothing against a migration. */
const OUTAGE_KINDS: ReadonlySet<string> = new Set(['unreachable', 'throttled', 'timeout', 'clock-skewed'])
/** So long a store that refuses all it is asked may be the reason; one object that may not be read counts then. */
const REFUSAL_MS_MAX = HOUR

/**
 * What a failure adds to an outage, or null when it has to count as a try: because it tells of the object,
 * or because the outage lasts for longer than 24 hours; a store may be full for longer. `now` is wall milliseconds.
 *
 * `isStoreRefusing`: one of the stores refused all it was asked lately; refusals tell of the store then, for
 * an hour.
 */
export function outageAfter(
  before: Outage | undefined,
  errorKind: string,
  now: number,
  isStoreRefusing = false,
): Outage | null {
  if (WITHOUT_END.has(errorKind)) return { since: before?.since ?? now, rests: (before?.rests ?? 0) + 1 }
  const isRefusal = errorKind === 'access-denied' && isStoreRefusing
  if (!isRefusal && !OUTAGE_KINDS.has(errorKind)) return null
  if (before === undefined) return { since: now, rests: 1 }
  return now - before.since > (isRefusal ? REFUSAL_MS_MAX : OUTAGE_MS_MAX)
    ? null
    : { since: before.since, rests: before.rests + 1 }
}

/**
 * How long a migration rests in an outage: doubles from one second to thirty, from two to sixty where the store
 * throttles; the upper half of it by chance.
 *
 * `random` is from [0, 1). Units: wall milliseconds. Range: 500 to 60,000.
 */
export function outageRestMs(outage: Outage, random: number, errorKind: string): number {
  return doubledMs(outage.rests, errorKind === 'throttled' ? THROTTLED : AWAY, random)
}
