import type { Uuid } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import { askForHoldSweep } from '../migrations/migration-holds.ts'
import { insertActivities } from '../people/activities.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** A store that refuses our credentials. */
export interface StoreRefusal {
  readonly id: Uuid
  /** Of the row that has the refused credentials: newer ones may be good. */
  readonly revision: number
  /** What the store answered, without secrets. At most 300 characters. */
  readonly answer: string
}

/**
 * Writes down that a store refuses our credentials, unless it is not active or has another revision by now:
 * background work leaves it alone until a person replaces them or resumes it. Resolves to whether this was news.
 */
export async function refuseStore(database: Database, refusal: StoreRefusal): Promise<boolean> {
  const { answer, id, revision } = refusal
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{ name: string }>({
      name: 'store_refuse',
      text: `
        update store
        set state = 'auth-failed', refused_at = now(), refused_because = $3, revision = revision + 1
        where id = $1 and revision = $2 and state = 'active'
        returning name`,
      values: [id, revision, answer],
    })
    const name = rows[0]?.name
    if (name === undefined) return false
    await askForHoldSweep(connection)
    await insertActivities(connection, [
      {
        kind: 'store.refused-us',
        subject: name,
        detail: { id, answer },
        principal: principal('system', 'stores'),
      },
    ])
    return true
  })
}

/** The names of all stores, and whether each refuses our credentials. */
export async function listStoreRefusals(
  queryable: Queryable,
): Promise<{ readonly name: string; readonly isRefusing: boolean }[]> {
  const { rows } = await queryable.query<{ name: string; isRefusing: boolean }>({
    name: 'store_list_refusals',
    text: `select name, state = 'auth-failed' as "isRefusing" from store order by name collate "C" limit ${STORES_MAX}`,
  })
  return rows
}

/** Stores a figure is shown of. */
const STORES_MAX = 1_000
