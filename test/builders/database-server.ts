import { applySchemaChanges } from '../../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../../src/database/embedded/embedded-server.ts'
import { openDatabase } from '../../src/database/postgres.ts'
import { TEMPLATE_DATABASE } from './cloned-database.ts'

/** A real PostgreSQL server with the template database that tests clone. */
export interface TestDatabaseServer {
  readonly url: string
  /** Ends all connections, and answers again at the same address. */
  restart(): Promise<void>
  /** Ends all connections and the server; its data stays. */
  stop(): Promise<void>
  /** Forgets the data, after the server was stopped. */
  forget(): Promise<void>
}

/** Starts the server of a folder. Its data need not outlive the machine, so it does not wait for the disk. */
export async function startTestDatabaseServer(folder: string): Promise<TestDatabaseServer> {
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const server = await startEmbeddedServer({ dataFolder: folder, settings })
  const port = String(server.port)
  await server.ensureDatabase(TEMPLATE_DATABASE)
  const database = openDatabase({
    connectionString: server.connectionString(TEMPLATE_DATABASE),
    connectionsMax: 1,
    applicationName: 'test-set-up',
    onIdleError: error => console.error(error),
  })
  await applySchemaChanges(database)
  await database.end()
  return {
    url: server.connectionString('postgres'),
    async restart() {
      await server.stop()
      await startEmbeddedServer({ dataFolder: folder, settings: { ...settings, port } })
    },
    stop: () => server.stop(),
    forget: () => removeDatabaseElsewhere(folder),
  }
}
