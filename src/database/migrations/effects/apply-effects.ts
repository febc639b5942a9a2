import type { Uuid } from '../../../domain/identifiers.ts'
import { MIGRATION_EFFECTS, type MigrationEffect } from '../../../domain/migration-record.ts'
import type { Principal } from '../../../domain/principal.ts'
import { insertActivities } from '../../people/activities.ts'
import type { Queryable } from '../../postgres.ts'
import {
  allWritten,
  columns,
  type EffectContext,
  type EffectfulStep,
  momentOf,
  objectOf,
  sourceCopyOf,
  targetCopyOf,
} from './effect-rows.ts'
import { joinTarget, relocateCopy, switchBack, switchPrimary, takeBack } from './placed-copies.ts'
import { dropSource, dropTarget, supersede, suspect } from './spent-copies.ts'
import { completeTarget, intendTarget, keepDigests, noteTarget, proveTarget } from './written-copies.ts'

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
  'discard-target': context => supersede(context, targetCopyOf, 'deleting'),
  'discard-source': context => supersede(context, sourceCopyOf, 'deleting'),
  'drop-target': dropTarget,
  'drop-source': dropSource,
  'retain-source': context => supersede(context, sourceCopyOf, 'retained'),
  'suspect-source': context => suspect(context, sourceCopyOf),
  'suspect-target': context => suspect(context, targetCopyOf),
  'ask-review': askReview,
  announce,
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
