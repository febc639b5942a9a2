import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applySchemaChanges } from '../src/database/apply-schema-changes.ts'
import { removeDatabaseElsewhere, startEmbeddedServer } from '../src/database/embedded/embedded-server.ts'
import { openDatabase } from '../src/database/postgres.ts'
import { describeSchema } from './describe-schema.ts'

/** Writes src/database/schema.sql from an empty database that has every schema change. */
const folder = await mkdtemp(path.join(tmpdir(), 'dim-schema-'))
const server = await startEmbeddedServer({ dataFolder: folder })
await server.ensureDatabase('dim')
const database = openDatabase({
  connectionString: server.connectionString('dim'),
  connectionsMax: 1,
  applicationName: 'dump-schema',
  onIdleError: error => console.error(error),
})
try {
  await applySchemaChanges(database)
  await writeFile(
    path.join(import.meta.dirname, '../src/database/schema.sql'),
    await describeSchema(database),
  )
} finally {
  await database.end()
  await server.stop()
  await removeDatabaseElsewhere(folder)
  await rm(folder, { recursive: true, force: true })
}
