import type { Logger } from '../telemetry/logger.ts'
import { rest } from './timers.ts'

/** One loop of a worker: what it does once, and how long it rests when there was nothing to do. */
export interface Loop {
  readonly name: string
  /** Does one bounded piece of work. Resolves to how much was done; 0 means there is nothing to do now. */
  step(signal: AbortSignal): Promise<number>
  /** Wall milliseconds to rest after a step that found nothing. */
  readonly idleMs: number
}

const BACKOFF_MS_MIN = 200
const BACKOFF_MS_MAX = 10_000

/**
 * Runs a loop until the signal aborts. A step that fails is logged and tried again after a pause that
 * doubles up to ten seconds, so that a database that restarts is met again and not stormed.
 */
export async function runLoop(loop: Loop, options: { signal: AbortSignal; log: Logger }): Promise<void> {
  let backoffMs = BACKOFF_MS_MIN
  while (!options.signal.aborted) {
    let restMs = 0
    try {
      restMs = (await loop.step(options.signal)) > 0 ? 0 : loop.idleMs
      backoffMs = BACKOFF_MS_MIN
    } catch (error) {
      if (options.signal.aborted) return
      options.log.error({ error, loop: loop.name }, 'a step failed and will be tried again')
      restMs = backoffMs
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX)
    }
    if (restMs > 0) await rest(restMs, options.signal)
  }
}
