import type { Uuid } from '../../domain/identifiers.ts'
import type { MigrationState } from '../../domain/migration.ts'
import type { Queryable } from '../postgres.ts'
import { HELD_STORE_STATES, IS_FREE } from './migration-holds.ts'

/** Unfinished migrations in one state. */
export interface UnfinishedRow {
  readonly state: MigrationState
  readonly count: number
  readonly bytes: number
  /** Of the bytes, those that are copied already although the state does not say so. */
  readonly bytesCopied: number
  /** A person paused them one by one. */
  readonly paused: number
  /** Their plan or one of their stores is paused. */
  readonly held: number
  /** Neither, and their bytes. */
  readonly free: number
  readonly freeBytes: number
  /** A worker holds their lease. */
  readonly leased: number
  /** Past their deadline, or known to have missed it. */
  readonly overdue: number
}

/** Unfinished migrations by state: of one plan, or all of them. */
export async function countUnfinished(queryable: Queryable, planId?: Uuid): Promise<UnfinishedRow[]> {
  const { rows } = await queryable.query<UnfinishedRow>({
    name: planId === undefined ? 'queue_unfinished' : 'queue_unfinished_of_plan',
    text: `
      select state, count(*) as count, sum(size)::bigint as bytes,
             coalesce(sum(case when state = 'copying' then (evidence ->> 'bytesCopied')::bigint end), 0)::bigint
               as "bytesCopied",
             count(*) filter (where paused) as paused,
             count(*) filter (where not is_free) as held,
             count(*) filter (where is_free and not paused) as free,
             coalesce(sum(size) filter (where is_free and not paused), 0)::bigint as "freeBytes",
             count(*) filter (where lease_expires_at > now()) as leased,
             count(*) filter (where is_overdue) as overdue
      from (
        select m.state, m.size, m.evidence, m.paused, m.lease_expires_at, ${IS_FREE} as is_free,
               ${IS_OVERDUE} as is_overdue
        from migration m
        where m.finished_at is null ${planId === undefined ? '' : 'and m.plan_id = $1'}
      ) as unfinished
      group by state`,
    values: planId === undefined ? [] : [planId],
  })
  return rows
}

/** Whether migration `m` missed its deadline, or would if it ended now: readers should have the target copy. */
export const IS_OVERDUE = `
  (m.deadline_missed_at is not null
   or (m.due_at < now() and m.finished_at is null and m.grace_until_ms is null))`

/** Migrations of a plan that ended in one way. */
export interface EndedRow {
  readonly state: MigrationState
  readonly count: number
  readonly bytes: number
}

/** Ended migrations of a plan by state. */
export async function countEndedOfPlan(queryable: Queryable, planId: Uuid): Promise<EndedRow[]> {
  const { rows } = await queryable.query<EndedRow>({
    name: 'queue_ended_of_plan',
    text: `
      select state, count(*) as count, sum(size)::bigint as bytes
      from migration where plan_id = $1 and finished_at is not null group by state`,
    values: [planId],
  })
  return rows
}

/** Migrations that rest after a failure of one kind. */
export interface RestingRow {
  readonly kind: string
  readonly count: number
  readonly nextAttemptAt: Date
}

/** Kinds of errors a status names. */
const KINDS_MAX = 20

/** Migrations that rest before their next try, by the kind of their last error, the most first. */
export async function countResting(queryable: Queryable, planId?: Uuid): Promise<RestingRow[]> {
  const { rows } = await queryable.query<RestingRow>({
    name: planId === undefined ? 'queue_resting' : 'queue_resting_of_plan',
    text: `
      select evidence #>> '{error,kind}' as kind, count(*) as count, min(not_before) as "nextAttemptAt"
      from migration
      where finished_at is null and lease_owner is null and not_before > now() and evidence ? 'error'
        ${planId === undefined ? '' : 'and plan_id = $1'}
      group by 1 order by 2 desc, 1 limit ${KINDS_MAX}`,
    values: planId === undefined ? [] : [planId],
  })
  return rows
}

/** A pause as people see it. */
export interface PauseRow {
  readonly id: Uuid
  readonly name: string
  readonly pausedAt: Date
  readonly reason: string | null
  readonly principal: string | null
}

/** Pauses a status names. */
const PAUSES_MAX = 100

/** Paused stores, and those that refuse our credentials, by name. */
export async function listPausedStores(queryable: Queryable): Promise<PauseRow[]> {
  const { rows } = await queryable.query<PauseRow>({
    name: 'queue_paused_stores',
    text: `
      select id, name, coalesce(paused_at, refused_at) as "pausedAt", paused_by as principal,
             coalesce(paused_because, 'it refuses our credentials: ' || refused_because) as reason
      from store where state in ${HELD_STORE_STATES} order by name collate "C" limit ${PAUSES_MAX}`,
  })
  return rows
}

/** Paused plans with something left to move, the newest first; each is named after its policy. */
export async function listPausedPlans(queryable: Queryable): Promise<PauseRow[]> {
  const { rows } = await queryable.query<PauseRow>({
    name: 'queue_paused_plans',
    text: `
      select p.id, policy.name, p.paused_at as "pausedAt", p.paused_because as reason, p.paused_by as principal
      from plan p join policy on policy.id = p.policy_id
      where p.paused_at is not null and p.state in ('proposed', 'approved') order by p.id desc limit ${PAUSES_MAX}`,
  })
  return rows
}
