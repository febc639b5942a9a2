import { type Connection, type Database, inTransaction } from '../postgres.ts'

/**
 * Runs `work` while nobody else publishes, replaces or deletes bytes of this object in any store. Gateway
 * writes, the mover's publication, every delete and whoever follows a foreign change take it, then look at the
 * catalog again before they act: this is what makes them safe on stores without conditional writes.
 *
 * The lock is a transaction's advisory lock, so a killed process cannot keep it, and a paused one keeps it
 * until it wakes. `work` runs inside that transaction; what it writes commits when it resolves. Rejects with
 * PostgreSQL's error 55P03 when the lock is not free within `waitMsMax`.
 */
export async function withObjectLock<T>(
  database: Database,
  objectId: string,
  waitMsMax: number,
  work: (connection: Connection) => Promise<T>,
  options: { readonly plans?: 'by-key' } = {},
): Promise<T> {
  const locked = async (connection: Connection) => {
    await connection.query(`set local lock_timeout = ${Math.max(1, Math.floor(waitMsMax))}`)
    await connection.query('select pg_advisory_xact_lock($1)', [lockKeyOf(objectId)])
    await connection.query('set local lock_timeout = 0')
    return work(connection)
  }
  return inTransaction(database, locked, options)
}

/**
 * Resolves while the locks of this connection's transaction are still ours, which they are for as long as it
 * answers; rejects when its session was lost.
 */
export async function confirmLock(connection: Connection): Promise<void> {
  await connection.query({ name: 'object_lock_confirm', text: 'select 1' })
}

/**
 * Locks those of these objects that are free now, until the transaction ends. Resolves to them. They are asked
 * for in the order of their keys, so that two callers with many objects never wait for each other.
 */
export async function tryLockObjects(
  connection: Connection,
  objectIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const keys = new Map(objectIds.map(id => [lockKeyOf(id), id]))
  const { rows } = await connection.query<{ key: string }>({
    name: 'object_try_lock',
    text: `
      select key::text
      from (select key from unnest($1::bigint[]) as asked (key) order by key) as ordered
      where pg_try_advisory_xact_lock(key)`,
    values: [[...keys.keys()]],
  })
  return new Set(rows.map(row => keys.get(row.key)!))
}

/** The first 64 bits of the object id, signed: collisions only make two objects take turns. */
function lockKeyOf(objectId: string): string {
  return BigInt.asIntN(64, BigInt(`0x${objectId.replaceAll('-', '').slice(0, 16)}`)).toString()
}
