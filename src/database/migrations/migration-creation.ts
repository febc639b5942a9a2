import type { Uuid } from '../../domain/identifiers.ts'
import type { NewMigration, NewMigrationRefusal, NewMigrationsResult } from '../../domain/migration-record.ts'
import type { Principal } from '../../domain/principal.ts'
import { SETTLED_AT } from '../catalog/store-moves.ts'
import type { Queryable } from '../postgres.ts'
import { IS_FREE } from './migration-holds.ts'
import { admitToLocations, announceLackingRoom } from './room.ts'

/** The most migrations one statement plans. */
export const NEW_MIGRATIONS_MAX = 1_000

/**
 * Plans migrations for objects that are still as their decisions saw them. Refuses the others with a reason.
 * Throws a RangeError for more than {@link NEW_MIGRATIONS_MAX}. Call it in a transaction: until it ends, the
 * room that these migrations were given at their targets is nobody else's.
 */
export async function createMigrations(
  connection: Queryable,
  batch: readonly NewMigration[],
  principal: Principal,
): Promise<NewMigrationsResult> {
  if (batch.length > NEW_MIGRATIONS_MAX) {
    throw new RangeError(`${batch.length} migrations at once are more than ${NEW_MIGRATIONS_MAX}`)
  }
  if (batch.length === 0) return { created: [], refused: [] }
  const { admitted, lacking, locations } = await admitToLocations(connection, batch)
  await announceLackingRoom(connection, locations, principal)
  const { rows } = await connection.query<{ id: Uuid; refusal: NewMigrationRefusal | null }>({
    name: 'migration_create',
    text: CREATE,
    values: [JSON.stringify(admitted), principal],
  })
  return {
    created: rows.filter(row => row.refusal === null).map(row => row.id),
    refused: [
      ...rows.flatMap(row => (row.refusal === null ? [] : [{ id: row.id, reason: row.refusal }])),
      ...lacking.map(({ id }) => ({ id, reason: 'no-room' as const })),
    ],
  }
}

const CREATE = `
  with wanted as (
    select * from jsonb_to_recordset($1::jsonb) as w (
      id uuid, "objectId" uuid, generation bigint, "placementVersion" bigint, "targetCopyId" uuid,
      "targetLocationId" uuid, priority smallint, direction text, "graceMs" bigint, "attemptsMax" integer,
      "decisionId" uuid, "planId" uuid, "monthlySavingUsd" double precision,
      "oneTimeUsd" double precision, kind text, "sourceCopyId" uuid, verify text, "encryptionRequired" boolean,
      "copiesRequired" smallint, "regionsRequired" smallint)
  ), judged as (
    select w.*, coalesce(w.kind, 'move') as its_kind, ${SETTLED_AT} as settled_at, o.bucket_id, o.key, source.id as source_copy_id,
           source.location_id as source_location_id, source.size,
           case when w.kind = 'repair' then
             jsonb_build_object('targetKey', coalesce(broken.native_key, o.key)) else '{}' end as evidence,
           case
             when o.id is null or not o.is_present or o.generation <> w.generation
               or o.placement_version <> w."placementVersion" then 'outdated'
             when o.quarantined_because is not null then 'quarantined'
             when b.mode = 'observed' then 'observed'
             when w.kind = 'reclassify' and b.mode <> 'exclusive' then 'shared'
             when source.id is null or source.state <> 'complete' or source.generation <> w.generation
               then 'no-source'
             when target_location.id is null then 'unknown-location'
             when ((source_location.store_id, source_location.container)
                = (target_location.store_id, target_location.container)) <> (w.kind is not distinct from 'reclassify')
               or source_location.id = target_location.id then 'same-place'
             when w.kind = 'drop-copy' and (left_over.id is null or left_over.state <> 'complete'
               or not (left_over.is_primary or source.is_primary)) then 'no-source'
             when w.kind = 'repair' and broken.id is null then 'not-broken'
             when coalesce(w.kind, 'move') in ('move', 'add-copy') and exists (
               select from copy c join location l on l.id = c.location_id
               where c.object_id = w."objectId" and not c.is_primary and c.state = any (
                   case when w.kind = 'add-copy' then '{complete,grace,retained,suspect}'::text[]
                        else '{complete}' end)
                 and (l.store_id, l.container) = (target_location.store_id, target_location.container))
               then 'occupied'
             when exists (
               select from migration m where m.object_id = w."objectId" and m.finished_at is null)
               then 'in-flight'
           end as refusal
    from wanted w
    left join object o on o.id = w."objectId"
    left join bucket b on b.id = o.bucket_id
    left join copy source on source.object_id = w."objectId"
      and case when w."sourceCopyId" is null then source.is_primary else source.id = w."sourceCopyId" end
    left join copy left_over on w.kind = 'drop-copy' and left_over.object_id = w."objectId"
      and left_over.id = w."targetCopyId" and left_over.generation = w.generation
      and left_over.location_id = w."targetLocationId"
    left join lateral (
      select c.id, c.native_key from copy c
      where w.kind = 'repair' and c.object_id = w."objectId" and not c.is_primary and c.state = 'suspect'
        and c.location_id = w."targetLocationId" and c.generation = w.generation
      limit 1
    ) broken on true
    left join location source_location on source_location.id = source.location_id
    left join location target_location on target_location.id = w."targetLocationId"
    left join store s on s.id = target_location.store_id
  ), created as (
    insert into migration (
      id, kind, object_id, bucket_id, key, generation, placement_version, source_copy_id, source_location_id,
      target_copy_id, target_location_id, size, state, priority, direction, attempts_max, grace_ms,
      decision_id, plan_id, monthly_saving_usd, one_time_usd, due_at, held, verify, encryption_required, copies_required,
      regions_required, evidence, principal, not_before)
    select j.id, its_kind, "objectId", bucket_id, key, generation, "placementVersion", source_copy_id,
           m.source_location_id, "targetCopyId", m.target_location_id, size, 'planned',
           coalesce(plan.priority, j.priority), direction, "attemptsMax", "graceMs", "decisionId", m.plan_id,
           "monthlySavingUsd", "oneTimeUsd", plan.due_at, not ${IS_FREE}, coalesce(verify, 'target-checksum'), coalesce("encryptionRequired", false),
           coalesce("copiesRequired", 1), coalesce("regionsRequired", 1), j.evidence, $2,
           greatest(now(), j.settled_at)
    from judged j
    cross join lateral (
      select j.id, its_kind as kind, 'planned' as state, false as cancel_requested, j.source_location_id,
             j."targetLocationId" as target_location_id, j."planId" as plan_id) as m
    left join plan on plan.id = j."planId"
    where refusal is null
    order by "objectId"
    on conflict (object_id) where finished_at is null do nothing
    returning id
  ), noted as (
    insert into migration_event (migration_id, sequence, state_from, event, state_to, fencing_token, worker)
    select id, 0, 'planned', 'planned', 'planned', 0, $2 from created
  )
  select j.id, case when j.refusal is null and c.id is null then 'in-flight' else j.refusal end as refusal
  from judged j
  left join created c on c.id = j.id`
