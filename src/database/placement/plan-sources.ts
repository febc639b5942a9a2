import type { Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** Objects of a plan that are read in one location. */
export interface PlanSource {
  readonly locationId: Uuid
  /** As the location says; null where it says nothing. */
  readonly restoreHours: number | null
  readonly priceId: string
  readonly objects: number
  readonly bytes: number
}

/** Where the objects of a plan are read, by location: of decisions that nobody refused. A copy less is read nowhere. */
export async function listPlanSources(queryable: Queryable, planId: Uuid): Promise<PlanSource[]> {
  const { rows } = await queryable.query<PlanSource>({
    name: 'plan_sources',
    text: `
      select l.id as "locationId", l.restore_hours as "restoreHours", l.price_id as "priceId",
             count(*) as objects, sum(d.size)::bigint as bytes
      from decision d join location l on l.id = d.from_location_id
      where d.plan_id = $1 and coalesce(d.verdict, 'approved') = 'approved'
        and d.evidence #>> '{change,kind}' is distinct from 'drop-copy'
      group by l.id order by l.name`,
    values: [planId],
  })
  return rows
}
