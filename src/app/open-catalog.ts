import { existsSync } from 'node:fs'
import path from 'node:path'
import { startEmbeddedServer } from '../database/embedded/embedded-server.ts'
import { hasSealedSecrets } from '../database/people/sealed-secrets.ts'
import { type Database, openDatabase } from '../database/postgres.ts'
import { claimServer } from '../database/server-claim.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import type { Config } from './config.ts'
import { EMBEDDED_DATABASE } from './connect-database.ts'
import { createStoreLayers } from './create-store-layers.ts'
import { openStore } from './open-store.ts'
import { KEY_FILE_NAME, loadSealingKeys } from './secrets/key-file.ts'
import { createSecretBox } from './secrets/secret-box.ts'
import { createStoreRegistry } from './store-registry.ts'

/** The catalog and its stores, for a command that looks beside the server. */
export interface OpenCatalog {
  readonly database: Database
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  /** Closes everything; leaves the embedded database to a server that uses it. */
  close(): Promise<void>
}

/** There is no installation in the data folder. */
class NoInstallationError extends Error {
  override readonly name = 'NoInstallationError'
}

const CONNECTIONS_MAX = 4

/**
 * Opens the catalog of this configuration without becoming its server: a running server goes on, and one may
 * start meanwhile. Nothing is created. Throws when there is no installation in the data folder.
 */
export async function openCatalog(config: Config): Promise<OpenCatalog> {
  if (!existsSync(path.join(config.dataDir, KEY_FILE_NAME)))
    throw new NoInstallationError(
      `there is no installation in ${config.dataDir}: name its folder with DIM_DATA_DIR`,
    )
  const server =
    config.database.url === undefined ? await startEmbeddedServer({ dataFolder: config.dataDir }) : null
  const database = openDatabase({
    connectionString: config.database.url ?? server!.connectionString(EMBEDDED_DATABASE),
    connectionsMax: CONNECTIONS_MAX,
    applicationName: `dim command ${process.pid}`,
    // The statement that meets the broken connection reports it.
    onIdleError: () => undefined,
  })
  const stores = createStoreRegistry({
    database,
    secretBox: createSecretBox(await loadSealingKeys(config.dataDir, () => hasSealedSecrets(database))),
    openStore,
    layers: createStoreLayers({ database, metrics: createMetrics(), log: silentLogger, owner: null }),
    nowMs: () => performance.now(),
  })
  return {
    database,
    storeOf: storeId => stores.openInBackground(storeId),
    async close() {
      await stores.close()
      // Only whoever could be the server may stop its database.
      const claim = server === null || server.attached ? null : await claimServer(database)
      const isOurs = claim !== null && 'release' in claim
      if (isOurs) await claim.release()
      await database.end()
      if (isOurs) await server?.stop()
    },
  }
}
