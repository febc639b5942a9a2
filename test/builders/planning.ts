import type { Database } from '../../src/database/postgres.ts'
import type { Clock } from '../../src/domain/clock.ts'
import type { Uuid } from '../../src/domain/identifiers.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { createPlanner } from '../../src/workers/plan-placements.ts'

const STEPS_MAX = 200

/** Plans until the planner finds nothing to do. */
export async function planUntilRest(world: {
  readonly database: Database
  readonly modelClock: Clock
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
}): Promise<void> {
  const planner = createPlanner({ ...world, wallClock: { now: () => Date.now() }, log: silentLogger })
  for (let step = 0; step < STEPS_MAX; step++) {
    if ((await planner.step(new AbortController().signal)) === 0) return
  }
  throw new Error('the planner never came to rest')
}
