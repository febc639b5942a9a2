import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { applySchemaChanges } from '../../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../../src/database/embedded/embedded-server.ts'
import { openDatabase } from '../../src/database/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** The database with the newest schema that every test file clones. */
export const TEMPLATE_DATABASE = 'dim_template'

/** Starts one real PostgreSQL server for the whole test run; test files clone its template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-test-'))
  // Tests do not outlive the machine, so they need not wait for its disk.
  const server = await startEmbeddedServer({
    dataFolder: folder,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  })
  await server.ensureDatabase(TEMPLATE_DATABASE)
  const database = openDatabase({
    connectionString: server.connectionString(TEMPLATE_DATABASE),
    connectionsMax: 1,
    applicationName: 'test-set-up',
    onIdleError: error => console.error(error),
  })
  await applySchemaChanges(database)
  await database.end()
  project.provide('postgresUrl', server.connectionString('postgres'))
  return async () => {
    await server.stop()
    await removeDatabaseElsewhere(folder)
    await rm(folder, { recursive: true, force: true })
  }
}
