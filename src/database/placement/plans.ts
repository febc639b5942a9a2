import type { Instant } from '../../domain/clock.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { EndState } from '../../domain/migration.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/**
 * What becomes of a plan: only a proposed one can be approved or rejected; an approved one is applied when the
 * last of its migrations ended.
 */
export type PlanState = 'proposed' | 'approved' | 'applied' | 'rejected' | 'superseded'

/** A plan as its row keeps it, with the names of what it was made from. Sums count what was not refused. */
export interface PlanRow {
  readonly id: Uuid
  readonly state: PlanState
  readonly approval: 'person' | 'automatic'
  readonly policyId: Uuid
  readonly policyName: string
  readonly policyRevision: number
  readonly priceBookId: Uuid
  /** Name and day, as decisions write it. */
  readonly priceBook: string
  readonly objects: number
  readonly bytes: number
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring; the rest is reads. */
  readonly monthlySavingStorageUsd: number
  readonly oneTimeUsd: number
  readonly createdAt: Date
  readonly createdAtModel: Instant
  readonly decidedAt: Date | null
  readonly decidedBy: string | null
  readonly appliedAt: Date | null
  /** How many of its migrations ended how; null until it is applied. */
  readonly outcome: PlanOutcome | null
  /** What its done migrations save per month, as decided; null until it is applied. */
  readonly realisedMonthlySavingUsd: number | null
  readonly principal: string
  /** Null unless it is paused, like the two after it. */
  readonly pausedAt: Date | null
  readonly pausedBecause: string | null
  readonly pausedBy: string | null
  /** Of its migrations; null: as the policy says. */
  readonly priority: number | null
  /** By when readers should get every target copy. */
  readonly dueAt: Date | null
  readonly deadlineMissedAt: Date | null
}

/** Migrations of a plan by how they ended; ends that none had are left out. */
export type PlanOutcome = Readonly<Partial<Record<EndState, number>>>

const SELECT = `
  select p.id, p.state, p.approval, p.policy_id as "policyId", policy.name as "policyName",
         p.policy_revision as "policyRevision", p.price_book_id as "priceBookId",
         book.name || '@' || book.effective_from as "priceBook", p.objects, p.bytes,
         p.monthly_saving_usd as "monthlySavingUsd",
         p.monthly_saving_storage_usd as "monthlySavingStorageUsd", p.one_time_usd as "oneTimeUsd",
         p.created_at as "createdAt", p.created_ms as "createdAtModel", p.decided_at as "decidedAt",
         p.decided_by as "decidedBy", p.applied_at as "appliedAt", p.outcome,
         p.realised_monthly_saving_usd as "realisedMonthlySavingUsd", p.principal, p.paused_at as "pausedAt",
         p.paused_because as "pausedBecause", p.paused_by as "pausedBy", p.priority, p.due_at as "dueAt",
         p.deadline_missed_at as "deadlineMissedAt"
  from plan p
  join policy on policy.id = p.policy_id
  join price_book book on book.id = p.price_book_id`

/** The plan with this id, or null. */
export async function findPlan(queryable: Queryable, id: Uuid): Promise<PlanRow | null> {
  const { rows } = await queryable.query<PlanRow>(`${SELECT} where p.id = $1`, [id])
  return rows[0] ?? null
}

/** One page of plans, newest first, those before the given one. */
export async function listPlans(
  queryable: Queryable,
  page: { state: PlanState | null; before: { createdAt: Date; id: Uuid } | null; limit: number },
): Promise<PlanRow[]> {
  const { rows } = await queryable.query<PlanRow>(
    `${SELECT}
     where ($1::text is null or p.state = $1)
       and ($2::timestamptz is null or (p.created_at, p.id) < (select created_at, id from plan where id = $3::uuid))
     order by p.created_at desc, p.id desc limit $4`,
    [page.state, page.before?.createdAt ?? null, page.before?.id ?? null, page.limit],
  )
  return rows
}

/** What the proposed plans promise together. */
export interface ProposedSums {
  readonly plans: number
  readonly objects: number
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring; the rest is reads. */
  readonly monthlySavingStorageUsd: number
}

export async function sumProposedPlans(queryable: Queryable): Promise<ProposedSums> {
  const { rows } = await queryable.query<ProposedSums>({
    name: 'plan_sum_proposed',
    text: `select count(*) as plans, coalesce(sum(objects), 0)::bigint as objects,
                  coalesce(sum(monthly_saving_usd), 0) as "monthlySavingUsd",
                  coalesce(sum(monthly_saving_storage_usd), 0) as "monthlySavingStorageUsd"
           from plan where state = 'proposed'`,
  })
  return rows[0]!
}

/** Which plan new decisions belong to. */
export interface PlanSlot {
  readonly approval: 'person' | 'automatic'
  readonly policyId: Uuid
  readonly policyRevision: number
  readonly priceBookId: Uuid
  /** Model time. */
  readonly now: Instant
  readonly hourBegan: Instant
  readonly principal: Principal
}

/** A plan that takes decisions, held until the transaction ends. */
export interface OpenPlan {
  readonly id: Uuid
  readonly isNew: boolean
  readonly objects: number
  readonly bytes: number
  readonly oneTimeUsd: number
}

/** A proposed plan with this many decisions takes no more, so that everything about a plan stays bounded. */
const PLAN_DECISIONS_MAX = 20_000

/**
 * The plan that takes decisions now, made when there is none: for a person the proposed plan of this policy
 * revision and price book; for nobody the approved plan of this hour of the model clock. An automatic plan
 * lives a minute of the wall clock at least, so that an accelerated clock does not make one per heartbeat.
 * Until the transaction ends, no other planner opens a plan of this policy.
 */
export async function openPlan(queryable: Queryable, slot: PlanSlot): Promise<OpenPlan> {
  const automatic = slot.approval === 'automatic'
  await queryable.query({
    name: 'plan_lock_policy',
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`plan:${slot.policyId}`],
  })
  const { rows } = await queryable.query<Omit<OpenPlan, 'isNew'>>({
    name: `plan_open_${slot.approval}`,
    text: automatic ? AUTOMATIC_PLAN : PROPOSED_PLAN,
    values: [
      slot.policyId,
      slot.policyRevision,
      slot.priceBookId,
      automatic ? slot.hourBegan : PLAN_DECISIONS_MAX,
    ],
  })
  if (rows[0] !== undefined) return { ...rows[0], isNew: false }
  const id = newId()
  await queryable.query({
    name: 'plan_insert',
    text: `
      insert into plan (id, state, approval, policy_id, policy_revision, price_book_id, created_ms, decided_at,
                        decided_by, principal)
      values ($1, $2, $3, $4, $5, $6, $7, case when $2 = 'approved' then now() end,
              case when $2 = 'approved' then $8 end, $8)`,
    values: [
      id,
      automatic ? 'approved' : 'proposed',
      slot.approval,
      slot.policyId,
      slot.policyRevision,
      slot.priceBookId,
      Math.floor(slot.now),
      slot.principal,
    ],
  })
  return { id, isNew: true, objects: 0, bytes: 0, oneTimeUsd: 0 }
}

const OPEN_COLUMNS = 'id, objects, bytes, one_time_usd as "oneTimeUsd"'

const PROPOSED_PLAN = `
  select ${OPEN_COLUMNS} from plan
  where state = 'proposed' and approval = 'person' and policy_id = $1 and policy_revision = $2
    and price_book_id = $3 and objects < $4
  order by id desc limit 1 for update`

/** Whether an automatic plan belongs to the hour that began at this moment of the model clock. */
function isOfHour(hourBegan: string): string {
  return `(created_ms >= ${hourBegan} or created_at > now() - interval '1 minute')`
}

const AUTOMATIC_PLAN = `
  select ${OPEN_COLUMNS} from plan
  where state = 'approved' and closed_at is null and approval = 'automatic' and policy_id = $1
    and policy_revision = $2 and price_book_id = $3 and ${isOfHour('$4')}
  order by id desc limit 1 for update`

/** What automatic plans of a policy have taken in the hour that began then, whatever its revision. */
export async function sumAutomaticPlans(
  queryable: Queryable,
  policyId: Uuid,
  hourBegan: Instant,
): Promise<{ objects: number; bytes: number; usd: number }> {
  const { rows } = await queryable.query<{ objects: number; bytes: number; usd: number }>({
    name: 'plan_sum_automatic',
    text: `
      select coalesce(sum(objects), 0)::bigint as objects, coalesce(sum(bytes), 0)::bigint as bytes,
             coalesce(sum(one_time_usd), 0) as usd
      from plan
      where approval = 'automatic' and policy_id = $1 and ${isOfHour('$2')}`,
    values: [policyId, Math.floor(hourBegan)],
  })
  return rows[0]!
}

/** Closes automatic plans of hours before this one: nothing joins them any more. */
export async function closeAutomaticPlans(queryable: Queryable, hourBegan: Instant): Promise<void> {
  await queryable.query({
    name: 'plan_close_automatic',
    text: `
      update plan set closed_at = now()
      where state = 'approved' and closed_at is null and approval = 'automatic' and not ${isOfHour('$1')}`,
    values: [Math.floor(hourBegan)],
  })
}

/**
 * Supersedes proposed plans whose policy has another document by now, or that nothing is left of. Their
 * decisions become outdated with them. Resolves to the ids.
 */
export async function supersedeStalePlans(queryable: Queryable): Promise<Uuid[]> {
  const { rows } = await queryable.query<{ id: Uuid }>({
    name: 'plan_supersede_stale',
    text: `
      with stale as (
        select p.id from plan p join policy on policy.id = p.policy_id
        where p.state = 'proposed'
          and (p.policy_revision <> policy.revision
               or (p.objects = 0 and p.created_at < now() - interval '1 minute'))
        for update of p skip locked
      ), outdated as (
        update decision set verdict = 'outdated'
        where plan_id in (select id from stale) and verdict is null
      )
      update plan set state = 'superseded', decided_at = now() where id in (select id from stale)
      returning id`,
  })
  return rows.map(row => row.id)
}
