import { insertActivities } from '../../database/people/activities.ts'
import type { Database } from '../../database/postgres.ts'
import { scheduleReconcileRun } from '../../database/upkeep/reconcile-schedule.ts'
import { DAY, MINUTE } from '../../domain/duration.ts'
import { principal } from '../../domain/principal.ts'
import type { ReconcileSettings } from '../../domain/reconcile.ts'
import type { Loop } from '../loop.ts'

/** Hours matter to a schedule, minutes do not. */
const IDLE_MS = MINUTE
const SCHEDULER = principal('system', 'reconcile-schedule')

/** A run that nobody watches only looks and writes down: people decide what is deleted. */
const SETTINGS: ReconcileSettings = {
  deletes: false,
  apartMs: DAY,
  deletionsMax: 0,
  deletedBytesMax: 0,
  deletedShareMax: 0,
  acceptMissing: false,
}

/**
 * The loop that asks for a comparison of every container with the catalog each so many hours, one at a time
 * per container. `everyHours` 0: never.
 */
export function scheduleReconcileLoop(options: {
  readonly database: Database
  readonly everyHours: number
}): Loop {
  const { database, everyHours } = options
  return {
    name: 'schedule-reconcile',
    idleMs: IDLE_MS,
    async step() {
      if (everyHours === 0) return 0
      const run = await scheduleReconcileRun(database, {
        everyHours,
        settings: SETTINGS,
        principal: SCHEDULER,
      })
      if (run === null) return 0
      await insertActivities(database, [
        {
          kind: 'reconcile.scheduled',
          subject: run.locationName,
          detail: { id: run.id, everyHours },
          principal: SCHEDULER,
        },
      ])
      return 1
    },
  }
}
