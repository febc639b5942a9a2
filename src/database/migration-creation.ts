import type { Uuid } from '../domain/identifiers.ts'
import type { NewMigration, NewMigrationRefusal, NewMigrationsResult } from '../domain/migration-record.ts'
import type { Principal } from '../domain/principal.ts'
import { IS_FREE } from './migration-holds.ts'
import type { Queryable } from './postgres.ts'

/** The most migrations one statement plans. */
export const NEW_MIGRATIONS_MAX = 1_000

/**
 * Plans migrations for objects that are still as their decisions saw them. Refuses the others with a reason.
 * Throws a RangeError for more than {@link NEW_MIGRATIONS_MAX}. One statement, so one transaction.
 */
export async function createMigrations(
  queryable: Queryable,
  batch: readonly NewMigration[],
  principal: Principal,
): Promise<NewMigrationsResult> {
  if (batch.length > NEW_MIGRATIONS_MAX) {
    throw new RangeError(`${batch.length} migrations at once are more than ${NEW_MIGRATIONS_MAX}`)
  }
  if (batch.length === 0) return { created: [], refused: [] }
  const { rows } = await queryable.query<{ id: Uuid; refusal: NewMigrationRefusal | null }>({
    name: 'migration_create',
    text: CREATE,
    values: [JSON.stringify(batch), principal],
  })
  return {
    created: rows.filter(row => row.refusal === null).map(row => row.id),
    refused: rows.flatMap(row => (row.refusal === null ? [] : [{ id: row.id, reason: row.refusal }])),
  }
}

const CREATE = `
  with wanted as (
    select * from jsonb_to_recordset($1::jsonb) as w (
      id uuid, "objectId" uuid, generation bigint, "placementVersion" bigint, "targetCopyId" uuid,
      "targetLocationId" uuid, priority smallint, direction text, "graceMs" bigint, "attemptsMax" integer,
      "decisionId" uuid, "planId" uuid, "monthlySavingUsd" double precision,
      "oneTimeUsd" double precision)
  ), judged as (
    select w.*, o.bucket_id, o.key, source.id as source_copy_id, source.location_id as source_location_id,
           source.size,
           case
             when o.id is null or not o.is_present or o.generation <> w.generation
               or o.placement_version <> w."placementVersion" then 'outdated'
             when o.quarantined_because is not null then 'quarantined'
             when b.mode = 'observed' then 'observed'
             when source.id is null or source.state <> 'complete' then 'no-source'
             when target_location.id is null then 'unknown-location'
             when (source_location.store_id, source_location.container)
                = (target_location.store_id, target_location.container) then 'same-place'
             when exists (
               select from migration m where m.object_id = w."objectId" and m.finished_at is null)
               then 'in-flight'
           end as refusal
    from wanted w
    left join object o on o.id = w."objectId"
    left join bucket b on b.id = o.bucket_id
    left join copy source on source.object_id = w."objectId" and source.is_primary
    left join location source_location on source_location.id = source.location_id
    left join location target_location on target_location.id = w."targetLocationId"
  ), created as (
    insert into migration (
      id, kind, object_id, bucket_id, key, generation, placement_version, source_copy_id, source_location_id,
      target_copy_id, target_location_id, size, state, priority, direction, attempts_max, grace_ms,
      decision_id, plan_id, monthly_saving_usd, one_time_usd, due_at, held, principal)
    select j.id, 'move', "objectId", bucket_id, key, generation, "placementVersion", source_copy_id,
           m.source_location_id, "targetCopyId", m.target_location_id, size, 'planned',
           coalesce(plan.priority, j.priority), direction, "attemptsMax", "graceMs", "decisionId", m.plan_id,
           "monthlySavingUsd", "oneTimeUsd", plan.due_at, not ${IS_FREE}, $2
    from judged j
    cross join lateral (
      select j.source_location_id, j."targetLocationId" as target_location_id, j."planId" as plan_id) as m
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
