import { openModelClock } from '../database/model-clock.ts'
import type { Database } from '../database/postgres.ts'
import { type Clock, modelClock, wallClock } from '../domain/clock.ts'
import { principal } from '../domain/principal.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { keepModelClockLoop } from '../workers/keep-model-clock.ts'
import { runLoops } from './run-loops.ts'

/** The model clock of this database, running, and noted so that a restart never shows less. */
export interface PersistentClock {
  readonly clock: Clock
  readonly scale: number
  stop(): Promise<void>
}

/** An accelerated clock stands still while nothing runs: years of silence would cool everything at once. */
export async function startPersistentClock(
  database: Database,
  options: { scale: number; log: Logger; metrics: Metrics },
): Promise<PersistentClock> {
  const { scale, log, metrics } = options
  const anchor = await openModelClock(database, {
    scale,
    wallNow: wallClock.now(),
    standsStillWhileDown: scale !== 1,
    principal: principal('system', 'clock'),
  })
  const clock = modelClock(anchor)
  const keeping = runLoops({ log, metrics }, [keepModelClockLoop({ database, clock, anchor, log })])
  return { clock, scale: anchor.scale, stop: () => keeping.stop() }
}
