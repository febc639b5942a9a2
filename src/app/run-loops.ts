import { type Loop, runLoop } from '../workers/loop.ts'
import type { RunningRole, ServerParts } from './server-parts.ts'

/** Runs loops side by side until stopped; `afterwards` is called when all of them have ended. */
export function runLoops(
  parts: Pick<ServerParts, 'log' | 'metrics'>,
  loops: readonly Loop[],
  afterwards: () => Promise<void> = async () => undefined,
): RunningRole {
  const controller = new AbortController()
  const running = loops.map(loop => runLoop(loop, { signal: controller.signal, log: parts.log }))
  return {
    url: null,
    async stop() {
      controller.abort()
      await Promise.all(running)
      await afterwards()
    },
  }
}
