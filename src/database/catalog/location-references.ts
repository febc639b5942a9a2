import type { Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** What can refer to a location, so that it cannot be forgotten. */
export const LOCATION_REFERENCES = [
  'copies',
  'buckets',
  'policies',
  'plans',
  'pins',
  'migrations',
  'writes',
  'announcements',
  'uploads',
  'parts',
  'imports',
  'reconcile-runs',
  'orphans',
] as const
export type LocationReferenceKind = (typeof LOCATION_REFERENCES)[number]

/** Things of one kind that refer to a location. */
export interface LocationReference {
  readonly kind: LocationReferenceKind
  readonly count: number
  /** Names or ids of the first few; objects are not named. */
  readonly examples: readonly string[]
}

/** Of each kind so many are named. */
const EXAMPLES = 3

/**
 * Everything that refers to a location, most telling first: copies in any state, buckets that write there, policies
 * that name it, decisions in open plans, pins that hold, unfinished migrations, writes under way and announced bytes
 * that may still land in its container, uploads and the beginnings of lost ones, running imports and comparisons,
 * orphans that are being decided about. Empty when it can be forgotten.
 */
export async function listLocationReferences(
  queryable: Queryable,
  location: { readonly id: Uuid; readonly name: string },
  modelNowMs: number,
): Promise<LocationReference[]> {
  const { rows } = await queryable.query<LocationReference>(
    `with reference (kind, name) as (
       select 'buckets', name from bucket where write_location_id = $1
       union all select 'policies', name from policy where spec -> 'locations' ? $2
       union all select 'plans', p.id::text from plan p
         where p.state in ('proposed', 'approved') and exists (
           select from decision d where d.plan_id = p.id and d.verdict is null
             and $1 in (d.from_location_id, d.to_location_id))
       union all select 'pins', null from object
         where pinned_location_id = $1 and is_present and coalesce(pinned_until_ms > $3, true)
       union all select 'migrations', id::text from migration
         where finished_at is null and $1 in (source_location_id, target_location_id)
       union all select 'writes', null from write_intent where location_id = $1
       union all select 'uploads', id from multipart_upload where location_id = $1 and completed_at is null
       union all select 'announcements', null from publication_in_flight p join location l using (store_id, container)
         where l.id = $1 and p.lands_until > now()
       union all select 'parts', null from upload_start u join location l using (store_id, container)
         where l.id = $1
       union all select 'imports', id::text from import_job where location_id = $1 and state = 'running'
       union all select 'reconcile-runs', id::text from reconcile_run where location_id = $1 and state = 'running'
       union all select 'orphans', id::text from orphan
         where location_id = $1 and state in ('deleting', 'adopting')
     )
     select kind, count(*) as count, coalesce((array_agg(name order by name collate "C"))[1:${EXAMPLES}], '{}') as examples
     from reference group by kind
     union all
     select 'copies', count(*), '{}' from copy where location_id = $1 having count(*) > 0`,
    [location.id, location.name, Math.trunc(modelNowMs)],
  )
  const order = (reference: LocationReference) => LOCATION_REFERENCES.indexOf(reference.kind)
  return rows
    .map(row => ({ ...row, examples: row.examples.filter(name => name !== null) }))
    .sort((one, other) => order(one) - order(other))
}
