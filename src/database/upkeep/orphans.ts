import type { Bytes } from '../../domain/bytes.ts'
import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import type { Copy, CopyState, StoreIdentity } from '../../domain/object.ts'
import type { Orphan, OrphanKind, OrphanState } from '../../domain/orphan.ts'
import type { Principal } from '../../domain/principal.ts'
import { COPY_COLUMNS, type CopyRow, copyOf } from '../catalog/copies.ts'
import { wasFoundBad } from '../catalog/found-bad.ts'
import type { Queryable } from '../postgres.ts'

/** An orphan with the names of the places it lies in. */
export interface OrphanRow extends Orphan {
  readonly storeName: string
  readonly locationName: string | null
  readonly bucketName: string | null
}

const COLUMNS = `
  o.id, o.kind, o.store_id as "storeId", s.name as "storeName", o.container, o.native_key as "nativeKey",
  o.location_id as "locationId", l.name as "locationName", o.bytes, o.etag, o.version_id as "versionId",
  o.object_id as "objectId", o.copy_id as "copyId", o.migration_id as "migrationId",
  o.bucket_id as "bucketId", b.name as "bucketName", o.reason, o.monthly_usd as "monthlyUsd", o.state,
  o.outcome, o.first_seen_at as "firstSeenAt", o.last_seen_at as "lastSeenAt", o.decided_at as "decidedAt",
  o.decided_by as "decidedBy"`
const SOURCE = `
  orphan o
  join store s on s.id = o.store_id
  left join location l on l.id = o.location_id
  left join bucket b on b.id = o.bucket_id`

/** Bytes that a run saw and that nobody needs, as far as it could tell. */
export interface OrphanSighting {
  readonly kind: OrphanKind
  readonly nativeKey: string
  readonly locationId: Uuid
  readonly bytes: Bytes
  readonly etag: string | null
  readonly versionId: string | null
  readonly objectId: ObjectId | null
  readonly copyId: Uuid | null
  readonly migrationId: Uuid | null
  readonly bucketId: Uuid | null
  readonly reason: string
  readonly monthlyUsd: number | null
}

/**
 * Enters what a run saw. Bytes that are the same as before keep when they were first seen and what people
 * decided about them; other bytes in the same place are a new orphan. Seeing an inventory twice is seeing
 * once.
 */
export async function enterSightings(
  queryable: Queryable,
  place: { readonly storeId: Uuid; readonly container: string },
  run: { readonly id: Uuid; readonly takenAt: Date },
  sightings: readonly OrphanSighting[],
): Promise<void> {
  if (sightings.length === 0) return
  const rows = sightings.map(sighting => ({ ...sighting, id: newId() }))
  await queryable.query({
    name: 'orphan_enter',
    text: `
      insert into orphan as o (
        id, kind, store_id, container, native_key, location_id, bytes, etag, version_id, object_id, copy_id,
        migration_id, bucket_id, reason, monthly_usd, first_seen_at, last_seen_at, last_run_id)
      select id, kind, $1, $2, "nativeKey", "locationId", bytes, etag, "versionId", "objectId", "copyId",
             "migrationId", "bucketId", reason, "monthlyUsd", $4, $4, $3
      from jsonb_to_recordset($5::jsonb) as s (
        id uuid, kind text, "nativeKey" text, "locationId" uuid, bytes bigint, etag text, "versionId" text,
        "objectId" uuid, "copyId" uuid, "migrationId" uuid, "bucketId" uuid, reason text,
        "monthlyUsd" double precision)
      on conflict (store_id, container, native_key, copy_id) do update set
        kind = excluded.kind, location_id = excluded.location_id, bytes = excluded.bytes,
        etag = excluded.etag, version_id = excluded.version_id, object_id = excluded.object_id,
        migration_id = excluded.migration_id, bucket_id = excluded.bucket_id, reason = excluded.reason,
        monthly_usd = excluded.monthly_usd, last_run_id = excluded.last_run_id,
        first_seen_at = case when ${IS_SAME} then least(o.first_seen_at, excluded.first_seen_at)
                             else excluded.first_seen_at end,
        last_seen_at = case when ${IS_SAME} then greatest(o.last_seen_at, excluded.last_seen_at)
                            else excluded.last_seen_at end,
        state = case when ${IS_SAME} then o.state else 'seen' end,
        outcome = case when ${IS_SAME} then o.outcome end,
        decided_at = case when ${IS_SAME} then o.decided_at end,
        decided_by = case when ${IS_SAME} then o.decided_by end`,
    values: [place.storeId, place.container, run.id, run.takenAt, JSON.stringify(rows)],
  })
}

/** Bytes that came back after they were deleted, adopted or gone are looked at as if for the first time. */
const IS_SAME = `(o.bytes = excluded.bytes and o.etag is not distinct from excluded.etag
  and o.version_id is not distinct from excluded.version_id and o.state not in ('deleted', 'adopted', 'gone'))`

/** What a run already knows of these keys, so that it need not ask the store about each again. */
export async function findKnownOrphans(
  queryable: Queryable,
  place: { readonly storeId: Uuid; readonly container: string },
  nativeKeys: readonly string[],
): Promise<OrphanRow[]> {
  const { rows } = await queryable.query<OrphanRow>({
    name: 'orphan_find_known',
    text: `select ${COLUMNS} from ${SOURCE}
           where o.store_id = $1 and o.container = $2 and o.native_key = any ($3) and o.copy_id is null
             and o.state in ('seen', 'confirmed', 'kept')`,
    values: [place.storeId, place.container, nativeKeys],
  })
  return rows
}

/**
 * At the end of a run: what it did not see any more is gone, and what was seen in two scans at least `apartMs`
 * apart is confirmed.
 */
export async function settleSightings(
  queryable: Queryable,
  run: {
    readonly storeId: Uuid
    readonly container: string
    readonly prefix: string
    readonly takenAt: Date
    readonly apartMs: number
  },
): Promise<{ gone: number; confirmed: number }> {
  const values = [run.storeId, run.container, run.prefix]
  const gone = await queryable.query(
    `update orphan set state = 'gone'
     where store_id = $1 and container = $2 and starts_with(native_key, $3) and last_seen_at < $4
       and state in ('seen', 'confirmed', 'kept')`,
    [...values, run.takenAt],
  )
  const confirmed = await queryable.query(
    `update orphan set state = 'confirmed'
     where store_id = $1 and container = $2 and starts_with(native_key, $3) and state = 'seen'
       and last_seen_at - first_seen_at >= $4 * interval '1 millisecond'`,
    [...values, run.apartMs],
  )
  return { gone: gone.rowCount ?? 0, confirmed: confirmed.rowCount ?? 0 }
}

/** Confirmed orphans of a container that are ours by their own word, oldest first. */
export async function listDeletableOrphans(
  queryable: Queryable,
  place: { readonly storeId: Uuid; readonly container: string; readonly prefix: string },
  limit: number,
): Promise<OrphanRow[]> {
  const { rows } = await queryable.query<OrphanRow>(
    `select ${COLUMNS} from ${SOURCE}
     where o.store_id = $1 and o.container = $2 and starts_with(o.native_key, $3) and o.state = 'confirmed'
       and o.kind = 'forgotten' and o.migration_id is not null
     order by o.first_seen_at, o.id limit $4`,
    [place.storeId, place.container, place.prefix, limit],
  )
  return rows
}

/** Which orphans to list; null: any. */
export interface OrphanFilter {
  readonly state: OrphanState | null
  readonly kind: OrphanKind | null
  readonly locationId: Uuid | null
}

/** One page of orphans, the newest first. */
export async function listOrphans(
  queryable: Queryable,
  filter: OrphanFilter,
  page: { readonly beforeId: Uuid | null; readonly limit: number },
): Promise<OrphanRow[]> {
  const { rows } = await queryable.query<OrphanRow>(
    `select ${COLUMNS} from ${SOURCE}
     where ($1::text is null or o.state = $1) and ($2::text is null or o.kind = $2)
       and ($3::uuid is null or o.location_id = $3) and ($4::uuid is null or o.id < $4)
     order by o.id desc limit $5`,
    [filter.state, filter.kind, filter.locationId, page.beforeId, page.limit],
  )
  return rows
}

/** The orphan with this id, or null. */
export async function findOrphan(queryable: Queryable, id: Uuid): Promise<OrphanRow | null> {
  const { rows } = await queryable.query<OrphanRow>(`select ${COLUMNS} from ${SOURCE} where o.id = $1`, [id])
  return rows[0] ?? null
}

/**
 * Changes what is to become of an orphan if it is still in one of these states. Resolves to whether it was.
 * `decidedBy` null leaves who decided as it is.
 */
export async function decideOrphan(
  queryable: Queryable,
  id: Uuid,
  change: {
    readonly from: readonly OrphanState[]
    readonly to: OrphanState
    readonly outcome: string | null
    readonly decidedBy: Principal | null
  },
): Promise<boolean> {
  const { rowCount } = await queryable.query({
    name: 'orphan_decide',
    text: `update orphan set state = $3, outcome = $4,
             decided_at = case when $5::text is null then decided_at else now() end,
             decided_by = coalesce($5, decided_by)
           where id = $1 and state = any ($2)`,
    values: [id, change.from, change.to, change.outcome, change.decidedBy],
  })
  return rowCount === 1
}

/** A page of the orphans about which somebody decided and that a worker has to see to, by their ids. */
export async function listDecidedOrphans(
  queryable: Queryable,
  page: { readonly afterId: Uuid | null; readonly limit: number },
): Promise<OrphanRow[]> {
  const { rows } = await queryable.query<OrphanRow>({
    name: 'orphan_list_decided',
    text: `select ${COLUMNS} from ${SOURCE}
           where o.state in ('deleting', 'adopting') and ($1::uuid is null or o.id > $1)
           order by o.id limit $2`,
    values: [page.afterId, page.limit],
  })
  return rows
}

/** What the ledger adds up to, by kind and state. */
export interface OrphanSum {
  readonly kind: OrphanKind
  readonly state: OrphanState
  readonly orphans: number
  readonly bytes: Bytes
  readonly monthlyUsd: number
}

/** Sums of what is still there. */
export async function sumOrphans(queryable: Queryable): Promise<OrphanSum[]> {
  const { rows } = await queryable.query<OrphanSum>({
    name: 'orphan_sum',
    text: `select kind, state, count(*) as orphans, coalesce(sum(bytes), 0)::bigint as bytes,
                  coalesce(sum(monthly_usd), 0) as "monthlyUsd"
           from orphan where state not in ('deleted', 'adopted', 'gone') group by kind, state`,
  })
  return rows
}

/**
 * Hands a copy that was kept for a person to the sweeper, which deletes it with every check. Resolves to false
 * when it is no such copy any more, or when the bytes that were seen are not the ones the copy is known to
 * have: those may be somebody else's. A copy whose identity was never learned gets that of the bytes, where only
 * we write. One that was doubted stays so: it is read before it may stand in for a primary copy that is lost
 * meanwhile.
 */
export async function releaseKeptCopy(
  queryable: Queryable,
  orphan: Pick<Orphan, 'objectId' | 'copyId' | 'etag' | 'versionId' | 'bytes'>,
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update copy c set state = 'deleting', grace_until_ms = null, etag = coalesce(c.etag, $4),
       version_id = coalesce(c.version_id, $5),
       scrub_verdict = case
         when c.state = 'suspect' and ${wasFoundBad('c')} is not true then 'changed'
         else c.scrub_verdict end
     from object o join bucket b on b.id = o.bucket_id
     where c.object_id = $1 and c.id = $2 and o.id = $1 and not c.is_primary
       and c.state in ('retained', 'suspect')
       and (${SAW_NOTHING} or (c.size = $3 and ${HAS_THIS_IDENTITY}))`,
    [orphan.objectId, orphan.copyId, orphan.bytes, orphan.etag, orphan.versionId],
  )
  return rowCount === 1
}

/** Nothing lay there any more: only the row has to go, with the identity it has. */
const SAW_NOTHING = '($3 = 0 and $4::text is null and $5::text is null)'
const HAS_THIS_IDENTITY = `(
  (c.etag is null and c.version_id is null and b.mode = 'exclusive')
  or (c.etag is not null and c.etag = $4 and c.version_id is not distinct from coalesce($5, c.version_id)))`

/** What state a copy that was handed to the sweeper is in; null when its row is gone. */
export async function findKeptCopyState(
  queryable: Queryable,
  orphan: Pick<Orphan, 'objectId' | 'copyId'>,
): Promise<CopyState | null> {
  const { rows } = await queryable.query<{ state: CopyState }>({
    name: 'orphan_kept_copy',
    text: 'select state from copy where object_id = $1 and id = $2',
    values: [orphan.objectId, orphan.copyId],
  })
  return rows[0]?.state ?? null
}

/**
 * Enters proven bytes as a `retained` copy of their object's present content. Call it under the object's
 * lock.
 */
export async function adoptAsCopy(
  connection: Queryable,
  adoption: {
    readonly id: Uuid
    readonly orphan: OrphanRow
    readonly identity: StoreIdentity
    readonly modelNowMs: number
  },
): Promise<Copy> {
  const { id, identity, modelNowMs, orphan } = adoption
  await connection.query(
    `insert into copy (object_id, id, generation, location_id, state, is_primary, native_key, etag, version_id,
                       size, entered_ms, verified_ms, principal)
     select o.id, $2, o.generation, $3, 'retained', false, nullif($4, o.key), $5, $6, $7, $8, $8, $9
     from object o where o.id = $1`,
    [
      orphan.objectId,
      id,
      orphan.locationId,
      orphan.nativeKey,
      identity.etag,
      identity.versionId,
      orphan.bytes,
      modelNowMs,
      orphan.decidedBy ?? 'system:reconcile',
    ],
  )
  const { rows } = await connection.query<CopyRow>(
    `select ${COPY_COLUMNS} from copy c join object o on o.id = c.object_id where c.object_id = $1 and c.id = $2`,
    [orphan.objectId, id],
  )
  return copyOf(rows[0]!)
}
