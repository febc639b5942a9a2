import { principal } from '../../domain/principal.ts'
import { expectedReadsLoop } from '../../workers/count-expected-reads.ts'
import { endDrillsLoop } from '../../workers/end-drills.ts'
import { importLoop } from '../../workers/imports/import-container.ts'
import { createPlanner } from '../../workers/plan-placements.ts'
import { RETENTION_DAYS_DEFAULT, retainHistoryLoop } from '../../workers/retain-history.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** Decides where objects should live, lists containers into the catalog, and lets go of old history. */
export async function startPlannerRole(parts: ServerParts): Promise<RunningRole> {
  const { config, database, log, modelClock, wallClock } = parts
  const planner = createPlanner({
    database,
    storeOf: storeId => parts.stores.openInBackground(storeId),
    modelClock,
    wallClock,
    log,
    metrics: parts.metrics,
    batchObjectsMax: config.planner.batchObjectsMax,
    idleMs: config.planner.idleMs,
  })
  const imports = importLoop({
    database,
    clock: modelClock,
    storeOf: storeId => parts.stores.openInBackground(storeId),
    log,
    principal: principal('system', 'import'),
    owner: parts.owner,
  })
  const history = retainHistoryLoop({
    database,
    modelClock,
    wallClock,
    eventSource: parts.eventLog.name,
    keep: RETENTION_DAYS_DEFAULT,
    log,
  })
  const reads = expectedReadsLoop({ database, modelClock, wallClock, owner: parts.owner })
  return runLoops(parts, [planner, imports, history, reads, endDrillsLoop({ database })])
}
