import type { Uuid } from '../../domain/identifiers.ts'
import type { MigrationState } from '../../domain/migration.ts'
import type { Principal } from '../../domain/principal.ts'
import { insertActivities } from '../people/activities.ts'
import { type Connection, type Database, inTransaction, type Queryable } from '../postgres.ts'
import { writeTimeline } from './migration-steps.ts'

/**
 * What people say of when something should be done; undefined leaves it as it is, a null deadline takes it
 * away.
 */
export interface Urgency {
  /** Higher goes first. Range: 0 to 100. */
  readonly priority?: number | undefined
  /** By when readers should get the target copy. */
  readonly dueAt?: Date | null | undefined
}

/**
 * What became of the wish. `not-now`: it has ended, so nothing is urgent any more. `being-cancelled`: it ends
 * ahead of everything else.
 */
export type UrgencyResult = 'done' | 'not-found' | 'not-now' | 'being-cancelled'

const CHANGES = `
  priority = coalesce($2::smallint, m.priority),
  due_at = case when $3 then $4::timestamptz else m.due_at end,
  deadline_missed_at = case when $3 then null else m.deadline_missed_at end`

/** Changes when one unfinished migration is taken up; the new values are on its timeline. */
export async function setMigrationUrgency(
  database: Database,
  id: Uuid,
  urgency: Urgency,
  principal: Principal,
): Promise<UrgencyResult> {
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{
      state: MigrationState
      isFinished: boolean
      isBeingCancelled: boolean
      fencingToken: number
    }>(
      `select state, finished_at is not null as "isFinished", fencing_token as "fencingToken",
              cancel_requested and grace_until_ms is null as "isBeingCancelled"
       from migration where id = $1 for update`,
      [id],
    )
    const migration = rows[0]
    if (migration === undefined) return 'not-found'
    if (migration.isFinished) return 'not-now'
    if (migration.isBeingCancelled) return 'being-cancelled'
    await connection.query(`update migration m set ${CHANGES} where m.id = $1`, [id, ...valuesOf(urgency)])
    await writeTimeline(connection, {
      migrationId: id,
      fencingToken: BigInt(migration.fencingToken),
      worker: principal,
      steps: [{ event: 'urgency-changed', from: migration.state, to: migration.state }],
      detail: { ...urgency },
    })
    return 'done'
  })
}

/**
 * Changes when a plan's migrations are taken up: those that are unfinished and not being cancelled, and those
 * that are planned later. A plan is approved with its deadline and priority, so both can be said while it is proposed.
 */
export async function setPlanUrgency(
  connection: Connection,
  id: Uuid,
  urgency: Urgency,
): Promise<UrgencyResult> {
  const { rows } = await connection.query<{ isOpen: boolean }>(
    `select state in ('proposed', 'approved') as "isOpen" from plan where id = $1 for update`,
    [id],
  )
  if (rows[0] === undefined) return 'not-found'
  if (!rows[0].isOpen) return 'not-now'
  const values = [id, ...valuesOf(urgency)]
  await connection.query(`update plan m set ${CHANGES} where m.id = $1`, values)
  // In the order in which workers lock them, and a plan is bounded.
  await connection.query(
    `with ours as (
       select id from migration
       where plan_id = $1 and finished_at is null and not cancel_requested order by id for update
     )
     update migration m set ${CHANGES} from ours where m.id = ours.id`,
    values,
  )
  return 'done'
}

function valuesOf({ priority, dueAt }: Urgency): unknown[] {
  return [priority ?? null, dueAt !== undefined, dueAt ?? null]
}

/** Deadlines that passed. */
export interface MissedDeadlines {
  readonly plans: number
  /** Without those of plans: a plan speaks for its migrations. */
  readonly migrations: number
}

/**
 * Marks deadlines that passed before readers got the target copy, at most `limit` migrations and as many plans,
 * and tells people: once of a plan, and once of a migration whose deadline is its own.
 */
export async function markMissedDeadlines(
  database: Database,
  options: { readonly limit: number; readonly principal: Principal },
): Promise<MissedDeadlines> {
  return inTransaction(database, async connection => {
    const plans = await markPlans(connection, options.limit)
    const migrations = await markMigrations(connection, options.limit)
    const own = migrations.filter(({ isOwn }) => isOwn)
    const { principal } = options
    await insertActivities(connection, [
      ...plans.map(({ id, policyName, dueAt, left }) => ({
        kind: 'plan.deadline-missed',
        subject: id,
        detail: { policy: policyName, dueBy: dueAt.toISOString(), left },
        principal,
      })),
      ...own.map(({ id, bucket, key, dueAt }) => ({
        kind: 'migration.deadline-missed',
        subject: id,
        detail: { bucket, key, dueBy: dueAt.toISOString() },
        principal,
      })),
    ])
    return { plans: plans.length, migrations: own.length }
  })
}

async function markPlans(
  queryable: Queryable,
  limit: number,
): Promise<{ id: Uuid; policyName: string; dueAt: Date; left: number }[]> {
  const { rows } = await queryable.query<{ id: Uuid; policyName: string; dueAt: Date; left: number }>({
    name: 'plan_mark_missed_deadlines',
    text: `
      with missed as (
        select p.id from plan p
        where p.state = 'approved' and p.due_at <= now() and p.deadline_missed_at is null
        order by p.due_at limit $1 for update skip locked
      )
      update plan p set deadline_missed_at = now()
      from missed, policy
      where p.id = missed.id and policy.id = p.policy_id
        and (p.closed_at is null or exists (
          select from migration m
          where m.plan_id = p.id and m.finished_at is null and m.grace_until_ms is null))
      returning p.id, policy.name as "policyName", p.due_at as "dueAt",
        (select count(*) from migration m
         where m.plan_id = p.id and m.finished_at is null and m.grace_until_ms is null) as left`,
    values: [limit],
  })
  return rows
}

async function markMigrations(
  queryable: Queryable,
  limit: number,
): Promise<{ id: Uuid; bucket: string; key: string; dueAt: Date; isOwn: boolean }[]> {
  const { rows } = await queryable.query<{
    id: Uuid
    bucket: string
    key: string
    dueAt: Date
    isOwn: boolean
  }>({
    name: 'migration_mark_missed_deadlines',
    text: `
      with missed as (
        select m.id from migration m
        where m.finished_at is null and m.grace_until_ms is null and m.due_at <= now()
          and m.deadline_missed_at is null
        order by m.due_at, m.id limit $1 for update skip locked
      )
      update migration m set deadline_missed_at = now()
      from missed
      where m.id = missed.id
      returning m.id, coalesce((select name from bucket b where b.id = m.bucket_id), '(deleted)') as bucket,
        m.key, m.due_at as "dueAt",
        m.due_at is distinct from (select p.due_at from plan p where p.id = m.plan_id) as "isOwn"`,
    values: [limit],
  })
  return rows
}
