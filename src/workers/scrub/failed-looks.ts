import type { Instant } from '../../domain/clock.ts'
import { DAY, HOUR, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { outageAfter } from '../../migration/outage.ts'
import type { StoreErrorKind } from '../../stores/object-store.ts'

/** How long a copy is left alone that could not be looked at, in wall milliseconds; doubles with each failure. */
const REST_MS = 60 * SECOND
const REST_MS_MAX = HOUR
/** How many copies are remembered; the one that failed first is forgotten first. */
const COPIES_MAX = 10_000
/** So many readings in a row fail before a copy counts as unreadable. */
const ROUNDS_MIN = 5
/** From then on, unreadable copies are no passing trouble of a store that hands out nothing. */
const TROUBLE_MS_MAX = DAY

interface FailedLook {
  readonly until: Instant
  /** When the first of the failed readings in a row was; null while none was. */
  readonly since: Instant | null
  readonly rounds: number
  /** So many times in a row nothing could be found out. */
  readonly rests: number
}

const NEVER_FAILED = { rests: 0, rounds: 0, since: null } as const

function restMsAfter(failures: number): number {
  return Math.min(REST_MS * 2 ** failures, REST_MS_MAX)
}

/**
 * Which copies could not be looked at: how long each rests, and which fail so often that they must be taken for
 * unreadable.
 *
 * A reading that fails is held against the copy once its store has read another copy since the first failure,
 * or, where the store reads nothing or is said to be away, after a day: a store in trouble is no thousand bad
 * copies.
 */
export class FailedLooks {
  readonly #copies = new Map<Uuid, FailedLook>()
  /** When each store last handed out a whole copy. */
  readonly #readAt = new Map<Uuid, Instant>()

  /** The copies that are left alone now. */
  resting(now: Instant): Uuid[] {
    return [...this.#copies].flatMap(([id, { until }]) => (until > now ? [id] : []))
  }

  /** Leaves a copy alone of which nothing could be found out: each time longer, or for `ms`. */
  rest(copyId: Uuid, now: Instant, ms?: number): void {
    const { rests, rounds, since } = this.#copies.get(copyId) ?? NEVER_FAILED
    this.#remember(copyId, { until: now + (ms ?? restMsAfter(rests)), rounds, since, rests: rests + 1 })
  }

  /** Notes that a copy could not be read although its store tells of it. */
  note(failure: { copyId: Uuid; storeId: Uuid; kind: StoreErrorKind; now: Instant }): {
    readonly isGivenUp: boolean
    readonly rounds: number
  } {
    const { copyId, kind, now, storeId } = failure
    const before = this.#copies.get(copyId) ?? NEVER_FAILED
    const since = before.since ?? now
    const rounds = before.rounds + 1
    this.#remember(copyId, { until: now + restMsAfter(rounds - 1), rounds, since, rests: before.rests })
    const isAway = outageAfter(undefined, kind, now) !== null
    const readsOthers = !isAway && (this.#readAt.get(storeId) ?? Number.NEGATIVE_INFINITY) >= since
    return { rounds, isGivenUp: rounds >= ROUNDS_MIN && (readsOthers || now - since >= TROUBLE_MS_MAX) }
  }

  /** Notes that a store handed out a whole copy. */
  noteRead(storeId: Uuid, now: Instant): void {
    this.#readAt.set(storeId, now)
  }

  forget(copyId: Uuid): void {
    this.#copies.delete(copyId)
  }

  #remember(copyId: Uuid, look: FailedLook): void {
    const oldest = this.#copies.keys().next().value
    if (!this.#copies.has(copyId) && this.#copies.size >= COPIES_MAX && oldest !== undefined)
      this.#copies.delete(oldest)
    this.#copies.set(copyId, look)
  }
}
