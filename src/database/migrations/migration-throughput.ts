import type { Uuid } from '../../domain/identifiers.ts'
import type { Queryable } from '../postgres.ts'

/** What one mover did for one plan in a few seconds. */
export interface ThroughputSample {
  readonly planId: Uuid | null
  /** How long the sample covers. */
  readonly seconds: number
  /** Objects whose readers were given the target copy. */
  readonly objects: number
  readonly bytes: number
}

/** Samples are kept for so long. */
const KEPT = `interval '1 hour'`
/** The rate is taken over so many seconds. */
const WINDOW_SECONDS = 60

/** Notes what a mover did, and forgets its own samples of more than an hour ago. */
export async function insertThroughput(
  queryable: Queryable,
  worker: string,
  samples: readonly ThroughputSample[],
): Promise<void> {
  await queryable.query({
    name: 'throughput_insert',
    text: `
      with forgotten as (delete from migration_throughput where at < now() - ${KEPT})
      insert into migration_throughput (worker, plan_id, seconds, objects, bytes)
      select $1, "planId", seconds, objects, bytes
      from jsonb_to_recordset($2::jsonb)
        as s ("planId" uuid, seconds double precision, objects bigint, bytes bigint)`,
    values: [worker, JSON.stringify(samples)],
  })
}

/** What was moved in the last minute. */
export interface Throughput {
  /** How long was measured: a minute, or since the first sample within it; 0 when there is none. */
  readonly seconds: number
  readonly objects: number
  readonly bytes: number
}

/** What all movers did in the last minute: for one plan, or for all. */
export async function readThroughput(queryable: Queryable, planId?: Uuid): Promise<Throughput> {
  const { rows } = await queryable.query<Throughput>({
    name: planId === undefined ? 'throughput_read' : 'throughput_read_of_plan',
    text: `
      select coalesce(sum(objects), 0)::bigint as objects, coalesce(sum(bytes), 0)::bigint as bytes,
             coalesce(max(least(extract(epoch from now() - at) + seconds, ${WINDOW_SECONDS})), 0)
               ::double precision as seconds
      from migration_throughput
      where at > now() - interval '${WINDOW_SECONDS} seconds' ${planId === undefined ? '' : 'and plan_id = $1'}`,
    values: planId === undefined ? [] : [planId],
  })
  return rows[0]!
}
