import { rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import {
  appendEventBatches,
  ensureEventLogPartitions,
  fetchEventBatches,
  nextStoredEventOffset,
  readEventLogEnds,
} from '../database/accesses/event-log.ts'
import type { EmbeddedServer } from '../database/embedded/embedded-server.ts'
import { hasSealedSecrets } from '../database/people/sealed-secrets.ts'
import type { Database } from '../database/postgres.ts'
import { type Clock, wallClock } from '../domain/clock.ts'
import { newId } from '../domain/identifiers.ts'
import { BATCH_EVENTS_MAX } from '../events/access-event-log.ts'
import { createPostgresEventLog } from '../events/postgres-log/postgres-event-log.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import type { Config } from './config.ts'
import { connectDatabase } from './connect-database.ts'
import { createStoreLayers } from './create-store-layers.ts'
import { makeDataFolder } from './data-folder.ts'
import { ensureFirstContent, type FirstContent } from './first-content.ts'
import { openStore } from './open-store.ts'
import { startPersistentClock } from './persistent-clock.ts'
import type { RoleName } from './role-names.ts'
import { ROLES } from './roles/roles.ts'
import { loadSealingKeys } from './secrets/key-file.ts'
import { createSecretBox } from './secrets/secret-box.ts'
import type { RunningRole, ServerParts } from './server-parts.ts'
import { createStoreRegistry } from './store-registry.ts'
import { VERSION } from './version.ts'

/** A process of the product, doing its roles. */
export interface RunningServer {
  readonly apiUrl: string | null
  readonly gatewayUrl: string | null
  readonly modelClock: Clock
  /** The embedded database server, or null when `database.url` names another. */
  readonly embedded: EmbeddedServer | null
  /** A token for commands and the browser of this machine's user; it lies in the data folder. */
  readonly localToken: string
  /** The administrator's secret at the very first start; it is shown once and kept nowhere. */
  readonly administratorToken: string | null
  /** Stops the roles; the database goes on for whoever still needs it. */
  stopRoles(): Promise<void>
  /** Stops everything, in the order in which nothing is lost. */
  stop(): Promise<void>
}

/** Partitions of the embedded event log: enough for several ingest processes, few enough for one. */
const EVENT_LOG_PARTITIONS = 4

/**
 * Starts this process: database, secrets, clock, then the configured roles. What has been started is
 * stopped again when something after it fails. `clockScale` sets how fast the model clock runs.
 */
export async function startServer(
  config: Config,
  options: { log: Logger; clockScale?: number },
): Promise<RunningServer> {
  const { log } = options
  await makeDataFolder(config.dataDir)
  const connected = await connectDatabase(config, log)
  const undo: (() => Promise<void>)[] = [() => connected.close()]
  try {
    const { database } = connected
    const metrics = createMetrics({ withProcess: true })
    metrics.buildInfo.set({ version: VERSION, node: process.version }, 1)
    const clock = await startPersistentClock(database, { scale: options.clockScale ?? 1, log, metrics })
    undo.unshift(() => clock.stop())
    const secretBox = createSecretBox(await loadSealingKeys(config.dataDir, () => hasSealedSecrets(database)))
    const bootId = newId()
    const owner = `${hostname()}/${process.pid}/${bootId.slice(-12)}`
    const stores = createStoreRegistry({
      database,
      secretBox,
      openStore,
      layers: createStoreLayers({ database, metrics, log, owner }),
      nowMs: () => performance.now(),
    })
    undo.unshift(() => stores.close())
    const parts: ServerParts = {
      config,
      database,
      modelClock: clock.clock,
      modelScale: clock.scale,
      wallClock,
      secretBox,
      stores,
      eventLog: await openEventLog(database),
      metrics,
      log,
      bootId,
      owner,
      version: VERSION,
    }
    const first = await ensureFirstContent(parts)
    const roles = new Map<RoleName, RunningRole>()
    for (const name of config.roles) {
      const role = await ROLES[name].start(parts)
      roles.set(name, role)
      undo.unshift(() => role.stop())
    }
    return await announce(parts, { roles, first, embedded: connected.embedded, undo })
  } catch (error) {
    for (const step of undo) await step().catch(failure => log.error({ error: failure }, 'stopping failed'))
    throw error
  }
}

async function announce(
  parts: ServerParts,
  started: {
    roles: ReadonlyMap<RoleName, RunningRole>
    first: FirstContent
    embedded: EmbeddedServer | null
    undo: (() => Promise<void>)[]
  },
): Promise<RunningServer> {
  const { dataDir } = parts.config
  const apiUrl = started.roles.get('api')?.url ?? null
  const gatewayUrl = started.roles.get('gateway')?.url ?? null
  const serverFile = path.join(dataDir, 'server.json')
  // Only a process that serves the API is worth finding for the commands beside it.
  if (apiUrl !== null)
    await writeFile(
      serverFile,
      `${JSON.stringify({ apiUrl, gatewayUrl: gatewayUrl ?? apiUrl, pid: process.pid })}\n`,
      { mode: 0o600 },
    )
  let stopping: Promise<void> | null = null
  const roles = [...started.roles.values()].reverse()
  let rolesStopped: Promise<void> | null = null
  const stopRoles = () => {
    rolesStopped ??= (async () => {
      for (const role of roles) await role.stop()
    })()
    return rolesStopped
  }
  const others = started.undo.slice(roles.length)
  return {
    apiUrl,
    gatewayUrl,
    modelClock: parts.modelClock,
    embedded: started.embedded,
    localToken: started.first.localToken,
    administratorToken: started.first.administratorToken,
    stopRoles,
    stop() {
      stopping ??= (async () => {
        await rm(serverFile, { force: true })
        await stopRoles()
        for (const step of others) await step()
      })()
      return stopping
    },
  }
}

async function openEventLog(database: Database): Promise<ServerParts['eventLog']> {
  const partitionCount = await ensureEventLogPartitions(database, EVENT_LOG_PARTITIONS)
  return createPostgresEventLog({
    partitionCount,
    table: {
      append: batches => appendEventBatches(database, batches),
      fetch: (partition, offset, limit) =>
        fetchEventBatches(database, { partition, offset, limit, batchEventsMax: BATCH_EVENTS_MAX }),
      nextOffsetStored: (partition, offset) => nextStoredEventOffset(database, { partition, offset }),
      ends: () => readEventLogEnds(database),
    },
  })
}
