import {
  allWritten,
  columns,
  type EffectContext,
  etagOf,
  every,
  generationOf,
  momentOf,
  objectOf,
  sourceCopyOf,
  targetCopyOf,
  versionIdOf,
} from './effect-rows.ts'

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

/** Counts a change of the copies of an object that still has the content of the migration, wherever its copies lie. */
function countPlacement({ connection, steps }: EffectContext): Promise<void> {
  return every(steps, 'the object was overwritten or deleted', connection, {
    name: 'migration_count_placement',
    text: `
      update object o set placement_version = o.placement_version + 1
      from unnest($1::uuid[], $2::bigint[]) as n (id, generation)
      where o.id = any ($1::uuid[]) and o.id = n.id and o.generation = n.generation and o.is_present`,
    values: columns(steps, objectOf, generationOf),
  })
}

/**
 * The copy is another one for its store, and lies elsewhere for the planner: minimum durations begin anew. The
 * store has done it already, so it is written down whatever was decided of the object's other copies meanwhile.
 */
export async function relocateCopy(context: EffectContext): Promise<void> {
  const { connection, steps } = context
  await allWritten([
    countPlacement(context),
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

/** The target copy counts as one of the object's copies; it is complete, and the source copy still the primary one. */
export async function joinTarget(context: EffectContext): Promise<void> {
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
export async function takeBack(context: EffectContext): Promise<void> {
  const { connection, steps } = context
  await allWritten([
    countPlacement(context),
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

/** The target copy becomes the primary one and the source copy enters grace, if both counters are still the decision's. */
export async function switchPrimary(context: EffectContext): Promise<void> {
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

/** The source copy, still in grace, becomes the primary one again. */
export async function switchBack(context: EffectContext): Promise<void> {
  const { connection, steps } = context
  await allWritten([
    countPlacement(context),
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
