import pg from 'pg'

/** What statements run on: a pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>

/** A bounded pool of connections to one PostgreSQL database. */
export type Database = pg.Pool

/** One connection, taken from the pool for a transaction or for a session lock. */
export type Connection = pg.PoolClient

const INT8_OID = 20
const DATE_OID = 1082

/** Not in the driver's types yet. */
const PIPELINED: object = { pipeline: true }

/**
 * Opens a pool. It connects on first use, so an unreachable server shows at the first statement.
 *
 * `bigint` columns arrive as numbers: every one of ours is a count, a size or an instant below 2^53. One
 * that is not makes the statement fail rather than lose digits. `date` columns arrive as `YYYY-MM-DD`.
 *
 * Statements of one connection are sent without waiting for the answers to those before them, and done in
 * their order: whoever does not await one before it asks for the next saves a round trip.
 */
export function openDatabase(options: {
  connectionString: string
  /** Range: 1 and more. */
  connectionsMax: number
  applicationName: string
  onIdleError: (error: Error) => void
}): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.connectionsMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 60_000,
    ...PIPELINED,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') => {
        if (oid === INT8_OID) return parseSafeInteger
        if (oid === DATE_OID) return (text: string) => text
        return pg.types.getTypeParser(oid, format)
      },
    } as pg.CustomTypesConfig,
  })
  listenToErrors(pool, options.onIdleError)
  return pool
}

/**
 * Opens a few more connections to the database of a pool, for statements of whoever holds connections of that
 * pool already: they must not wait for another one of them. Whoever opens it ends it.
 */
export function openBeside(
  database: Database,
  options: { connectionsMax: number; onIdleError: (error: Error) => void },
): Database {
  const pool = new pg.Pool({ ...database.options, max: options.connectionsMax })
  listenToErrors(pool, options.onIdleError)
  return pool
}

/**
 * For transactions all of whose statements name the rows they touch by their keys: each is planned once, to
 * look them up. Left to itself the planner plans such statements anew for every list of keys, and reads whole
 * partitions while they are small, or while it does not know yet that they are not any more.
 */
const BEGIN_BY_KEY =
  'begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local jit = off'

/**
 * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. The connection is
 * thrown away when rolling back fails, because its state is then unknown. `by-key` is for work all of whose
 * statements name the rows they touch.
 */
export async function inTransaction<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
  options: { readonly plans?: 'by-key' } = {},
): Promise<T> {
  const connection = await database.connect()
  let broken: Error | undefined
  try {
    await connection.query(options.plans === 'by-key' ? BEGIN_BY_KEY : 'begin')
    const result = await work(connection)
    await connection.query('commit')
    return result
  } catch (error) {
    await connection.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

function listenToErrors(pool: Database, onIdleError: (error: Error) => void): void {
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', onIdleError)
  // The same for one that breaks while it is taken: its statement, this one or the next, rejects anyway.
  pool.on('connect', connection => connection.on('error', () => undefined))
}

function parseSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint out of the safe range: ${text}`)
  return value
}
