import type { Instant } from '../../domain/clock.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { ReviewReason } from '../../domain/placement.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/**
 * Asks for reviews of many objects: those of a bucket, of a policy's buckets, or all. Nothing is queued
 * here; the planner works the request off page by page, so that it is bounded and survives a restart. With
 * `onlyMissing` it queues only objects nobody has queued yet, and only those under a policy.
 */
export async function requestReviews(
  queryable: Queryable,
  request: {
    bucketId?: Uuid
    policyId?: Uuid
    onlyMissing?: boolean
    reason: ReviewReason
    principal: Principal
  },
): Promise<void> {
  await queryable.query(
    `insert into review_sweep (id, bucket_id, policy_id, only_missing, reason, principal)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      newId(),
      request.bucketId ?? null,
      request.policyId ?? null,
      request.onlyMissing ?? false,
      request.reason,
      request.principal,
    ],
  )
}

/**
 * Asks for a sweep that finds present objects under a policy that nobody has queued, unless one is under way
 * or was begun less than so many hours ago. Resolves to whether it did.
 */
export async function requestCatchUp(
  queryable: Queryable,
  options: { everyHours: number; principal: Principal },
): Promise<boolean> {
  const { rowCount } = await queryable.query({
    name: 'review_catch_up',
    text: `
      insert into review_sweep (id, only_missing, reason, principal)
      select $1, true, 'new-object', $2
      where not exists (
        select from review_sweep
        where only_missing and bucket_id is null
          and (finished_at is null or created_at > now() - make_interval(secs => $3::double precision * 3600)))`,
    values: [newId(), options.principal, options.everyHours],
  })
  return rowCount === 1
}

/**
 * Does the next page of the oldest open sweep: looks at `limit` objects in the order of their ids and queues
 * those it is about. Resolves to the number of objects looked at, or null when no sweep is open or another
 * planner works on it. One statement, so a kill loses nothing and repeats nothing.
 */
export async function advanceReviewSweep(
  queryable: Queryable,
  options: { limit: number; now: Instant },
): Promise<number | null> {
  const { rows } = await queryable.query<{ looked_at: number }>({
    name: 'review_sweep_advance',
    text: `
      with sweep as (
        select * from review_sweep where finished_at is null order by id limit 1 for update skip locked
      ), page as (
        select o.id, o.bucket_id, o.is_present
        from object o
        where o.id > coalesce((select last_object_id from sweep), '00000000-0000-0000-0000-000000000000')
          and exists (select from sweep)
        order by o.id limit $1
      ), wanted as (
        select page.id
        from page, sweep
        where page.is_present
          and (sweep.bucket_id is null or page.bucket_id = sweep.bucket_id)
          and (sweep.policy_id is null
               or page.bucket_id in (select id from bucket where policy_id = sweep.policy_id))
          and not (sweep.only_missing and (
            exists (select from object_review r where r.object_id = page.id)
            or page.bucket_id in (select id from bucket where policy_id is null)))
      ), queued as (
        insert into object_review as r (object_id, review_ms, reason)
        select wanted.id, $2, sweep.reason from wanted, sweep order by wanted.id
        on conflict (object_id) do update set review_ms = excluded.review_ms, reason = excluded.reason
        where r.review_ms > excluded.review_ms
        returning 1
      )
      update review_sweep s
      set last_object_id = coalesce((select id from page order by id desc limit 1), s.last_object_id),
          objects = s.objects + (select count(*) from queued),
          finished_at = case when (select count(*) from page) < $1 then now() end
      from sweep
      where s.id = sweep.id
      returning (select count(*) from page) as looked_at`,
    values: [options.limit, Math.floor(options.now)],
  })
  return rows[0]?.looked_at ?? null
}

/** Forgets sweeps that finished more than so many hours ago. */
export async function deleteFinishedSweeps(queryable: Queryable, olderThanHours: number): Promise<void> {
  await queryable.query(
    `delete from review_sweep where finished_at < now() - make_interval(secs => $1::double precision * 3600)`,
    [olderThanHours],
  )
}
