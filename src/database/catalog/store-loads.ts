import type { Uuid } from '../../domain/identifiers.ts'
import type { StoreBudget } from '../../domain/store-budget.ts'
import type { Queryable } from '../postgres.ts'

/** What was used of a budget fades with this time: what is left of it is a mean of about the last minute. */
export const USE_FADES_SECONDS = 60
/** A process that told nothing of a store for so long asks nothing of it, or is gone. */
const TOLD_MINUTES_MAX = 10
const STORES_MAX = 1_000

/** What is asked of a store at present, by all processes together. */
export interface StoreLoadRow {
  readonly id: Uuid
  readonly name: string
  readonly budget: StoreBudget
  /** Of what the budget allows, about over the last minute; above 1 where clients spend more than all of it. */
  readonly requestsShare: number
  readonly bytesShare: number
  /** How long a request of background work would wait for the budget now, in milliseconds. */
  readonly waitMs: number
  /** Processes that leave the store alone because it does not answer, the longest first. */
  readonly leftAloneBy: readonly { readonly process: string; readonly since: Date; readonly triedAt: Date }[]
}

/** What is asked of each store, in the order of names. */
export async function listStoreLoads(queryable: Queryable): Promise<StoreLoadRow[]> {
  const fade = `exp(-least(greatest(extract(epoch from now() - b.used_at), 0), 3600)::float8 / ${USE_FADES_SECONDS})`
  const share = (column: string) =>
    `coalesce(b.${column} * ${fade}, 0) / ${USE_FADES_SECONDS * 1_000}::float8`
  const { rows } = await queryable.query<
    Omit<StoreLoadRow, 'leftAloneBy'> & { circuits: { process: string; since: string; triedAt: string }[] }
  >({
    name: 'store_list_loads',
    text: `
      select s.id, s.name, s.budget, ${share('requests_used_ms')} as "requestsShare",
             ${share('bytes_used_ms')} as "bytesShare",
             extract(epoch from greatest(b.requests_until, b.bytes_until, now()) - now())::float8 * 1000 as "waitMs",
             (select coalesce(jsonb_agg(jsonb_build_object('process', c.process, 'since', c.opened_at,
                                                           'triedAt', c.told_at) order by c.opened_at), '[]')
              from store_circuit c
              where c.store_id = s.id and c.told_at > now() - interval '${TOLD_MINUTES_MAX} minutes') as circuits
      from store s
      left join store_budget_clock b on b.store_id = s.id
      order by s.name collate "C"
      limit ${STORES_MAX}`,
  })
  return rows.map(({ circuits, ...row }) => ({
    ...row,
    leftAloneBy: circuits.map(({ process, since, triedAt }) => ({
      process,
      since: new Date(since),
      triedAt: new Date(triedAt),
    })),
  }))
}

/** Writes down that a process leaves a store alone, again after each try that failed; or that the store is back. */
export async function tellCircuit(
  queryable: Queryable,
  storeId: Uuid,
  process: string,
  isOpen: boolean,
): Promise<void> {
  await queryable.query(
    isOpen
      ? `insert into store_circuit (store_id, process) select id, $2 from store where id = $1
         on conflict (store_id, process) do update set told_at = now()`
      : 'delete from store_circuit where store_id = $1 and process = $2',
    [storeId, process],
  )
}
