import type { Connection, Database } from './postgres.ts'

/** Any 64-bit number nobody else locks: the bytes of "dim-ownr". */
const CLAIM_LOCK = '7235419207022734962'

/** Holds the right to be the one server of an embedded database, until released or until we die. */
export interface ServerClaim {
  /** Resolves when the connection that holds it broke: the server went away, and others may claim it. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

/**
 * Claims an embedded database for this process, or resolves to the application name of the process that
 * has it. The claim is a session lock: a killed owner cannot leave it behind, because its connection dies
 * with it.
 */
export async function claimServer(database: Database): Promise<ServerClaim | { readonly takenBy: string }> {
  const connection = await database.connect()
  const { rows } = await connection.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [
    CLAIM_LOCK,
  ])
  if (rows[0]?.won === true) return claimOf(connection)
  const takenBy = await findOwner(connection)
  connection.release()
  return { takenBy }
}

function claimOf(connection: Connection): ServerClaim {
  let isHeld = true
  const { promise: lost, resolve } = Promise.withResolvers<void>()
  connection.once('end', () => {
    if (!isHeld) return
    isHeld = false
    connection.release(true)
    resolve()
  })
  return {
    lost,
    async release() {
      if (!isHeld) return
      isHeld = false
      await connection.query('select pg_advisory_unlock($1)', [CLAIM_LOCK])
      connection.release()
    },
  }
}

async function findOwner(connection: Connection): Promise<string> {
  const { rows } = await connection.query<{ application_name: string }>(
    `select a.application_name
       from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted
        and ((l.classid::bigint << 32) | l.objid::bigint) = $1 and l.objsubid = 1
      limit 1`,
    [CLAIM_LOCK],
  )
  return rows[0]?.application_name ?? 'another process'
}
