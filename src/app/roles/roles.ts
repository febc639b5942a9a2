import type { RoleName } from '../role-names.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'
import { startApiRole } from './api-role.ts'
import { startGatewayRole } from './gateway-role.ts'
import { startIngestRole } from './ingest-role.ts'
import { startMigratorRole } from './migrator-role.ts'
import { startPlannerRole } from './planner-role.ts'
import { startScrubberRole } from './scrubber-role.ts'

/** The roles of a process: what each does, and how it is started. They meet only in the database. */
export const ROLES: Readonly<
  Record<RoleName, { readonly purpose: string; start(parts: ServerParts): Promise<RunningRole> }>
> = {
  api: { purpose: 'serves the control plane, the live stream and the dashboard', start: startApiRole },
  gateway: { purpose: 'answers S3 clients', start: startGatewayRole },
  ingest: { purpose: 'turns access events into counters and heat', start: startIngestRole },
  planner: {
    purpose: 'decides where objects should live, imports containers, keeps history',
    start: startPlannerRole,
  },
  migrator: { purpose: 'moves objects and deletes what they left behind', start: startMigratorRole },
  scrubber: {
    purpose: 'compares copies with the catalog, and has bad ones repaired',
    start: startScrubberRole,
  },
}
