import type { BucketMode } from '../../domain/bucket.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { requestReviews } from '../placement/review-sweeps.ts'
import type { Queryable } from '../postgres.ts'

/** A bucket with the names of what it refers to, as people see and change it. */
export interface BucketSettingsRow {
  readonly id: Uuid
  readonly name: string
  readonly mode: BucketMode
  readonly writeLocationId: Uuid
  readonly writeLocationName: string
  readonly policyId: Uuid | null
  readonly policyName: string | null
  readonly revision: number
  readonly createdAt: Date
  readonly principal: string
}

const SELECT = `
  select b.id, b.name, b.mode, b.write_location_id as "writeLocationId", l.name as "writeLocationName",
         b.policy_id as "policyId", p.name as "policyName", b.revision, b.created_at as "createdAt", b.principal
  from bucket as b
  join location as l on l.id = b.write_location_id
  left join policy as p on p.id = b.policy_id`

/** The settings of the bucket with this id, or null. */
export async function findBucketSettings(database: Queryable, id: Uuid): Promise<BucketSettingsRow | null> {
  const { rows } = await database.query<BucketSettingsRow>(`${SELECT} where b.id = $1`, [id])
  return rows[0] ?? null
}

/** One page of buckets in the order of names, those after `afterName`. */
export async function listBucketSettings(
  database: Queryable,
  page: { afterName: string | null; limit: number },
): Promise<BucketSettingsRow[]> {
  const { rows } = await database.query<BucketSettingsRow>(
    `${SELECT}
     where $1::text is null or b.name collate "C" > $1
     order by b.name collate "C" limit $2`,
    [page.afterName, page.limit],
  )
  return rows
}

/** What may change about a bucket; undefined leaves it as it is. */
export interface BucketChange {
  readonly mode?: BucketMode | undefined
  readonly writeLocationId?: Uuid | undefined
  /** Null takes the policy away. */
  readonly policyId?: Uuid | null | undefined
}

/**
 * Changes a bucket if it still has this revision. Resolves to whether it did. Rejects with PostgreSQL's
 * error 23503 when the location or the policy does not exist. Asks for reviews of its objects when they are
 * to be placed by another policy or mode.
 */
export async function updateBucketSettings(
  database: Queryable,
  target: { id: Uuid; revision: number },
  change: BucketChange,
  principal: Principal,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update bucket
     set mode = coalesce($3, mode), write_location_id = coalesce($4, write_location_id),
         policy_id = case when $5 then $6::uuid else policy_id end,
         revision = revision + 1, principal = $7
     where id = $1 and revision = $2`,
    [
      target.id,
      target.revision,
      change.mode ?? null,
      change.writeLocationId ?? null,
      change.policyId !== undefined,
      change.policyId ?? null,
      principal,
    ],
  )
  if (rowCount !== 1) return false
  if (change.policyId !== undefined || change.mode !== undefined) {
    await requestReviews(database, { bucketId: target.id, reason: 'policy-changed', principal })
  }
  return true
}
