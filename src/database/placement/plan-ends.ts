import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { insertActivities } from '../people/activities.ts'
import { type Connection, type Database, inTransaction } from '../postgres.ts'
import type { PlanOutcome } from './plans.ts'

/** A plan whose last migration ended. */
export interface EndedPlan {
  readonly id: Uuid
  readonly policyName: string
  readonly outcome: PlanOutcome
  /**
   * What its done migrations save per month, as decided. A retained source is still paid for and saves
   * nothing.
   */
  readonly realisedMonthlySavingUsd: number
}

/**
 * Marks closed plans whose migrations have all ended as applied, at most `limit`, and keeps how they ended.
 * A sweep and not a counter: a thousand workers that end migrations of one plan never wait for its row.
 */
export async function endPlans(
  database: Database,
  options: { limit: number; principal: Principal },
): Promise<EndedPlan[]> {
  return inTransaction(database, async connection => {
    const held = await holdPlansAtEnd(connection, options.limit)
    if (held.length === 0) return []
    const ended = await markApplied(connection, held)
    const activities = ended.map(({ id, policyName, outcome, realisedMonthlySavingUsd }) => ({
      kind: 'plan.applied',
      subject: id,
      detail: { policy: policyName, outcome, realisedMonthlySavingUsd },
      principal: options.principal,
    }))
    await insertActivities(connection, activities)
    return ended
  })
}

async function holdPlansAtEnd(connection: Connection, limit: number): Promise<Uuid[]> {
  const { rows } = await connection.query<{ id: Uuid }>({
    name: 'plan_hold_at_end',
    text: `
      select p.id from plan p
      where p.state = 'approved' and p.closed_at is not null
        and not exists (select from migration m where m.plan_id = p.id and m.finished_at is null)
      order by p.id limit $1
      for update of p skip locked`,
    values: [limit],
  })
  return rows.map(row => row.id)
}

/** Looks once more: whoever retried a migration held its plan, and is seen now. */
async function markApplied(connection: Connection, planIds: readonly Uuid[]): Promise<EndedPlan[]> {
  const { rows } = await connection.query<EndedPlan>({
    name: 'plan_end',
    text: `
      with ends as (
        select m.plan_id, m.state, count(*) as migrations,
               sum(m.monthly_saving_usd) filter (where m.state = 'done') as saving
        from migration m where m.plan_id = any ($1::uuid[]) group by m.plan_id, m.state
      ), sums as (
        select plan_id, jsonb_object_agg(state, migrations) as outcome, sum(saving) as saving
        from ends group by plan_id
      )
      update plan p
      set state = 'applied', applied_at = now(), outcome = coalesce(sums.outcome, '{}'),
          realised_monthly_saving_usd = coalesce(sums.saving, 0)
      from plan as held
      join policy on policy.id = held.policy_id
      left join sums on sums.plan_id = held.id
      where p.id = held.id and p.id = any ($1::uuid[]) and p.state = 'approved'
        and not exists (select from migration m where m.plan_id = p.id and m.finished_at is null)
      returning p.id, policy.name as "policyName", p.outcome,
                p.realised_monthly_saving_usd as "realisedMonthlySavingUsd"`,
    values: [planIds],
  })
  return rows
}

/**
 * Locks the plan of a migration until the transaction ends. Plans are locked before migrations everywhere.
 * Resolves to its id; null for a migration without a plan.
 */
export async function holdPlanOf(connection: Connection, migrationId: Uuid): Promise<Uuid | null> {
  const { rows } = await connection.query<{ id: Uuid }>({
    name: 'plan_hold_of_migration',
    text: `select id from plan where id = (select plan_id from migration where id = $1) for update`,
    values: [migrationId],
  })
  return rows[0]?.id ?? null
}

/** Makes an applied plan approved again, because one of its migrations is tried anew. Hold the plan first. */
export async function reopenPlan(connection: Connection, planId: Uuid): Promise<void> {
  await connection.query({
    name: 'plan_reopen',
    text: `
      update plan
      set state = 'approved', applied_at = null, outcome = null, realised_monthly_saving_usd = null
      where id = $1 and state = 'applied'`,
    values: [planId],
  })
}
