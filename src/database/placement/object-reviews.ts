import type { Instant } from '../../domain/clock.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import type { ReviewReason } from '../../domain/placement.ts'
import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'

/** An object that is due, locked for this transaction. */
export interface DueReview {
  readonly objectId: ObjectId
  readonly reason: ReviewReason
}

/** When to look at an object again, and above which heat at once. */
export interface NextReviewRow {
  readonly objectId: ObjectId
  readonly at: Instant
  readonly reason: ReviewReason
  /** ln of a heat with a half-life of three days, which ingest compares; null: never. */
  readonly promoteLnHeat: number | null
}

/** Locks due objects, the longest due first, and leaves those another planner has locked. */
export async function lockDueReviews(
  queryable: Queryable,
  options: { now: Instant; limit: number },
): Promise<DueReview[]> {
  const { rows } = await queryable.query<DueReview>({
    name: 'review_lock_due',
    text: `
      select object_id as "objectId", reason from object_review
      where review_ms <= $1
      order by review_ms limit $2
      for update skip locked`,
    values: [Math.floor(options.now), options.limit],
  })
  return rows
}

/** Writes when objects locked by {@link lockDueReviews} are due again. */
export async function settleReviews(queryable: Queryable, reviews: readonly NextReviewRow[]): Promise<void> {
  if (reviews.length === 0) return
  await queryable.query({
    name: 'review_settle',
    text: `
      update object_review r
      set review_ms = n.review_ms, reason = n.reason, promote_ln_heat = n.promote_ln_heat
      from unnest($1::uuid[], $2::bigint[], $3::text[], $4::float8[])
        as n (object_id, review_ms, reason, promote_ln_heat)
      where r.object_id = n.object_id`,
    values: [
      arrayLiteral(reviews.map(review => review.objectId)),
      arrayLiteral(reviews.map(review => Math.ceil(review.at))),
      arrayLiteral(reviews.map(review => review.reason)),
      reviews.map(review => review.promoteLnHeat),
    ],
  })
}

/** Forgets the reviews of objects that are no more. */
export async function deleteReviews(queryable: Queryable, objectIds: readonly ObjectId[]): Promise<void> {
  if (objectIds.length === 0) return
  await queryable.query({
    name: 'review_delete',
    text: `delete from object_review where object_id = any ($1::uuid[])`,
    values: [arrayLiteral(objectIds)],
  })
}

/**
 * Queues objects to be looked at by `at`, in the order of their ids; one that is due earlier stays so. For
 * the objects of whole buckets see review-sweeps.
 */
export async function enqueueReviews(
  queryable: Queryable,
  objectIds: readonly ObjectId[],
  reason: ReviewReason,
  at: Instant,
): Promise<void> {
  if (objectIds.length === 0) return
  await queryable.query({
    name: 'review_enqueue',
    text: `
      insert into object_review as r (object_id, review_ms, reason)
      select id, $2, $3 from unnest($1::uuid[]) as i (id) order by id
      on conflict (object_id) do update set review_ms = excluded.review_ms, reason = excluded.reason
      where r.review_ms > excluded.review_ms`,
    values: [arrayLiteral([...new Set(objectIds)]), Math.floor(at), reason],
  })
}

/** How many objects are due, counted up to `limit`. */
export async function countDueReviews(
  queryable: Queryable,
  options: { now: Instant; limit: number },
): Promise<number> {
  const { rows } = await queryable.query<{ due: number }>({
    name: 'review_count_due',
    text: `select count(*) as due from (
             select from object_review where review_ms <= $1 limit $2) as counted`,
    values: [Math.floor(options.now), options.limit],
  })
  return rows[0]!.due
}
