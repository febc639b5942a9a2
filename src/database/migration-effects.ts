import type { Instant } from '../domain/clock.ts'
import type { Migration } from '../domain/migration.ts'
import { LedgerError, type MigrationEffect, type MigrationStep } from '../domain/migration-record.ts'
import type { Principal } from '../domain/principal.ts'
import { insertActivities } from './activities.ts'
import type { Queryable } from './postgres.ts'

/** What an effect needs to know. The migration is as it is after the record. */
export interface EffectContext {
  readonly connection: Queryable
  readonly migration: Migration
  readonly step: MigrationStep
  readonly modelNow: Instant
  readonly principal: Principal
}

/**
 * Writes what a step means for the catalog. The migration's row is locked already; the object's row is locked
 * here before any of its copies, the order in which the gateway locks them too.
 */
export async function applyEffects(context: EffectContext): Promise<void> {
  for (const effect of context.step.effects) await EFFECTS[effect](context)
}

/** Holds the object's row until the transaction ends. */
export async function lockObjectRow(connection: Queryable, objectId: string): Promise<void> {
  await connection.query({
    name: 'migration_lock_object',
    text: 'select from object where id = $1 for update',
    values: [objectId],
  })
}

const EFFECTS: Readonly<Record<MigrationEffect, (context: EffectContext) => Promise<void>>> = {
  // Both are written with the migration's own row.
  'count-attempt': async () => undefined,
  'reset-attempts': async () => undefined,
  'intend-target': intendTarget,
  'note-target': noteTarget,
  'complete-target': completeTarget,
  'keep-digests': keepDigests,
  'switch-primary': switchPrimary,
  'switch-back': switchBack,
  'discard-target': context => leaveToSweeper(context, context.migration.targetCopyId),
  'discard-source': context => leaveToSweeper(context, context.migration.sourceCopyId),
  'drop-target': dropTarget,
  'drop-source': dropSource,
  'retain-source': retainSource,
  'suspect-source': context => suspect(context, context.migration.sourceCopyId),
  'suspect-target': context => suspect(context, context.migration.targetCopyId),
  'ask-review': askReview,
  announce,
}

async function intendTarget({ connection, migration, modelNow, principal }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_intend_target',
    text: `
      insert into copy (object_id, id, generation, location_id, state, is_primary, native_key, size,
                        entered_ms, principal)
      values ($1, $2, $3, $4, 'staging', false, nullif($8, $9), $5, $6, $7)
      on conflict (object_id, id) do nothing`,
    values: [
      migration.objectId,
      migration.targetCopyId,
      migration.generation,
      migration.targetLocationId,
      migration.size,
      Math.round(modelNow),
      principal,
      migration.evidence.targetKey ?? migration.key,
      migration.key,
    ],
  })
}

/** Rows of former copies under the same native key go: their bytes were replaced by these. */
async function noteTarget({ connection, migration, modelNow }: EffectContext): Promise<void> {
  const identity = migration.evidence.targetIdentity
  const { rowCount } = await connection.query({
    name: 'migration_note_target',
    text: `
      with replaced as (
        delete from copy c
        using object o, location theirs, location ours
        where c.object_id = $1 and o.id = $1 and c.id <> $2 and not c.is_primary
          and theirs.id = c.location_id and ours.id = $6
          and theirs.store_id = ours.store_id and theirs.container = ours.container
          and coalesce(c.native_key, o.key) = $7
      )
      update copy set etag = $3, version_id = $4, entered_ms = $5
      where object_id = $1 and id = $2 and state = 'staging'`,
    values: [
      migration.objectId,
      migration.targetCopyId,
      identity?.etag ?? null,
      identity?.versionId ?? null,
      Math.round(modelNow),
      migration.targetLocationId,
      migration.evidence.targetKey ?? migration.key,
    ],
  })
  if (rowCount !== 1) throw new LedgerError('switch-lost', 'the target copy is no longer being written')
}

async function completeTarget({ connection, migration, modelNow }: EffectContext): Promise<void> {
  const { rowCount } = await connection.query({
    name: 'migration_complete_target',
    text: `update copy set state = 'complete', verified_ms = $3
           where object_id = $1 and id = $2 and state = 'staging'`,
    values: [migration.objectId, migration.targetCopyId, Math.round(modelNow)],
  })
  if (rowCount !== 1) throw new LedgerError('switch-lost', 'the target copy is no longer being written')
}

async function keepDigests({ connection, migration }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_keep_digests',
    text: `
      update object_version
      set sha256 = coalesce(sha256, decode($3, 'hex')),
          sha256_source = case when sha256 is null then 'mover-read' else sha256_source end,
          crc64nvme = coalesce(crc64nvme, decode($4, 'hex'))
      where object_id = $1 and generation = $2 and (sha256 is null or crc64nvme is null)`,
    values: [
      migration.objectId,
      migration.generation,
      migration.evidence.sha256 ?? null,
      migration.evidence.crc64nvme ?? null,
    ],
  })
}

async function switchPrimary({ connection, migration }: EffectContext): Promise<void> {
  const { objectId, sourceCopyId, targetCopyId } = migration
  await one(connection, 'the object was overwritten, deleted, quarantined or placed anew', {
    name: 'migration_switch_object',
    text: `
      update object set placement_version = placement_version + 1
      where id = $1 and generation = $2 and placement_version = $3 and is_present
        and quarantined_because is null`,
    values: [objectId, migration.generation, migration.placementVersion],
  })
  await one(connection, 'the source copy is no longer the primary one', {
    name: 'migration_switch_source',
    text: `
      update copy set is_primary = false, state = 'grace', grace_until_ms = $3
      where object_id = $1 and id = $2 and is_primary and state = 'complete'`,
    values: [objectId, sourceCopyId, migration.graceUntil],
  })
  await one(connection, 'the target copy is not complete', {
    name: 'migration_switch_target',
    text: `update copy set is_primary = true where object_id = $1 and id = $2 and state = 'complete'`,
    values: [objectId, targetCopyId],
  })
}

async function switchBack({ connection, migration }: EffectContext): Promise<void> {
  const { objectId, sourceCopyId, targetCopyId } = migration
  await one(connection, 'the object was overwritten or deleted', {
    name: 'migration_switch_back_object',
    text: `
      update object set placement_version = placement_version + 1
      where id = $1 and generation = $2 and is_present`,
    values: [objectId, migration.generation],
  })
  await one(connection, 'the target copy is no longer the primary one', {
    name: 'migration_switch_back_target',
    text: 'update copy set is_primary = false where object_id = $1 and id = $2 and is_primary',
    values: [objectId, targetCopyId],
  })
  await one(connection, 'the source copy is no longer in grace', {
    name: 'migration_switch_back_source',
    text: `
      update copy set is_primary = true, state = 'complete', grace_until_ms = null
      where object_id = $1 and id = $2 and state = 'grace'`,
    values: [objectId, sourceCopyId],
  })
}

async function leaveToSweeper({ connection, migration }: EffectContext, copyId: string): Promise<void> {
  await connection.query({
    name: 'migration_leave_to_sweeper',
    text: `
      update copy set state = 'deleting', grace_until_ms = null
      where object_id = $1 and id = $2 and not is_primary`,
    values: [migration.objectId, copyId],
  })
}

async function dropTarget({ connection, migration }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_drop_target',
    text: 'delete from copy where object_id = $1 and id = $2 and not is_primary',
    values: [migration.objectId, migration.targetCopyId],
  })
}

async function dropSource({ connection, migration }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_drop_source',
    text: `
      with dropped as (
        delete from copy where object_id = $1 and id = $2 and not is_primary returning object_id
      )
      update object set placement_version = placement_version + 1
      from dropped where id = $1`,
    values: [migration.objectId, migration.sourceCopyId],
  })
}

async function retainSource({ connection, migration }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_retain_source',
    text: `
      update copy set state = 'retained', grace_until_ms = null
      where object_id = $1 and id = $2 and not is_primary`,
    values: [migration.objectId, migration.sourceCopyId],
  })
}

async function suspect({ connection, migration }: EffectContext, copyId: string): Promise<void> {
  await connection.query({
    name: 'migration_suspect_copy',
    text: `update copy set state = 'suspect', grace_until_ms = null where object_id = $1 and id = $2`,
    values: [migration.objectId, copyId],
  })
}

async function askReview({ connection, migration, modelNow }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_ask_review',
    text: `
      insert into object_review (object_id, review_ms, reason)
      select id, $2, 'migration-finished' from object where id = $1 and is_present
      on conflict (object_id) do update set review_ms = excluded.review_ms, reason = excluded.reason`,
    values: [migration.objectId, Math.round(modelNow)],
  })
}

async function announce({ connection, migration, step, principal }: EffectContext): Promise<void> {
  await insertActivities(connection, [
    {
      kind: `migration.${step.to}`,
      subject: migration.id,
      detail: {
        event: step.event,
        direction: migration.direction,
        objectId: migration.objectId,
        bucketId: migration.bucketId,
        key: migration.key,
        size: migration.size,
        sourceLocationId: migration.sourceLocationId,
        targetLocationId: migration.targetLocationId,
      },
      principal,
    },
  ])
}

async function one(
  connection: Queryable,
  otherwise: string,
  statement: { name: string; text: string; values: unknown[] },
): Promise<void> {
  const { rowCount } = await connection.query(statement)
  if (rowCount !== 1) throw new LedgerError('switch-lost', otherwise)
}
