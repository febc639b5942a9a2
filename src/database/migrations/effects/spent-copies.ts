import {
  columns,
  type EffectContext,
  type EffectfulStep,
  objectOf,
  sourceCopyOf,
  targetCopyOf,
} from './effect-rows.ts'

type CopyOfStep = (step: EffectfulStep) => string

/**
 * A copy that is not the primary one is superseded: `deleting` leaves it to the sweeper, the bytes of one that is
 * `retained` stay.
 */
export async function supersede(
  { connection, steps }: EffectContext,
  copyIdOf: CopyOfStep,
  state: 'deleting' | 'retained',
): Promise<void> {
  await connection.query({
    name: 'migration_supersede_copy',
    text: `
      update copy c set state = $3, grace_until_ms = null
      from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id and not c.is_primary`,
    values: [...columns(steps, objectOf, copyIdOf), state],
  })
}

/** The target copy's row goes without its bytes, which are the source's. */
export async function dropTarget({ connection, steps }: EffectContext): Promise<void> {
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

/** The source copy's row goes with its bytes; an answered deletion is announced no longer. */
export async function dropSource({ connection, steps }: EffectContext): Promise<void> {
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

/** A copy is not what its row says; bytes that were read wrong twice are corrupt, and no reader gets them. */
export async function suspect({ connection, steps }: EffectContext, copyIdOf: CopyOfStep): Promise<void> {
  await connection.query({
    name: 'migration_suspect_copy',
    text: `
      update copy c set state = 'suspect', grace_until_ms = null,
        scrub_verdict = case when n.is_corrupt then 'corrupt' else c.scrub_verdict end
      from unnest($1::uuid[], $2::uuid[], $3::boolean[]) as n (object_id, id, is_corrupt)
      where c.object_id = any ($1::uuid[]) and c.id = any ($2::uuid[])
        and c.object_id = n.object_id and c.id = n.id`,
    values: columns(steps, objectOf, copyIdOf, ({ step }) => step.event === 'source-corrupt'),
  })
}
