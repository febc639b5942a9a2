import type { Instant } from '../../domain/clock.ts'
import type { HalfLife } from '../../domain/half-life.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { PolicyDocument } from '../../domain/policy.ts'
import type { Queryable } from '../postgres.ts'

/** How much is expected to be read per month from one location, of objects under one policy. */
export interface ExpectedReads {
  readonly locationId: Uuid
  /** Null: buckets without a policy. */
  readonly policyId: Uuid | null
  readonly readsPerMonth: number
  readonly bytesPerMonth: number
}

/** How a stored logarithm of heat becomes a rate at one moment: readsPerDay = e^(z − lnShift) × perDay. */
export interface HeatScale {
  readonly lnShift: number
  readonly perDay: number
}

/** What a page of objects is counted with. */
export interface ReadsPage {
  /** Objects with a greater id are counted. */
  readonly afterId: ObjectId
  readonly limit: number
  readonly scales: Readonly<Record<HalfLife, HeatScale>>
  readonly daysPerMonth: number
}

/** What a page of objects came to. */
export interface CountedPage {
  /** Null when nothing was left. */
  readonly lastObjectId: ObjectId | null
  readonly objects: number
  readonly loads: readonly ExpectedReads[]
}

/**
 * Sums the expected reads of the next objects that have a heat, in the order of their ids: as placement
 * expects them (the higher of the policy's heat and the 30-day heat), and for an object in an open plan as
 * its decision expected them, so that the sum agrees with the plan.
 */
export async function countExpectedReads(queryable: Queryable, page: ReadsPage): Promise<CountedPage> {
  const { scales } = page
  const { rows } = await queryable.query<CountedPage>({
    name: 'expected_reads_count',
    text: COUNT,
    values: [
      page.afterId,
      page.limit,
      page.daysPerMonth,
      ...[scales['6h'], scales['3d'], scales['30d']].flatMap(({ lnShift, perDay }) => [lnShift, perDay]),
    ],
  })
  return rows[0]!
}

/** Below this a rate is nothing in any sum, and exp() of much less raises an error. */
const LN_RATE_MIN = -300
/** No reader reads e^100 times; more, from a damaged row, would raise an error in the sum over all objects. */
const LN_RATE_MAX = 100

/** Reads per day by one column of heat. */
function rateOf(column: string, lnShift: string, perDay: string): string {
  return `exp(least(greatest(${column} - ${lnShift}::float8, ${LN_RATE_MIN}), ${LN_RATE_MAX})) * ${perDay}::float8`
}

const COUNT = `
  with page as materialized (
    select * from object_heat where object_id > $1 order by object_id limit $2
  ), load as (
    select c.location_id, b.policy_id,
           coalesce(d.reads_per_month, $3::float8 * greatest(
             case p.spec -> 'threshold' ->> 'halfLife'
               when '6h' then ${rateOf('h.ln_heat_6h', '$4', '$5')}
               when '3d' then ${rateOf('h.ln_heat_3d', '$6', '$7')}
             end, ${rateOf('h.ln_heat_30d', '$8', '$9')})) as reads_per_month,
           coalesce(d.bytes_per_read,
             case when h.reads > 0 then h.bytes_read::float8 / h.reads else c.size end) as bytes_per_read
    from page h
    join object o on o.id = h.object_id and o.is_present
    join copy c on c.object_id = h.object_id and c.is_primary
    join bucket b on b.id = o.bucket_id
    left join policy p on p.id = b.policy_id
    left join lateral (
      select (evidence -> 'inputs' ->> 'readsPerMonthExpected')::float8 as reads_per_month,
             (evidence -> 'inputs' ->> 'bytesPerRead')::float8 as bytes_per_read
      from decision where decision.object_id = h.object_id and verdict is null
      order by id desc limit 1
    ) as d on true
  ), sums as (
    select location_id as "locationId", policy_id as "policyId", sum(reads_per_month) as "readsPerMonth",
           sum(reads_per_month * bytes_per_read) as "bytesPerMonth"
    from load group by 1, 2
  )
  select (select object_id from page order by object_id desc limit 1) as "lastObjectId",
         (select count(*) from page) as objects,
         coalesce((select jsonb_agg(to_jsonb(sums)) from sums), '[]') as loads`

/**
 * Makes the caller the one that counts, or keeps it so. Resolves to false while somebody else, heard of in
 * the last so many seconds, counts.
 */
export async function claimExpectedReads(
  queryable: Queryable,
  claim: { owner: string; silentSecondsMax: number },
): Promise<boolean> {
  const { rowCount } = await queryable.query({
    name: 'expected_reads_claim',
    text: `
      update expected_reads set claimed_by = $1, claimed_at = now()
      where claimed_by is null or claimed_by = $1 or claimed_at < now() - make_interval(secs => $2)`,
    values: [claim.owner, claim.silentSecondsMax],
  })
  return rowCount === 1
}

/** Replaces what was counted before by what was counted at this moment. */
export async function saveExpectedReads(
  queryable: Queryable,
  counted: { at: Instant; modelAt: Instant; loads: readonly ExpectedReads[] },
): Promise<void> {
  await queryable.query({
    name: 'expected_reads_save',
    text: `update expected_reads set counted_at = $1, counted_ms = $2, loads = $3::jsonb`,
    values: [new Date(counted.at), Math.floor(counted.modelAt), JSON.stringify(counted.loads)],
  })
}

/** Expected reads, with where the readers are. */
export interface ExpectedReadsRow extends ExpectedReads {
  /** Null: on the internet. */
  readonly readersAt: PolicyDocument['readersAt']
}

/** Expected reads by location and policy as they were counted last; null until somebody counted. */
export async function readExpectedReads(
  queryable: Queryable,
): Promise<{ countedAt: Date; modelAt: Instant; loads: ExpectedReadsRow[] } | null> {
  const { rows } = await queryable.query<{ countedAt: Date; modelAt: Instant; loads: ExpectedReadsRow[] }>({
    name: 'expected_reads_read',
    text: `
      select counted_at as "countedAt", counted_ms as "modelAt",
             coalesce((
               select jsonb_agg(load || jsonb_build_object('readersAt', policy.spec -> 'readersAt'))
               from jsonb_array_elements(loads) as load
               left join policy on policy.id = (load ->> 'policyId')::uuid
             ), '[]') as loads
      from expected_reads where counted_at is not null`,
  })
  return rows[0] ?? null
}
