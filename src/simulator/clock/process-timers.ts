import type { Timers } from '../../workers/timers.ts'
import type { Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** The timers of one process. */
export function timersOf(scheduler: Scheduler, owner: Process): Timers {
  return {
    sleep: (ms, signal) =>
      new Promise(resolve => {
        if (signal.aborted) return resolve()
        const finish = () => {
          callOff()
          signal.removeEventListener('abort', finish)
          resolve()
        }
        const callOff = scheduler.add(ms, owner, finish)
        signal.addEventListener('abort', finish)
      }),
    timeoutSignal: ms => {
      const controller = new AbortController()
      const timedOut = () => controller.abort(new DOMException('it took too long', 'TimeoutError'))
      scheduler.addDeadline(ms, owner, timedOut)
      return controller.signal
    },
  }
}
