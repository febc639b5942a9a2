import { type Loop, runLoop } from '../workers/loop.ts'
import type { RunningRole, ServerParts } from './server-parts.ts'

/** Runs loops side by side until stopped; `afterwards` is called when all of them have ended. */
export function runLoops(
  parts: Pick<ServerParts, 'log' | 'metrics'>,
  loops: readonly Loop[],
  afterwards: () => Promise<void> = async () => undefined,
): RunningRole {
  const controller = new AbortController()
  const running = loops.map(loop =>
    runLoop(counted(loop, parts), { signal: controller.signal, log: parts.log }),
  )
  return {
    url: null,
    async stop() {
      controller.abort()
      await Promise.all(running)
      await afterwards()
    },
  }
}

/** The same loop; its steps are counted by how they ended. */
function counted(loop: Loop, parts: Pick<ServerParts, 'metrics'>): Loop {
  const count = (outcome: string) => parts.metrics.loopSteps.inc({ loop: loop.name, outcome })
  return {
    ...loop,
    async step(signal) {
      try {
        const done = await loop.step(signal)
        count(done > 0 ? 'worked' : 'idle')
        return done
      } catch (error) {
        count('failed')
        throw error
      }
    },
  }
}
