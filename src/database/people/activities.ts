import type { Principal } from '../../domain/principal.ts'
import type { Connection, Queryable } from '../postgres.ts'

/** Something people see happen: `noun.verb`, to what, by whom. */
export interface NewActivity {
  readonly kind: string
  /** A name or an id. */
  readonly subject: string
  /** Small, without secrets: it is shown to every viewer. */
  readonly detail: Readonly<Record<string, unknown>>
  readonly principal: Principal
}

/** An activity as its row keeps it. Ids ascend, but a later id may become visible first. */
export interface ActivityRow extends Omit<NewActivity, 'principal'> {
  readonly id: number
  readonly at: Date
  readonly principal: string
}

/** The channel on which a new activity is announced; the payload is empty. */
const ACTIVITY_CHANNEL = 'dim_activity'

const COLUMNS = 'id, at, kind, subject, detail, principal'

/** Adds activities and announces them when the transaction commits. */
export async function insertActivities(
  database: Queryable,
  activities: readonly NewActivity[],
): Promise<void> {
  if (activities.length === 0) return
  await database.query({
    name: 'activity_insert',
    text: `
      with added as (
        insert into activity (kind, subject, detail, principal)
        select kind, subject, detail, principal
        from jsonb_to_recordset($1::jsonb) as a (kind text, subject text, detail jsonb, principal text)
        returning id
      )
      select pg_notify('${ACTIVITY_CHANNEL}', '') from (select count(*) from added) as counted`,
    values: [JSON.stringify(activities)],
  })
}

/**
 * Has a connection notified of new activities until it is closed. Only hints: a broken connection loses them.
 */
export async function listenForActivities(connection: Connection, onHint: () => void): Promise<void> {
  connection.on('notification', onHint)
  await connection.query(`listen ${ACTIVITY_CHANNEL}`)
}

/** Activities after this id, oldest first. */
export async function listActivitiesAfter(
  database: Queryable,
  afterId: number,
  limit: number,
): Promise<ActivityRow[]> {
  const { rows } = await database.query<ActivityRow>({
    name: 'activity_list_after',
    text: `select ${COLUMNS} from activity where id > $1 order by id limit $2`,
    values: [afterId, limit],
  })
  return rows
}

/** One page of activities, newest first, those before `beforeId`. */
export async function listActivities(
  database: Queryable,
  page: { beforeId: number | null; limit: number },
): Promise<ActivityRow[]> {
  const { rows } = await database.query<ActivityRow>(
    `select ${COLUMNS} from activity where $1::bigint is null or id < $1 order by id desc limit $2`,
    [page.beforeId, page.limit],
  )
  return rows
}

/** The newest id, or 0. */
export async function newestActivityId(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ id: number }>('select coalesce(max(id), 0) as id from activity')
  return rows[0]?.id ?? 0
}

/** Forgets activities older than this many days, at most `limit`. Resolves to how many. */
export async function deleteOldActivities(
  database: Queryable,
  olderThanDays: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await database.query(
    `delete from activity where id = any (array(
       select id from activity where at < now() - make_interval(days => $1) order by at limit $2))`,
    [olderThanDays, limit],
  )
  return rowCount ?? 0
}
