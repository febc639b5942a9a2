import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../../src/database/postgres.ts'
import { TEMPLATE_DATABASE } from './global-setup.ts'

/** A database of its own for one test file, with the newest schema. */
export interface TestDatabase {
  readonly database: Database
  readonly connectionString: string
  /** Closes the pool, fails when a connection was not given back, and drops the database. */
  drop(): Promise<void>
}

/** Clones the template database. Call it in `beforeAll`, and `drop` in `afterAll`. */
export async function createTestDatabase(options: { connectionsMax?: number } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdministrator(`create database ${name} template ${TEMPLATE_DATABASE}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  const database = openDatabase({
    connectionString: url.toString(),
    connectionsMax: options.connectionsMax ?? 8,
    applicationName: name,
    onIdleError: error => {
      // Dropping the database cuts connections that were told to end and have not gone yet.
      if (!isDropped) console.error(error)
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
      await asAdministrator(`drop database ${name} with (force)`)
      if (unreleased > 0) throw new Error(`${unreleased} connection(s) were not given back to the pool`)
    },
  }
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
