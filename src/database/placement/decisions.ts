import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import type { CopyChange, Decision, DecisionReason } from '../../domain/placement.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Tier } from '../../domain/tier.ts'
import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** A decision as lists show it. */
export interface DecisionSummaryRow {
  readonly id: Uuid
  readonly planId: Uuid
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly bucketName: string
  readonly key: string
  readonly fromLocationId: Uuid
  readonly fromLocationName: string
  readonly toLocationId: Uuid
  readonly toLocationName: string
  readonly reason: DecisionReason
  readonly size: number
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring; the rest is reads. */
  readonly monthlySavingStorageUsd: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
  /** Null while undecided. */
  readonly verdict: 'approved' | 'rejected' | 'outdated' | null
  readonly decidedAt: Date
  readonly principal: string
}

/** A decision with everything it was made from. */
export interface DecisionRow extends DecisionSummaryRow {
  readonly generation: number
  readonly placementVersion: number
  readonly alternatives: Decision['alternatives']
  readonly inputs: Decision['inputs']
}

const SUMMARY = `
  d.id, d.plan_id as "planId", d.object_id as "objectId", d.bucket_id as "bucketId",
  bucket.name as "bucketName", d.key, d.from_location_id as "fromLocationId",
  coalesce(source.name, '(removed)') as "fromLocationName", d.to_location_id as "toLocationId",
  coalesce(target.name, '(removed)') as "toLocationName",
  d.reason, d.size, d.monthly_saving_usd as "monthlySavingUsd",
  d.monthly_saving_storage_usd as "monthlySavingStorageUsd", d.one_time_usd as "oneTimeUsd",
  d.payback_days as "paybackDays", d.verdict, d.decided_at as "decidedAt", d.principal`

const FROM = `
  from decision d
  join bucket on bucket.id = d.bucket_id
  left join location source on source.id = d.from_location_id
  left join location target on target.id = d.to_location_id`

/** The decision with this id, or null. */
export async function findDecision(queryable: Queryable, id: Uuid): Promise<DecisionRow | null> {
  const { rows } = await queryable.query<DecisionRow>(
    `select ${SUMMARY}, d.generation, d.placement_version as "placementVersion",
            d.evidence -> 'alternatives' as alternatives, d.evidence -> 'inputs' as inputs
     ${FROM} where d.id = $1`,
    [id],
  )
  return rows[0] ?? null
}

/** One page of a plan's decisions in the order they were made, those after `afterId`. */
export async function listPlanDecisions(
  queryable: Queryable,
  page: { planId: Uuid; afterId: Uuid | null; limit: number },
): Promise<DecisionSummaryRow[]> {
  const { rows } = await queryable.query<DecisionSummaryRow>(
    `select ${SUMMARY} ${FROM}
     where d.plan_id = $1 and ($2::uuid is null or d.id > $2)
     order by d.id limit $3`,
    [page.planId, page.afterId, page.limit],
  )
  return rows
}

/** The decisions made last, newest first. */
export async function listLatestDecisions(
  queryable: Queryable,
  limit: number,
): Promise<DecisionSummaryRow[]> {
  const { rows } = await queryable.query<DecisionSummaryRow>({
    name: 'decision_latest',
    text: `select ${SUMMARY} ${FROM} order by d.id desc limit $1`,
    values: [limit],
  })
  return rows
}

/** A decision to move, ready to be kept. */
export interface NewDecision {
  readonly id: Uuid
  readonly decision: Decision
  readonly bucketId: Uuid
  readonly key: string
}

/** Gives a decision its id. */
export function newDecision(decision: Decision, bucketId: Uuid, key: string): NewDecision {
  return { id: newId(), decision, bucketId, key }
}

/** Adds decisions to a plan and to its sums, in one statement. */
export async function insertDecisions(
  queryable: Queryable,
  decisions: readonly NewDecision[],
  options: { planId: Uuid; verdict: 'approved' | null; principal: Principal },
): Promise<void> {
  if (decisions.length === 0) return
  await queryable.query({
    name: 'decision_insert',
    text: `
      with added as (
        insert into decision (id, plan_id, object_id, bucket_id, key, generation, placement_version,
                              from_location_id, to_location_id, reason, size, monthly_saving_usd,
                              monthly_saving_storage_usd, one_time_usd, payback_days, evidence, verdict, principal)
        select id, $2, object_id, bucket_id, key, generation, placement_version, from_location_id,
               to_location_id, reason, size, monthly_saving_usd, monthly_saving_storage_usd, one_time_usd,
               payback_days, evidence, $3, $4
        from jsonb_to_recordset($1::jsonb) as d (
          id uuid, object_id uuid, bucket_id uuid, key text, generation bigint, placement_version bigint,
          from_location_id uuid, to_location_id uuid, reason text, size bigint,
          monthly_saving_usd double precision, monthly_saving_storage_usd double precision,
          one_time_usd double precision, payback_days double precision, evidence jsonb)
        returning size, monthly_saving_usd, monthly_saving_storage_usd, one_time_usd
      )
      update plan
      set objects = plan.objects + added.objects, bytes = plan.bytes + added.bytes,
          monthly_saving_usd = plan.monthly_saving_usd + added.monthly_saving_usd,
          monthly_saving_storage_usd = plan.monthly_saving_storage_usd + added.monthly_saving_storage_usd,
          one_time_usd = plan.one_time_usd + added.one_time_usd
      from (select count(*) as objects, sum(size) as bytes, sum(monthly_saving_usd) as monthly_saving_usd,
                   sum(monthly_saving_storage_usd) as monthly_saving_storage_usd, sum(one_time_usd) as one_time_usd from added) as added
      where plan.id = $2`,
    values: [JSON.stringify(decisions.map(rowOf)), options.planId, options.verdict, options.principal],
  })
}

function rowOf({ id, decision, bucketId, key }: NewDecision): Record<string, unknown> {
  return {
    id,
    object_id: decision.objectId,
    bucket_id: bucketId,
    key,
    generation: decision.generation,
    placement_version: decision.placementVersion,
    from_location_id: decision.fromLocationId,
    to_location_id: decision.toLocationId,
    reason: decision.reason,
    size: decision.inputs.size,
    monthly_saving_usd: decision.monthlySavingUsd,
    monthly_saving_storage_usd: decision.monthlySavingStorageUsd,
    one_time_usd: decision.oneTimeUsd,
    payback_days: decision.paybackDays,
    evidence: {
      alternatives: decision.alternatives,
      inputs: decision.inputs,
      change: decision.change ?? null,
    },
  }
}

/**
 * Settles undecided decisions that will not become migrations and takes them out of their plans' sums.
 * Resolves to how many there were. Plans are locked before decisions, as an approval does.
 */
export async function refuseDecisions(
  queryable: Queryable,
  decisionIds: readonly Uuid[],
  verdict: 'rejected' | 'outdated',
): Promise<number> {
  if (decisionIds.length === 0) return 0
  const { rows } = await queryable.query<{ refused: number }>({
    name: 'decision_refuse',
    text: `
      with held as (
        select id from plan where id in (select plan_id from decision where id = any ($1::uuid[]))
        order by id for update
      ), refused as (
        update decision set verdict = $2
        from held
        where decision.id = any ($1::uuid[]) and verdict is null and plan_id = held.id
        returning plan_id, size, monthly_saving_usd, monthly_saving_storage_usd, one_time_usd
      ), sums as (
        select plan_id, count(*) as objects, sum(size) as bytes,
               sum(monthly_saving_usd) as monthly_saving_usd,
               sum(monthly_saving_storage_usd) as monthly_saving_storage_usd, sum(one_time_usd) as one_time_usd
        from refused group by plan_id
      ), lowered as (
        update plan
        set objects = plan.objects - sums.objects, bytes = plan.bytes - sums.bytes,
            monthly_saving_usd = plan.monthly_saving_usd - sums.monthly_saving_usd,
            monthly_saving_storage_usd = plan.monthly_saving_storage_usd - sums.monthly_saving_storage_usd,
            one_time_usd = plan.one_time_usd - sums.one_time_usd
        from sums where plan.id = sums.plan_id
      )
      select count(*) as refused from refused`,
    values: [arrayLiteral(decisionIds), verdict],
  })
  return rows[0]!.refused
}

/** Marks decisions as approved. */
export async function approveDecisions(queryable: Queryable, decisionIds: readonly Uuid[]): Promise<void> {
  if (decisionIds.length === 0) return
  await queryable.query({
    name: 'decision_approve',
    text: `update decision set verdict = 'approved' where id = any ($1::uuid[]) and verdict is null`,
    values: [arrayLiteral(decisionIds)],
  })
}

/** An undecided decision of an approved plan, with what its migration needs besides it. */
export interface ApprovedDecision {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly generation: number
  readonly placementVersion: number
  readonly toLocationId: Uuid
  /** Null where the object moves. */
  readonly change: CopyChange | null
  readonly fromTier: Tier
  readonly toTier: Tier
  readonly monthlySavingUsd: number
  readonly oneTimeUsd: number
}

/** Undecided decisions of a plan, oldest first. */
export async function listUndecided(
  queryable: Queryable,
  planId: Uuid,
  limit: number,
): Promise<ApprovedDecision[]> {
  const { rows } = await queryable.query<ApprovedDecision>({
    name: 'decision_list_undecided',
    text: `
      select d.id, d.object_id as "objectId", d.generation, d.placement_version as "placementVersion",
             d.to_location_id as "toLocationId", nullif(d.evidence -> 'change', 'null'::jsonb) as change,
             source.tier as "fromTier", target.tier as "toTier",
             d.monthly_saving_usd as "monthlySavingUsd", d.one_time_usd as "oneTimeUsd"
      ${FROM}
      where d.plan_id = $1 and d.verdict is null
      order by d.id limit $2`,
    values: [planId, limit],
  })
  return rows
}
