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
 * came.
 */
export function withDeadline(deadline: RequestDeadline): AbortSignal {
  const signal = joinSignals([deadline.signal, deadline.timeoutSignal(deadline.ms)])
  noteDeadline(signal, deadline)
  return signal
}

/** Says of a signal, which keeps the deadline in its own way, that {@link deadlineOf} finds the deadline by it. */
export function noteDeadline(signal: AbortSignal, deadline: RequestDeadline): void {
  deadlines.set(signal, deadline)
}

/** The deadline a signal was made with, or null. */
export function deadlineOf(signal: AbortSignal | undefined): RequestDeadline | null {
  return signal === undefined ? null : (deadlines.get(signal) ?? null)
}
