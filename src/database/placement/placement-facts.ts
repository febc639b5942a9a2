import type { BucketMode } from '../../domain/bucket.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { PlacementLocation, StoredPlacementFacts, StoredReplica } from '../../domain/placement-facts.ts'
import { arrayLiteral } from '../array-literal.ts'
import { IS_REPLACEABLE } from '../migrations/replace-waiting.ts'
import { FREE_BYTES } from '../migrations/room.ts'
import type { Queryable } from '../postgres.ts'

/** An undecided decision of a proposed plan. */
export interface OpenDecision {
  readonly id: Uuid
  readonly toLocationId: Uuid
  readonly generation: number
  readonly placementVersion: number
  readonly policyRevision: number
}

/** What placement needs to know about an object, and the decision about it that still waits for a person. */
export interface PlacementFactsRow {
  readonly facts: StoredPlacementFacts
  readonly openDecision: OpenDecision | null
}

/**
 * The facts of these objects, in one statement. Objects that are deleted, or that have no primary copy, are
 * left out.
 */
export async function readPlacementFacts(
  queryable: Queryable,
  objectIds: readonly ObjectId[],
): Promise<PlacementFactsRow[]> {
  const { rows } = await queryable.query<FactsRow>({
    name: 'placement_facts',
    text: FACTS,
    values: [arrayLiteral(objectIds)],
  })
  return rows.map(factsOf)
}

const FACTS = `
  select o.id, o.bucket_id, b.name as bucket_name, b.mode as bucket_mode, b.policy_id, o.key, o.generation,
         o.placement_version, v.size, o.latency_sla_ms, o.pinned_location_id, o.pinned_until_ms,
         o.quarantined_because, c.id as copy_id, c.location_id, c.entered_ms, c.state as copy_state,
         h.ln_heat_6h, h.ln_heat_3d, h.ln_heat_30d, h.reads, h.bytes_read, h.first_access_ms,
         h.last_access_ms, w.rings, m.id as migration_id,
         case when m.id is not null and ${IS_REPLACEABLE} then m.target_location_id end as waits_for_room_at, d.id as decision_id, d.to_location_id,
         d.generation as decision_generation, d.placement_version as decision_placement_version,
         d.policy_revision,
         (select jsonb_agg(jsonb_build_object('copyId', r.id, 'locationId', r.location_id,
                                              'enteredAt', r.entered_ms) order by r.id)
          from copy r
          where r.object_id = i.id and not r.is_primary and r.state = 'complete'
            and r.generation = o.generation) as replicas
  from unnest($1::uuid[]) as i (id)
  join object o on o.id = i.id and o.is_present
  join bucket b on b.id = o.bucket_id
  join object_version v on v.object_id = i.id and v.generation = o.generation
  join copy c on c.object_id = i.id and c.is_primary
  left join object_heat h on h.object_id = i.id
  left join access_window w on w.object_id = i.id
  left join migration m on m.object_id = i.id and m.finished_at is null
  left join lateral (
    select decision.id, to_location_id, generation, placement_version, policy_revision
    from decision join plan on plan.id = plan_id and plan.state = 'proposed'
    where object_id = i.id and verdict is null
    order by decision.id desc limit 1
  ) as d on true`

interface FactsRow {
  id: ObjectId
  bucket_id: Uuid
  bucket_name: string
  bucket_mode: BucketMode
  policy_id: Uuid | null
  key: string
  generation: number
  placement_version: number
  size: number
  latency_sla_ms: number | null
  pinned_location_id: Uuid | null
  pinned_until_ms: number | null
  quarantined_because: string | null
  copy_id: Uuid
  location_id: Uuid
  entered_ms: number
  copy_state: string
  ln_heat_6h: number | null
  ln_heat_3d: number
  ln_heat_30d: number
  reads: number
  bytes_read: number
  first_access_ms: number
  last_access_ms: number
  rings: Buffer | null
  migration_id: Uuid | null
  waits_for_room_at: Uuid | null
  decision_id: Uuid | null
  to_location_id: Uuid
  decision_generation: number
  decision_placement_version: number
  policy_revision: number
  /** Null when there are none. */
  replicas: StoredReplica[] | null
}

function factsOf(row: FactsRow): PlacementFactsRow {
  return {
    facts: {
      objectId: row.id,
      bucketId: row.bucket_id,
      bucketName: row.bucket_name,
      bucketMode: row.bucket_mode,
      policyId: row.policy_id,
      key: row.key,
      generation: row.generation,
      placementVersion: row.placement_version,
      size: row.size,
      latencySlaMs: row.latency_sla_ms,
      pinnedLocationId: row.pinned_location_id,
      pinnedUntil: row.pinned_until_ms,
      quarantinedBecause: row.quarantined_because,
      copyId: row.copy_id,
      locationId: row.location_id,
      enteredAt: row.entered_ms,
      copyIsSound: row.copy_state === 'complete',
      ...(row.replicas === null ? {} : { replicas: row.replicas }),
      heat:
        row.ln_heat_6h === null
          ? null
          : {
              lnHeat6h: row.ln_heat_6h,
              lnHeat3d: row.ln_heat_3d,
              lnHeat30d: row.ln_heat_30d,
              reads: row.reads,
              bytesRead: row.bytes_read,
              firstAccessAt: row.first_access_ms,
              lastAccessAt: row.last_access_ms,
            },
      windowRings: row.rings,
      migrationId: row.migration_id,
      ...(row.waits_for_room_at === null ? {} : { waitsForRoomAt: row.waits_for_room_at }),
    },
    openDecision:
      row.decision_id === null
        ? null
        : {
            id: row.decision_id,
            toLocationId: row.to_location_id,
            generation: row.decision_generation,
            placementVersion: row.decision_placement_version,
            policyRevision: row.policy_revision,
          },
  }
}

/**
 * Every location as placement sees it. What is free counts what lies there, what planned migrations have not
 * begun to copy yet, and what open plans want to bring. Only locations with a capacity are summed up. Whether a store
 * encrypts is not in the catalog.
 */
export async function listPlacementLocations(queryable: Queryable): Promise<PlacementLocation[]> {
  const { rows } = await queryable.query<PlacementLocation>({
    name: 'placement_locations',
    text: `
      select l.id, l.name, l.store_id as "storeId", l.container, l.storage_class as "storageClass", l.tier,
             l.price_id as "priceId", l.region, l.first_byte_ms_p99 as "firstByteMsP99",
             l.restore_hours as "restoreHours", l.capacity_bytes as "capacityBytes", s.name as "storeName", s.kind as "storeKind", s.state as "storeState",
             l.retiring_at is not null as "isRetiring",
             (select floor(extract(epoch from f.since) * 1000) from full_location f
              where f.location_id = l.id and f.room_since is null and f.until > now())::bigint as "fullSince",
             case when l.capacity_bytes is not null then greatest(0, ${FREE_BYTES}
               - coalesce((select sum(size) from decision
                           join plan on plan.id = plan_id and plan.state in ('proposed', 'approved')
                           where verdict is null and to_location_id = l.id), 0)
             )::bigint end as "freeBytes"
      from location l
      join store s on s.id = l.store_id
      order by l.name`,
  })
  return rows
}
