import { joinSignals } from './join-signals.ts'

/** For how long a request may take, apart from what else may end it. */
export interface RequestDeadline {
  /** Ends the request for other reasons. */
  readonly signal: AbortSignal
  /** How long the store may take. Units: wall milliseconds. */
  readonly ms: number
  /** A signal that aborts after so many milliseconds, with a `TimeoutError`. */
  readonly timeoutSignal: (ms: number) => AbortSignal
}

const deadlines = new WeakMap<AbortSignal, RequestDeadline>()

/**
 * A signal that aborts when the deadline's own signal does or when its time is over. Whoever lets the request
 * wait for its turn finds the deadline again with {@link deadlineOf} and lets its time begin after the turn
 * came. `timeout` is a time-out that runs already and that many requests share.
 */
export function withDeadline(
  deadline: RequestDeadline,
  timeout: AbortSignal = deadline.timeoutSignal(deadline.ms),
): AbortSignal {
  const signal = joinSignals([deadline.signal, timeout])
  deadlines.set(signal, deadline)
  return signal
}

/** The deadline a signal was made with, or null. */
export function deadlineOf(signal: AbortSignal | undefined): RequestDeadline | null {
  return signal === undefined ? null : (deadlines.get(signal) ?? null)
}
