import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { ReconcileSettings } from '../../domain/reconcile.ts'
import { type Database, inTransaction } from '../postgres.ts'
import { createReconcileRun } from './reconcile-runs.ts'

/** The advisory lock under which runs are scheduled: the first 8 bytes of "dim-recs". */
const SCHEDULE_LOCK = '7235419207056909171'

/** A run that was asked for because it was time. */
export interface ScheduledRun {
  readonly id: Uuid
  readonly locationName: string
}

/**
 * Asks for the run of the container that nobody compared for the longest time, if that is `everyHours` or
 * more: since its last run began, or since its first location was added. Null when none is due. A container
 * has one run at a time, however many processes schedule; one whose store is paused, refuses us or is in a
 * drill is not looked at.
 */
export async function scheduleReconcileRun(
  database: Database,
  schedule: {
    readonly everyHours: number
    readonly settings: ReconcileSettings
    readonly principal: Principal
  },
): Promise<ScheduledRun | null> {
  return inTransaction(database, async connection => {
    await connection.query('select pg_advisory_xact_lock($1)', [SCHEDULE_LOCK])
    // A statement of its own: it sees what whoever had the lock before has asked for.
    const { rows } = await connection.query<{ id: Uuid; name: string }>({
      name: 'reconcile_due',
      text: `
        with container as (
          select distinct on (l.store_id, l.container) l.id, l.name, l.store_id, l.container, l.created_at
          from location l
          join store s on s.id = l.store_id
          where s.state = 'active' and (s.drill_until is null or s.drill_until < now())
          order by l.store_id, l.container, l.created_at, l.id)
        select c.id, c.name
        from container c
        left join lateral (
          select max(r.started_at) as began_at, bool_or(r.state = 'running') as is_running
          from reconcile_run r
          where r.store_id = c.store_id and r.container = c.container and r.prefix = ''
        ) as last on true
        where coalesce(last.began_at, c.created_at) <= now() - make_interval(secs => $1)
          and last.is_running is distinct from true
        order by coalesce(last.began_at, c.created_at), c.id
        limit 1`,
      values: [schedule.everyHours * 3_600],
    })
    const due = rows[0]
    if (due === undefined) return null
    const id = await createReconcileRun(connection, {
      locationId: due.id,
      prefix: '',
      source: { kind: 'listing' },
      settings: schedule.settings,
      principal: schedule.principal,
    })
    return id === null ? null : { id, locationName: due.name }
  })
}
