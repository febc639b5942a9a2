import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration } from '../../domain/migration.ts'
import {
  LedgerError,
  MIGRATION_EFFECTS,
  type MigrationEffect,
  type MigrationStep,
} from '../../domain/migration-record.ts'
import type { Principal } from '../../domain/principal.ts'
import { HAS_UPLOAD_LEFT } from '../catalog/copies.ts'
import { insertActivities } from '../people/activities.ts'
import type { Queryable } from '../postgres.ts'

/** A step whose effects are to be written. The migration is as it is after its record. */
export interface EffectfulStep {
  readonly migration: Migration
  readonly step: MigrationStep
  readonly modelNow: Instant
  /** Whether the object may have copies besides the migration's own two. */
  readonly hasOtherCopies: boolean
  /** Whether the catalog may lack a digest of the content. */
  readonly lacksDigests: boolean
}

/** What one statement needs, whose rows are steps that all have the same effect. */
interface EffectContext {
  readonly connection: Queryable
  readonly steps: readonly EffectfulStep[]
  readonly principal: Principal
  /** Target copies that are written whole when they become primary. */
  readonly publishedIds: ReadonlySet<Uuid>
}

/**
 * Writes what steps mean for the catalog, one statement for each effect however many steps have it. Their
 * migrations are different ones, or one whose steps follow each other; the rows of the migrations and of
 * their objects are locked already, the order in which the gateway locks them too.
 *
 * Throws a {@link LedgerError} `switch-lost` when any of them finds the catalog changed.
 */
export async function applyEffects(
  connection: Queryable,
  all: readonly EffectfulStep[],
  principal: Principal,
): Promise<void> {
  // The order of the list is one in which the effects of a record may be written. The statements are sent
  // without waiting for each other, and the server does them in that order.
  const publishedIds = publishedWhole(all)
  await allWritten(
    MIGRATION_EFFECTS.map(effect => {
      const steps = all.filter(({ step }) => step.effects.includes(effect))
      return steps.length > 0 ? EFFECTS[effect]({ connection, steps, principal, publishedIds }) : null
    }),
  )
}

/**
 * The target copies whose bytes became known, proven and primary in one record: one statement writes all
 * three.
 */
function publishedWhole(all: readonly EffectfulStep[]): ReadonlySet<Uuid> {
  const [noted, completed, switched] = (['note-target', 'complete-target', 'switch-primary'] as const).map(
    effect => new Set(all.flatMap(one => (one.step.effects.includes(effect) ? [targetCopyOf(one)] : []))),
  )
  return new Set([...switched!].filter(id => noted!.has(id) && completed!.has(id)))
}

/** Holds the rows of these objects until the transaction ends. */
export async function lockObjectRows(connection: Queryable, objectIds: readonly string[]): Promise<void> {
  await connection.query({
    name: 'migration_lock_objects',
    text: 'select from object where id = any ($1::uuid[]) order by id for update',
    values: [objectIds],
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
  'relocate-copy': relocateCopy,
  'prove-target': proveTarget,
  'switch-primary': switchPrimary,
  'join-target': joinTarget,
  'switch-back': switchBack,
  'take-back': takeBack,
  'discard-target': context => leaveToSweeper(context, targetCopyOf),
  'discard-source': context => leaveToSweeper(context, sourceCopyOf),
  'drop-target': dropTarget,
  'drop-source': dropSource,
  'retain-source': retainSource,
  'suspect-source': context => suspect(context, sourceCopyOf),
  'suspect-target': context => suspect(context, targetCopyOf),
  'ask-review': askReview,
  announce,
}

const objectOf = ({ migration }: EffectfulStep) => migration.objectId
const sourceCopyOf = ({ migration }: EffectfulStep) => migration.sourceCopyId
const targetCopyOf = ({ migration }: EffectfulStep) => migration.targetCopyId
const generationOf = ({ migration }: EffectfulStep) => migration.generation
const targetKeyOf = ({ migration }: EffectfulStep) => migration.evidence.targetKey ?? migration.key
const etagOf = ({ migration }: EffectfulStep) => migration.evidence.targetIdentity?.etag ?? null
const versionIdOf = ({ migration }: EffectfulStep) => migration.evidence.targetIdentity?.versionId ?? null
const momentOf = ({ modelNow }: EffectfulStep) => Math.round(modelNow)

/** The statement's arrays: one for each column, an element for each step. */
function columns<const C extends readonly ((step: EffectfulStep) => unknown)[]>(
  steps: readonly EffectfulStep[],
  ...of: C
): unknown[][] {
  return of.map(column => steps.map(column))
}

async function intendTarget({ connection, steps, principal }: EffectContext): Promise<void> {
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

async function noteTarget({ connection, steps, publishedIds }: EffectContext): Promise<void> {
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

async function completeTarget({ connection, steps, publishedIds }: EffectContext): Promise<void> {
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

async function keepDigests({ connection, steps: all }: EffectContext): Promise<void> {
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

/** Compares both counters with those of the decision, and counts a change of the copies. */
function placeAnew({ connection, steps }: EffectContext): Promise<void> {
  return every(steps, 'the object was overwritten, deleted, quarantined or placed anew', connection, {
    name: 'migration_switch_object',
    text: `
      update object o set placement_version = o.placement_version + 1
      from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as n (id, generation, placement_version)
      where o.id = any ($1::uuid[]) and o.id = n.id and o.generation = n.generation and o.placement_version = n.placement_version
        and o.is_present and o.quarantined_because is null`,
    values: columns(steps, objectOf, generationOf, ({ migration }) => migration.placementVersion),
  })
}

/**
 * The copy is another one for its store, and lies elsewhere for the planner: minimum durations begin anew. The
 * store has done it already, so it is written down whatever was decided of the object's other copies meanwhile.
 */
async function relocateCopy(context: EffectContext): Promise<void> {
  const { connection, steps } = context
  await allWritten([
    every(steps, 'the object was overwritten or deleted', connection, {
      name: 'migration_relocate_object',
      text: `
        update object o set placement_version = o.placement_version + 1
        from unnest($1::uuid[], $2::bigint[]) as n (id, generation)
        where o.id = any ($1::uuid[]) and o.id = n.id and o.generation = n.generation and o.is_present`,
      values: columns(steps, objectOf, generationOf),
    }),
    every(steps, 'the copy is no longer the one that was to be reclassified', connection, {
      name: 'migration_relocate_copy',
      text: `
        update copy c
        set location_id = n.location_id, etag = n.etag, version_id = n.version_id, entered_ms = n.entered_ms
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
          as n (object_id, id, location_id, etag, version_id, entered_ms)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'complete'`,
      values: columns(
        steps,
        objectOf,
        targetCopyOf,
        ({ migration }) => migration.targetLocationId,
        etagOf,
        versionIdOf,
        momentOf,
      ),
    }),
  ])
}

async function proveTarget({ connection, steps }: EffectContext): Promise<void> {
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

async function joinTarget(context: EffectContext): Promise<void> {
  const { connection, steps } = context
  await allWritten([
    placeAnew(context),
    every(steps, 'the target copy is not complete, or the source copy is not the primary one', connection, {
      name: 'migration_join_target',
      text: `
        select from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as n (object_id, id, source_id)
        join copy target on target.object_id = any ($1::uuid[]) and target.id = any ($2::uuid[])
          and target.object_id = n.object_id and target.id = n.id
        join copy source on source.object_id = any ($1::uuid[]) and source.id = any ($3::uuid[])
          and source.object_id = n.object_id and source.id = n.source_id
        where target.state = 'complete' and source.is_primary and source.state = 'complete'`,
      values: columns(steps, objectOf, targetCopyOf, sourceCopyOf),
    }),
  ])
}

/**
 * A copy in grace is complete again; which copy is primary stays as it is. One that is no longer in grace stays
 * too: others made it primary, or found it bad.
 */
async function takeBack({ connection, steps }: EffectContext): Promise<void> {
  await allWritten([
    every(steps, 'the object was overwritten or deleted', connection, {
      name: 'migration_switch_back_object',
      text: SWITCH_BACK_OBJECT,
      values: columns(steps, objectOf, generationOf),
    }),
    connection
      .query({
        name: 'migration_take_back',
        text: `
          update copy c set state = 'complete', grace_until_ms = null
          from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
          where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
            and c.object_id = n.object_id and c.id = n.id and c.state = 'grace'`,
        values: columns(steps, objectOf, sourceCopyOf),
      })
      .then(() => undefined),
  ])
}

const SWITCH_BACK_OBJECT = `
  update object o set placement_version = o.placement_version + 1
  from unnest($1::uuid[], $2::bigint[]) as n (id, generation)
  where o.id = any ($1::uuid[]) and o.id = n.id and o.generation = n.generation and o.is_present`

async function switchPrimary(context: EffectContext): Promise<void> {
  const { connection, steps, publishedIds } = context
  const published = steps.filter(step => publishedIds.has(targetCopyOf(step)))
  const proven = steps.filter(step => !publishedIds.has(targetCopyOf(step)))
  await allWritten([
    placeAnew(context),
    every(steps, 'the source copy is no longer the good primary one', connection, {
      name: 'migration_switch_source',
      // A copy that is dropped need not be primary: then the target is.
      text: `
        update copy c set is_primary = false, state = 'grace', grace_until_ms = n.grace_until_ms
        from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[]) as n (object_id, id, grace_until_ms, target_id)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'complete'
          and (c.is_primary or exists (
            select from copy target
            where target.object_id = n.object_id and target.id = n.target_id and target.is_primary))`,
      values: columns(steps, objectOf, sourceCopyOf, ({ migration }) => migration.graceUntil, targetCopyOf),
    }),
    every(proven, 'the target copy is not complete', connection, {
      name: 'migration_switch_target',
      text: `
        update copy c set is_primary = true
        from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'complete'`,
      values: columns(proven, objectOf, targetCopyOf),
    }),
    every(published, 'the target copy is no longer being written', connection, {
      name: 'migration_publish_target',
      text: `
        update copy c set etag = n.etag, version_id = n.version_id, entered_ms = n.moment_ms,
          verified_ms = n.moment_ms, state = 'complete', is_primary = true
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
          as n (object_id, id, etag, version_id, moment_ms)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
          and c.object_id = n.object_id and c.id = n.id and c.state = 'staging'`,
      values: columns(published, objectOf, targetCopyOf, etagOf, versionIdOf, momentOf),
    }),
  ])
}

async function switchBack({ connection, steps }: EffectContext): Promise<void> {
  await allWritten([
    every(steps, 'the object was overwritten or deleted', connection, {
      name: 'migration_switch_back_object',
      text: SWITCH_BACK_OBJECT,
      values: columns(steps, objectOf, generationOf),
    }),
    every(steps, 'the target copy is no longer the primary one', connection, {
      name: 'migration_switch_back_target',
      text: `
        update copy c set is_primary = false
        from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and c.is_primary`,
      values: columns(steps, objectOf, targetCopyOf),
    }),
    every(steps, 'the source copy is no longer in grace', connection, {
      name: 'migration_switch_back_source',
      text: `
        update copy c set is_primary = true, state = 'complete', grace_until_ms = null
        from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and c.state = 'grace'`,
      values: columns(steps, objectOf, sourceCopyOf),
    }),
  ])
}

type CopyOfStep = (step: EffectfulStep) => string

async function leaveToSweeper({ connection, steps }: EffectContext, copyIdOf: CopyOfStep): Promise<void> {
  await connection.query({
    name: 'migration_leave_to_sweeper',
    text: `
      update copy c set state = 'deleting', grace_until_ms = null
      from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and not c.is_primary`,
    values: columns(steps, objectOf, copyIdOf),
  })
}

async function dropTarget({ connection, steps }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_drop_target',
    text: `
      delete from copy c
      using unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and not c.is_primary`,
    values: columns(steps, objectOf, targetCopyOf),
  })
}

async function dropSource({ connection, steps }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_drop_source',
    text: `
      with dropped as (
        delete from copy c
        using unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
        where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and not c.is_primary
        returning c.object_id
      ), landed as (
        delete from deletion_in_flight d
        using unnest($1::uuid[], $2::uuid[], $3::boolean[]) as n (object_id, id, is_answered)
        where d.object_id = any ($1::uuid[]) and d.object_id = n.object_id and d.copy_id = n.id
          and n.is_answered
      )
      update object o set placement_version = o.placement_version + 1
      from dropped d where o.id = d.object_id`,
    values: columns(
      steps,
      objectOf,
      sourceCopyOf,
      ({ migration }) => migration.evidence.deletionAnswered === true,
    ),
  })
}

async function retainSource({ connection, steps }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_retain_source',
    text: `
      update copy c set state = 'retained', grace_until_ms = null
      from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and not c.is_primary`,
    values: columns(steps, objectOf, sourceCopyOf),
  })
}

async function suspect({ connection, steps }: EffectContext, copyIdOf: CopyOfStep): Promise<void> {
  await connection.query({
    name: 'migration_suspect_copy',
    text: `
      update copy c set state = 'suspect', grace_until_ms = null
      from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id`,
    values: columns(steps, objectOf, copyIdOf),
  })
}

async function askReview({ connection, steps }: EffectContext): Promise<void> {
  await connection.query({
    name: 'migration_ask_review',
    text: `
      insert into object_review (object_id, review_ms, reason)
      select o.id, max(n.review_ms), 'migration-finished'
      from unnest($1::uuid[], $2::bigint[]) as n (id, review_ms)
      join object o on o.id = n.id and o.id = any ($1::uuid[]) and o.is_present
      group by o.id
      order by o.id
      on conflict (object_id) do update set review_ms = excluded.review_ms, reason = excluded.reason`,
    values: columns(steps, objectOf, momentOf),
  })
}

async function announce({ connection, steps, principal }: EffectContext): Promise<void> {
  await insertActivities(
    connection,
    steps.map(({ migration, step }) => ({
      kind: `migration.${step.to}`,
      subject: migration.id,
      detail: {
        event: step.event,
        kind: migration.kind,
        direction: migration.direction,
        objectId: migration.objectId,
        bucketId: migration.bucketId,
        key: migration.key,
        size: migration.size,
        sourceLocationId: migration.sourceLocationId,
        targetLocationId: migration.targetLocationId,
      },
      principal,
    })),
  )
}

/**
 * Waits for statements that were sent together. When one finds that the object moved on, those after it may
 * fail at the rows it left as they were: it is the reason that is told.
 */
async function allWritten(statements: readonly (Promise<void> | null)[]): Promise<void> {
  const settled = await Promise.allSettled(statements)
  const errors = settled.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (errors.length > 0) throw errors.find(error => error instanceof LedgerError) ?? errors[0]
}

/** Runs a statement that has to change one row for each step. */
async function every(
  steps: readonly EffectfulStep[],
  otherwise: string,
  connection: Queryable,
  statement: { name: string; text: string; values: unknown[] },
): Promise<void> {
  if (steps.length === 0) return
  const { rowCount } = await connection.query(statement)
  if (rowCount !== steps.length) throw new LedgerError('switch-lost', otherwise)
}
