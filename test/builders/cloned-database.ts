import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { type Database, openDatabase } from '../../src/database/postgres.ts'

/** The database with the newest schema that every test clones. */
export const TEMPLATE_DATABASE = 'dim_template'

/** A database of its own, with the newest schema. */
export interface TestDatabase {
  readonly database: Database
  readonly connectionString: string
  /** Closes the pool, fails when a connection was not given back, and drops the database. */
  drop(): Promise<void>
}

/** Clones the template database of the server at this address. `mayBreak`: broken connections are no news. */
export async function cloneDatabase(
  serverUrl: string,
  options: { connectionsMax?: number; mayBreak?: boolean } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdministrator(serverUrl, `create database ${name} template ${TEMPLATE_DATABASE}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const database = openDatabase({
    connectionString: url.toString(),
    connectionsMax: options.connectionsMax ?? 8,
    applicationName: name,
    onIdleError: error => {
      // Dropping the database cuts connections that were told to end and have not gone yet.
      if (!isDropped && options.mayBreak !== true) console.error(error)
    },
  })
  let isDropped = false
  return {
    database,
    connectionString: url.toString(),
    async drop() {
      const unreleased = database.totalCount - database.idleCount
      isDropped = true
      await database.end()
      await asAdministrator(serverUrl, `drop database ${name} with (force)`)
      if (unreleased > 0) throw new Error(`${unreleased} connection(s) were not given back to the pool`)
    },
  }
}

async function asAdministrator(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
