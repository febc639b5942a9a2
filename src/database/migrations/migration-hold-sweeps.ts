import { type Connection, type Database, inTransaction } from '../postgres.ts'
import { IS_FREE } from './migration-holds.ts'
import { IS_REPLACEABLE } from './replace-waiting.ts'

/** Migrations one statement looks at. */
const BATCH_MAX = 5_000
/** Between the two passes: no statement that plans migrations takes longer. */
const PASS_AGAIN_SECONDS = 60

/**
 * Takes migrations of paused stores and plans out of the queue, and puts back those that may go on: one batch
 * of the pass that was asked for, in the order of objects. Resolves to how many migrations it looked at; 0 when
 * no pass is due or another process does it.
 *
 * The planner looks again at what waits for a full location and was not asked for by a person: another place may do.
 *
 * It only keeps the queue short. A pause holds from the moment it is committed, whatever this has done.
 */
export async function sweepHolds(database: Database): Promise<number> {
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{ sweptTo: string | null }>({
      name: 'migration_hold_sweep_take',
      text: `
        select swept_to as "sweptTo" from migration_hold_sweep
        where passes_left > 1 or (passes_left = 1
          and (swept_to is not null or asked_at < now() - interval '${PASS_AGAIN_SECONDS} seconds'))
        for update skip locked`,
    })
    return rows[0] === undefined ? 0 : sweepBatch(connection, rows[0].sweptTo)
  })
}

async function sweepBatch(connection: Connection, after: string | null): Promise<number> {
  const { rows } = await connection.query<{ looked: number; last: string | null }>({
    name: 'migration_hold_sweep_batch',
    text: `
      with batch as (
        select m.id, m.object_id, m.held, not ${IS_FREE} as should_be_held,
               ${IS_REPLACEABLE} as is_replaceable
        from migration m
        where m.finished_at is null and ($1::uuid is null or m.object_id > $1)
        order by m.object_id limit ${BATCH_MAX}
      ), wrong as (
        select m.id, m.object_id, b.should_be_held, b.is_replaceable from migration m join batch b on b.id = m.id
        where b.held <> b.should_be_held order by m.id for update of m skip locked
      ), righted as (
        update migration m set held = wrong.should_be_held from wrong where m.id = wrong.id
      ), reviewed as (
        insert into object_review as r (object_id, review_ms, reason)
        select object_id, 0, 'requested' from wrong where should_be_held and is_replaceable order by object_id
        on conflict (object_id) do update set review_ms = 0, reason = excluded.reason where r.review_ms > 0
      )
      select count(*) as looked, (array_agg(object_id order by object_id desc))[1] as last from batch`,
    values: [after],
  })
  const { looked, last } = rows[0]!
  const isOver = looked < BATCH_MAX
  await connection.query({
    name: 'migration_hold_sweep_note',
    text: `update migration_hold_sweep set swept_to = $1, passes_left = passes_left - $2::smallint`,
    values: [isOver ? null : last, isOver ? 1 : 0],
  })
  // An empty pass was work, too: the next one may be due.
  return Math.max(looked, 1)
}
