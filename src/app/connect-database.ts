import { applySchemaChanges } from '../database/apply-schema-changes.ts'
import { type EmbeddedServer, startEmbeddedServer } from '../database/embedded/embedded-server.ts'
import { type Database, openDatabase } from '../database/postgres.ts'
import { claimServer, type ServerClaim } from '../database/server-claim.ts'
import type { Logger } from '../telemetry/logger.ts'
import { rest } from '../workers/timers.ts'
import type { Config } from './config.ts'

/** The database of this process, ready for use: reachable, claimed where it is embedded, schema current. */
export interface ConnectedDatabase {
  readonly database: Database
  readonly connectionString: string
  /** The embedded server, or null when `database.url` names one of the user's. */
  readonly embedded: EmbeddedServer | null
  /** Closes the pool and stops the embedded server if this process claimed it. */
  close(): Promise<void>
}

/** Another process serves this data folder. */
export class DataFolderTaken extends Error {
  override readonly name = 'DataFolderTaken'
}

/** The PostgreSQL server of `database.url` cannot be used; the message says where it was looked for. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable'
}

/** Failures of the connection itself, by Node's code or PostgreSQL's, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  '28P01': 'it refuses the password',
  '28000': 'it refuses this user',
  '3D000': 'it has no such database',
}

/** The same error unless the connection was refused. Never names user or password. */
function explainRefusal(cause: unknown, url: string): unknown {
  const code = (cause as { code?: string }).code ?? ''
  const reason = REFUSALS[code]
  if (reason === undefined) return cause
  const { hostname, port, pathname } = new URL(url)
  return new DatabaseUnreachable(
    `PostgreSQL at ${hostname}:${port || '5432'}${pathname} cannot be used: ${reason} (${code}); check DATABASE_URL, or unset it for an embedded one`,
    { cause },
  )
}

/** The database inside the embedded server. */
export const EMBEDDED_DATABASE = 'dim'

/**
 * Connects to `database.url`, or starts (or attaches to) the embedded server of the data folder and claims
 * it. Throws DataFolderTaken when another process has the claim, a SchemaError when the schemas do not fit.
 */
export async function connectDatabase(config: Config, log: Logger): Promise<ConnectedDatabase> {
  const server =
    config.database.url === undefined ? await startEmbeddedServer({ dataFolder: config.dataDir }) : null
  if (server !== null) await server.ensureDatabase(EMBEDDED_DATABASE)
  const connectionString = config.database.url ?? server!.connectionString(EMBEDDED_DATABASE)
  const database = openDatabase({
    connectionString,
    connectionsMax: config.database.connectionsMax,
    applicationName: `dim ${process.pid}`,
    onIdleError: error => {
      // Connections that were told to end may still be cut by the server that stops right after.
      if (!isClosing) log.warn({ error }, 'an idle database connection broke')
    },
  })
  let isClosing = false
  let claim: ServerClaim | null = null
  const watching = new AbortController()
  let watched: Promise<void> = Promise.resolve()
  try {
    if (server !== null) claim = await claimOrRefuse(server, database, config.dataDir)
    await applySchemaChanges(database)
  } catch (cause) {
    const error = config.database.url === undefined ? cause : explainRefusal(cause, config.database.url)
    isClosing = true
    await claim?.release()
    await database.end()
    if (claim !== null) await server?.stop()
    throw error
  }
  if (server !== null && claim !== null)
    watched = keepServer({ server, database, log, signal: watching.signal }, claim, kept => {
      claim = kept
    })
  if (server?.attached === true) log.info('attached to the database that an ended process left running')
  return {
    database,
    connectionString,
    embedded: server,
    async close() {
      isClosing = true
      watching.abort()
      await watched
      await claim?.release()
      await database.end()
      await server?.stop()
    },
  }
}

/** Between two tries to have the embedded server run again, in milliseconds. */
const REVIVE_EVERY_MS = 2_000

/**
 * Has the embedded server run again whenever it goes away, and claims it anew, until the signal aborts: nobody else
 * looks after it. While its disk is full it cannot start, and is tried again.
 */
async function keepServer(
  options: { server: EmbeddedServer; database: Database; log: Logger; signal: AbortSignal },
  claim: ServerClaim,
  claimed: (claim: ServerClaim) => void,
): Promise<void> {
  const { database, log, server, signal } = options
  const aborted = new Promise<void>(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  let held = claim
  while (!signal.aborted) {
    await Promise.race([held.lost, aborted])
    while (!signal.aborted) {
      try {
        await server.revive()
        const again = await claimServer(database)
        if (!('release' in again)) throw new DataFolderTaken(`${again.takenBy} has claimed it meanwhile`)
        held = again
        claimed(again)
        log.warn('the embedded database had gone away and runs again')
        break
      } catch (error) {
        log.error({ error }, 'the embedded database went away and cannot run again yet')
        await rest(REVIVE_EVERY_MS, signal)
      }
    }
  }
}

/**
 * Stops an embedded server that a killed process left running on this folder, whatever schema it has.
 * Throws DataFolderTaken when a living process uses it.
 */
export async function stopLeftoverServer(dataDir: string): Promise<void> {
  const server = await startEmbeddedServer({ dataFolder: dataDir })
  await server.ensureDatabase(EMBEDDED_DATABASE)
  const database = openDatabase({
    connectionString: server.connectionString(EMBEDDED_DATABASE),
    connectionsMax: 1,
    applicationName: `dim ${process.pid}`,
    // The server is about to be stopped: a connection that it cuts is no news.
    onIdleError: () => undefined,
  })
  try {
    await (await claimOrRefuse(server, database, dataDir)).release()
  } finally {
    await database.end()
  }
  await server.stop()
}

async function claimOrRefuse(
  server: EmbeddedServer,
  database: Database,
  dataDir: string,
): Promise<ServerClaim> {
  const claim = await claimServer(database)
  if ('release' in claim) return claim
  const owner = claim.takenBy.replace(/^dim /, 'process ')
  throw new DataFolderTaken(
    `${dataDir} is served by ${owner} already (its database listens on port ${server.port}): stop that one, or choose another folder with DIM_DATA_DIR`,
  )
}
