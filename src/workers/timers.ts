/** What waits for wall time to pass. A simulation has its own, so that no real time passes. */
export interface Timers {
  /** Waits so many milliseconds; resolves early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** A signal that aborts after so many milliseconds, with a `TimeoutError`. */
  timeoutSignal(ms: number): AbortSignal
}

/** The timers of the machine. */
export const systemTimers: Timers = { sleep: rest, timeoutSignal: ms => AbortSignal.timeout(ms) }

/** Waits; resolves early when the signal aborts. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}
