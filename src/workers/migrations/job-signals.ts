import { MIB } from '../../domain/bytes.ts'
import type { Clock, Instant } from '../../domain/clock.ts'
import { SECOND } from '../../domain/duration.ts'
import { noteDeadline } from '../../domain/request-deadline.ts'
import { deadlineMs } from '../../migration/backoff.ts'
import type { Timers } from '../timers.ts'

/** Requests with so many bytes take about as long as those with none. */
export const BRIEF_BYTES_MAX = MIB
/** How long a signal of brief requests is handed out, in wall milliseconds: they get so much more time. */
const BRIEF_SHARED_MS = 5 * SECOND
/** How long a brief request may take whose signal is new, in wall milliseconds. */
const BRIEF_MS_MAX = deadlineMs(BRIEF_BYTES_MAX) + BRIEF_SHARED_MS
/** How long a lane's time-out is handed out, in wall milliseconds. */
const LANE_SHARED_MS = SECOND
/** How long works that share a transaction wait for one of them, in wall milliseconds; up to a second less. */
export const LANE_MS_MAX = 5 * SECOND + LANE_SHARED_MS

/**
 * The time-outs of a mover's small requests, each shared by all jobs that ask for one within the same seconds:
 * a thousand small objects make thousands of requests a second.
 */
class SharedTimeouts {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #ms: number
  readonly #sharedMs: number
  #current: SharedTimeout | null = null

  constructor(options: { clock: Clock; timers: Timers; ms: number; sharedMs: number }) {
    this.#clock = options.clock
    this.#timers = options.timers
    this.#ms = options.ms
    this.#sharedMs = options.sharedMs
  }

  /** The time-out for requests that begin now. */
  current(): SharedTimeout {
    const now = this.#clock.now()
    if (this.#current === null || !this.isFresh(this.#current)) {
      this.#current = new SharedTimeout(now, this.#timers.timeoutSignal(this.#ms))
    }
    return this.#current
  }

  /** Whether requests that begin now may still take this one. */
  isFresh({ madeAt, timeout }: SharedTimeout): boolean {
    // A wall clock that is set back makes nothing young again that is over.
    return !timeout.aborted && Math.abs(this.#clock.now() - madeAt) < this.#sharedMs
  }
}

/** One time-out and whom it ends. */
class SharedTimeout {
  readonly madeAt: Instant
  readonly timeout: AbortSignal
  readonly members = new Set<AbortController>()

  constructor(madeAt: Instant, timeout: AbortSignal) {
    this.madeAt = madeAt
    this.timeout = timeout
    const end = () => {
      for (const member of this.members) member.abort(timeout.reason)
    }
    timeout.addEventListener('abort', end, { once: true })
  }
}

/** The shared time-outs of a mover. */
export interface MoverTimeouts {
  readonly brief: SharedTimeouts
  readonly lane: SharedTimeouts
}

/** Makes the shared time-outs of a mover. */
export function moverTimeouts(clock: Clock, timers: Timers): MoverTimeouts {
  return {
    brief: new SharedTimeouts({ clock, timers, ms: BRIEF_MS_MAX, sharedMs: BRIEF_SHARED_MS }),
    lane: new SharedTimeouts({ clock, timers, ms: LANE_MS_MAX, sharedMs: LANE_SHARED_MS }),
  }
}

/** A signal that ends with its job or with a shared time-out. */
interface Limited {
  readonly controller: AbortController
  readonly timeout: SharedTimeout
}

/**
 * The signals of one job: its own, and those of its small requests, which end when the job does or when their
 * time is over. They are told by hand and let go by hand, where `joinSignals` leaves that to the garbage
 * collector; see docs/decisions/0013.
 */
export class JobSignals {
  readonly #own = new AbortController()
  readonly #timeouts: MoverTimeouts
  readonly #timers: Timers
  readonly #limited = new Set<Limited>()
  #brief: Limited | null = null
  #lane: Limited | null = null

  constructor(timeouts: MoverTimeouts, timers: Timers) {
    this.#timeouts = timeouts
    this.#timers = timers
  }

  /** Aborts with the reason of the interruption. */
  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** Ends requests early while other migrations wait in the same transaction; null while none do. */
  get lane(): AbortSignal | null {
    return this.#lane?.controller.signal ?? null
  }

  interrupt(reason: unknown): void {
    this.#own.abort(reason)
    for (const { controller } of this.#limited) controller.abort(reason)
  }

  /**
   * For a request with at most {@link BRIEF_BYTES_MAX} bytes. Where a store has a budget, its time begins when
   * its turn has come.
   */
  brief(): AbortSignal {
    if (this.#brief !== null && this.#timeouts.brief.isFresh(this.#brief.timeout)) {
      return this.#brief.controller.signal
    }
    this.#brief = this.#limit(this.#timeouts.brief)
    const { signal } = this.#brief.controller
    const timeoutSignal = (ms: number) => this.#timers.timeoutSignal(ms)
    noteDeadline(signal, { signal: this.signal, ms: BRIEF_MS_MAX, timeoutSignal })
    return signal
  }

  enterLane(): void {
    this.#lane = this.#limit(this.#timeouts.lane)
  }

  leaveLane(): void {
    if (this.#lane !== null) this.#letGo(this.#lane)
    this.#lane = null
  }

  /** The job is over: nothing ends its signals any more. */
  end(): void {
    for (const limited of this.#limited) this.#letGo(limited)
    this.#brief = null
    this.#lane = null
  }

  #limit(timeouts: SharedTimeouts): Limited {
    const limited = { controller: new AbortController(), timeout: timeouts.current() }
    this.#limited.add(limited)
    limited.timeout.members.add(limited.controller)
    if (this.signal.aborted) limited.controller.abort(this.signal.reason)
    return limited
  }

  #letGo(limited: Limited): void {
    this.#limited.delete(limited)
    limited.timeout.members.delete(limited.controller)
  }
}
