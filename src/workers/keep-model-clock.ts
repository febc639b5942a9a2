import { MODEL_CLOCK_NOTED_EVERY_MS, noteModelClock } from '../database/model-clock.ts'
import type { Database } from '../database/postgres.ts'
import type { Clock, ModelClockAnchor } from '../domain/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Loop } from './loop.ts'

/**
 * Notes what the model clock shows, so that a restart never shows less. Says so when
 * another process has changed the clock's scale: this one keeps its own until it is restarted.
 */
export function keepModelClockLoop(options: {
  database: Database
  clock: Clock
  anchor: ModelClockAnchor
  log: Logger
}): Loop {
  const { database, clock, anchor, log } = options
  let warned = false
  return {
    name: 'keep-model-clock',
    idleMs: MODEL_CLOCK_NOTED_EVERY_MS,
    async step() {
      const stored = await noteModelClock(database, clock.now())
      if (stored !== null && stored.scale !== anchor.scale && !warned) {
        warned = true
        log.warn(
          { ours: anchor.scale, stored: stored.scale },
          'the scale of the model clock was changed: restart',
        )
      }
      return 0
    },
  }
}
