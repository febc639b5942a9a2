import { endDrillsInTime } from '../database/catalog/store-limits.ts'
import { insertActivities } from '../database/people/activities.ts'
import { type Database, inTransaction } from '../database/postgres.ts'
import { principal } from '../domain/principal.ts'
import type { Loop } from './loop.ts'

const IDLE_MS = 5_000

/**
 * Tells that drills ended, and forgets them. They end by themselves: nothing fails on purpose after their
 * time.
 */
export function endDrillsLoop({ database }: { database: Database }): Loop {
  return {
    name: 'end-drills',
    idleMs: IDLE_MS,
    async step() {
      return inTransaction(database, async connection => {
        const ended = await endDrillsInTime(connection)
        await insertActivities(
          connection,
          ended.map(({ id, name }) => ({
            kind: 'store.drill-ended',
            subject: name,
            detail: { id },
            principal: principal('system', 'drills'),
          })),
        )
        return ended.length
      })
    },
  }
}
