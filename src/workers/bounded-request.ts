import { joinSignals } from '../domain/join-signals.ts'
import { withDeadline } from '../domain/request-deadline.ts'
import type { StoreError } from '../stores/object-store.ts'
import { systemTimers, type Timers } from './timers.ts'

/**
 * Ends a request when its worker stops, or when the store takes longer than so many wall milliseconds. Where the
 * store has a budget, the time begins when the request's turn has come: however many wait before it, that says
 * nothing of the store.
 */
export function boundedSignal(
  signal: AbortSignal,
  ms: number,
  timers: Pick<Timers, 'timeoutSignal'> = systemTimers,
): AbortSignal {
  return withDeadline({ signal, ms, timeoutSignal: given => timers.timeoutSignal(given) })
}

/**
 * The same for a request that others wait for, because an object is locked meanwhile: its time runs at once, and
 * where the store has a budget it goes before those that can wait.
 */
export function urgentSignal(
  signal: AbortSignal,
  ms: number,
  timers: Pick<Timers, 'timeoutSignal'> = systemTimers,
): AbortSignal {
  return joinSignals([signal, timers.timeoutSignal(ms)])
}

/** Whether the same request may work later: its store was away, or hung until the request's time was over. */
export function mayWorkLater(error: StoreError): boolean {
  const { cause, kind, retry } = error
  return retry !== 'no' || (kind === 'aborted' && cause instanceof Error && cause.name === 'TimeoutError')
}
