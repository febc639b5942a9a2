import { HAS_UPLOAD_LEFT } from '../../catalog/copies.ts'
import type { Queryable } from '../../postgres.ts'
import {
  allWritten,
  columns,
  type EffectContext,
  type EffectfulStep,
  etagOf,
  every,
  generationOf,
  momentOf,
  objectOf,
  targetCopyOf,
  targetKeyOf,
  versionIdOf,
} from './effect-rows.ts'

/** The row of a target copy that is about to be written; it may be there from an earlier try. */
export async function intendTarget({ connection, steps, principal }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_intend_target',
    text: `
      insert into copy (object_id, id, generation, location_id, state, is_primary, native_key, size,
                        entered_ms, migration_id, principal)
      select object_id, id, generation, location_id, 'staging', false, nullif(target_key, key), size,
             entered_ms, migration_id, $10
      from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
                  $8::bigint[], $9::uuid[])
        as n (object_id, id, generation, location_id, target_key, key, size, entered_ms, migration_id)
      on conflict (object_id, id) do nothing`,
    values: [
      ...columns(
        steps,
        objectOf,
        targetCopyOf,
        generationOf,
        ({ migration }) => migration.targetLocationId,
        targetKeyOf,
        ({ migration }) => migration.key,
        ({ migration }) => migration.size,
        momentOf,
        ({ migration }) => migration.id,
      ),
      principal,
    ],
  })
}

/** The bytes of the target copy have an identity. Those of former copies in its place are gone. */
export async function noteTarget({ connection, steps, publishedIds }: EffectContext): Promise<void> {
  const later = steps.filter(step => !publishedIds.has(targetCopyOf(step)))
  await allWritten([
    dropReplaced(
      connection,
      steps.filter(step => step.hasOtherCopies),
    ),
    every(later, 'the target copy is no longer being written', connection, {
      name: 'migration_note_target',
      text: `
        update copy c set etag = n.etag, version_id = n.version_id, entered_ms = n.entered_ms
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
          as n (object_id, id, etag, version_id, entered_ms)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'staging'`,
      values: columns(later, objectOf, targetCopyOf, etagOf, versionIdOf, momentOf),
    }),
  ])
}

/**
 * Rows of former copies under the same native key go: their bytes were replaced by these. One whose upload is
 * left waits for the sweeper.
 */
async function dropReplaced(connection: Queryable, steps: readonly EffectfulStep[]): Promise<void> {
  if (steps.length === 0) return
  await connection.query({
    name: 'migration_drop_replaced',
    text: `
      delete from copy c
      using unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as n (object_id, id, location_id, target_key),
            object o, location theirs, location ours
      where c.object_id = any ($1::uuid[]) and o.id = any ($1::uuid[])
        and c.object_id = n.object_id and o.id = n.object_id and c.id <> n.id and not c.is_primary
        and theirs.id = c.location_id and ours.id = n.location_id
        and theirs.store_id = ours.store_id and theirs.container = ours.container
        and coalesce(c.native_key, o.key) = n.target_key and not ${HAS_UPLOAD_LEFT}`,
    values: columns(
      steps,
      objectOf,
      targetCopyOf,
      ({ migration }) => migration.targetLocationId,
      targetKeyOf,
    ),
  })
}

/** The target copy was proven. */
export async function completeTarget({ connection, steps, publishedIds }: EffectContext): Promise<void> {
  const later = steps.filter(step => !publishedIds.has(targetCopyOf(step)))
  await every(later, 'the target copy is no longer being written', connection, {
    name: 'migration_complete_target',
    text: `
      update copy c set state = 'complete', verified_ms = n.verified_ms
      from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as n (object_id, id, verified_ms)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and c.state = 'staging'`,
    values: columns(later, objectOf, targetCopyOf, momentOf),
  })
}

/** What was read becomes the version's digests where it has none. */
export async function keepDigests({ connection, steps: all }: EffectContext): Promise<void> {
  const steps = all.filter(step => step.lacksDigests)
  if (steps.length === 0) return
  await connection.query({
    name: 'migration_keep_digests',
    text: `
      update object_version v
      set sha256 = coalesce(v.sha256, decode(n.sha256, 'hex')),
          sha256_source = case when v.sha256 is null then 'mover-read' else v.sha256_source end,
          crc64nvme = coalesce(v.crc64nvme, decode(n.crc64nvme, 'hex'))
      from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[])
        as n (object_id, generation, sha256, crc64nvme)
      where v.object_id = any ($1::uuid[]) and v.object_id = n.object_id and v.generation = n.generation
        and (v.sha256 is null or v.crc64nvme is null)`,
    values: columns(
      steps,
      objectOf,
      generationOf,
      ({ migration }) => migration.evidence.sha256 ?? null,
      ({ migration }) => migration.evidence.crc64nvme ?? null,
    ),
  })
}

/** A copy that is complete already was proven now. */
export async function proveTarget({ connection, steps }: EffectContext): Promise<void> {
  await every(steps, 'the copy is no longer complete', connection, {
    name: 'migration_prove_target',
    text: `
      update copy c set verified_ms = n.verified_ms
      from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as n (object_id, id, verified_ms)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'complete'`,
    values: columns(steps, objectOf, targetCopyOf, momentOf),
  })
}
