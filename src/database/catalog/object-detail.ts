import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { CopyState } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Tier } from '../../domain/tier.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'
import { holdLocations } from './hold-locations.ts'
import { FOUND_COLUMNS, FOUND_FROM, type FoundObject, foundObjectOf } from './object-search.ts'

/** Everything people see about one object, without its copies and its daily reads. */
export interface ObjectDetailRow extends FoundObject {
  readonly placementVersion: number
  readonly etag: string
  readonly sha256: string | null
  readonly sha256Source: string | null
  readonly crc64nvme: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly pinnedLocationId: Uuid | null
  readonly pinnedLocationName: string | null
  readonly pinnedUntil: number | null
  readonly quarantinedBecause: string | null
  readonly migrationId: Uuid | null
  readonly reviewAt: number | null
  readonly reviewReason: string | null
  readonly createdAt: Date
  readonly principal: string
}

/** The present object with this id, or null. `now` is model time. */
export async function findObjectDetail(
  database: Queryable,
  id: ObjectId,
  now: number,
): Promise<ObjectDetailRow | null> {
  const { rows } = await database.query<
    Parameters<typeof foundObjectOf>[0] & Omit<ObjectDetailRow, keyof FoundObject>
  >({
    name: 'object_detail',
    text: `
      select ${FOUND_COLUMNS}, o.placement_version as "placementVersion", v.etag,
             encode(v.sha256, 'hex') as sha256, v.sha256_source as "sha256Source",
             encode(v.crc64nvme, 'hex') as crc64nvme, v.metadata, v.tags,
             o.pinned_location_id as "pinnedLocationId", p.name as "pinnedLocationName",
             o.pinned_until_ms as "pinnedUntil", o.quarantined_because as "quarantinedBecause",
             (select m.id from migration as m where m.object_id = o.id and m.finished_at is null)
               as "migrationId",
             r.review_ms as "reviewAt", r.reason as "reviewReason", o.created_at as "createdAt", o.principal
      from ${FOUND_FROM}
      left join location as p on p.id = o.pinned_location_id
      left join object_review as r on r.object_id = o.id
      where o.id = $2 and o.is_present`,
    values: [Math.trunc(now), id],
  })
  const [row] = rows
  if (row === undefined) return null
  return { ...row, ...foundObjectOf(row, 'key') }
}

/** A copy with the names of where it lies. */
export interface CopyDetailRow {
  readonly id: Uuid
  readonly locationId: Uuid
  readonly locationName: string
  readonly tier: Tier
  readonly state: CopyState
  readonly isPrimary: boolean
  readonly generation: number
  readonly size: number
  readonly nativeKey: string
  readonly etag: string | null
  readonly versionId: string | null
  readonly enteredAt: number
  readonly graceUntil: number | null
  readonly verifiedAt: number | null
}

/** Copies of one object that people are shown at most; former generations are swept soon. */
const COPIES_MAX = 100

/** Every copy of an object, the primary first, then the newest. */
export async function listCopyDetails(database: Queryable, id: ObjectId): Promise<CopyDetailRow[]> {
  const { rows } = await database.query<CopyDetailRow>({
    name: 'copy_details',
    text: `
      select c.id, c.location_id as "locationId", l.name as "locationName", l.tier, c.state,
             c.is_primary as "isPrimary", c.generation, c.size, coalesce(c.native_key, o.key) as "nativeKey",
             c.etag, c.version_id as "versionId", c.entered_ms as "enteredAt",
             c.grace_until_ms as "graceUntil", c.verified_ms as "verifiedAt"
      from copy as c
      join object as o on o.id = c.object_id
      join location as l on l.id = c.location_id
      where c.object_id = $1
      order by c.is_primary desc, c.id desc
      limit ${COPIES_MAX}`,
    values: [id],
  })
  return rows
}

/** What a person may want of one object; undefined leaves it as it is, null takes it away. */
export interface ObjectWishes {
  readonly latencySlaMs?: number | null | undefined
  readonly pin?: { readonly locationId: Uuid; readonly until: number | null } | null | undefined
}

/**
 * Pins an object or sets its latency SLA, and has it looked at again at `now` (model time). Resolves to what is
 * not there, the object or the location of the pin; then nothing is changed.
 */
export async function wishForObject(
  database: Database,
  id: ObjectId,
  wishes: ObjectWishes,
  options: { now: number; principal: Principal },
): Promise<'done' | 'no-object' | 'no-location'> {
  return inTransaction(database, async connection => {
    const pinnedTo = wishes.pin?.locationId
    if (pinnedTo !== undefined && (await holdLocations(connection, [pinnedTo])).length === 0)
      return 'no-location'
    const { rowCount } = await connection.query(
      `update object
       set latency_sla_ms = case when $2 then $3::double precision else latency_sla_ms end,
           pinned_location_id = case when $4 then $5::uuid else pinned_location_id end,
           pinned_until_ms = case when $4 then $6::bigint else pinned_until_ms end,
           principal = $7
       where id = $1 and is_present`,
      [
        id,
        wishes.latencySlaMs !== undefined,
        wishes.latencySlaMs ?? null,
        wishes.pin !== undefined,
        wishes.pin?.locationId ?? null,
        wishes.pin?.until ?? null,
        options.principal,
      ],
    )
    if (rowCount !== 1) return 'no-object'
    await connection.query(
      `insert into object_review as r (object_id, review_ms, reason) values ($1, $2, 'requested')
       on conflict (object_id) do update
       set review_ms = least(r.review_ms, excluded.review_ms), reason = excluded.reason`,
      [id, Math.trunc(options.now)],
    )
    return 'done'
  })
}
