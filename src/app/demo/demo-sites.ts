import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { applySchemaChanges } from '../../database/apply-schema-changes.ts'
import { insertLocation } from '../../database/catalog/locations.ts'
import { insertStore, listStores } from '../../database/catalog/stores.ts'
import { type EmbeddedServer, findFreePort } from '../../database/embedded/embedded-server.ts'
import { insertAccessKey } from '../../database/people/access-keys.ts'
import { hasSealedSecrets } from '../../database/people/sealed-secrets.ts'
import { type Database, inTransaction, openDatabase } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import { Redacted } from '../../domain/redacted.ts'
import { accessKeyPurpose } from '../../domain/secret-box.ts'
import { environmentOfOthers } from '../environment.ts'
import { loadSealingKeys } from '../secrets/key-file.ts'
import { createSecretBox } from '../secrets/secret-box.ts'
import { DEMO, type DemoSite } from './demo-settings.ts'

/** A cloud of the demo: a gateway of ours over a folder, in a process and a database of its own. */
export interface RunningSite {
  readonly site: DemoSite
  readonly endpoint: string
  /** A new access key of the site, for the store that reaches it. */
  createAccessKey(): Promise<{ accessKeyId: string; secretAccessKey: string }>
  stop(): Promise<void>
}

const DEMO_PRINCIPAL = principal('system', 'demo')
/** How long a site may take to answer before the demo gives up. */
const START_MS_MAX = 60_000
const POLL_MS = 100
const STOP_MS_MAX = 10_000
const SITE_LOCATION = 'folder'
const CONFIG_FILE = 'config.yaml'

/** Prepares the site's database and folder, and starts its process. It ends by itself when we do. */
export async function startSite(options: {
  site: DemoSite
  folder: string
  server: EmbeddedServer
}): Promise<RunningSite> {
  const { site, server } = options
  const folder = path.join(options.folder, site.name)
  await mkdir(folder, { recursive: true })
  const databaseName = `dim_${site.name.replaceAll('-', '_')}`
  await server.ensureDatabase(databaseName)
  const connectionString = server.connectionString(databaseName)
  const database = openDatabase({
    connectionString,
    connectionsMax: 2,
    applicationName: 'dim demo',
    onIdleError: () => undefined,
  })
  try {
    await applySchemaChanges(database)
    await ensureFolderStore(database, folder)
    const port = await choosePort(folder)
    const child = await spawnGateway({ folder, connectionString, port })
    return {
      site,
      endpoint: `http://127.0.0.1:${port}`,
      createAccessKey: () => createAccessKey(database, folder),
      async stop() {
        await database.end()
        await stopChild(child)
      },
    }
  } catch (error) {
    await database.end()
    throw error
  }
}

async function ensureFolderStore(database: Database, folder: string): Promise<void> {
  await inTransaction(database, async connection => {
    if ((await listStores(connection, { afterName: null, limit: 1 })).length > 0) return
    const storeId = newId()
    await insertStore(connection, {
      id: storeId,
      name: SITE_LOCATION,
      kind: 'filesystem',
      settings: { root: path.join(folder, 'objects'), durability: DEMO.durability },
      credentialsSealed: null,
      principal: DEMO_PRINCIPAL,
    })
    await insertLocation(connection, {
      id: newId(),
      name: SITE_LOCATION,
      storeId,
      container: 'objects',
      storageClass: null,
      tier: 'hot',
      priceId: 'onprem/dc1/hdd-ec',
      region: 'dc1',
      firstByteMsP99: 10,
      restoreHours: null,
      capacityBytes: null,
      principal: DEMO_PRINCIPAL,
    })
  })
}

/**
 * The port of the site's last start where it is free, else another one: a cloud has the same address after a
 * restart, so that moves which are under way find it again.
 */
async function choosePort(folder: string): Promise<number> {
  const former = await readFile(path.join(folder, CONFIG_FILE), 'utf8').catch(() => '')
  const port: unknown = (parse(former) as { gateway?: { port?: unknown } } | null)?.gateway?.port
  return typeof port === 'number' ? findFreePort(port).catch(() => findFreePort()) : findFreePort()
}

async function createAccessKey(
  database: Database,
  folder: string,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const secretBox = createSecretBox(await loadSealingKeys(folder, () => hasSealedSecrets(database)))
  const accessKeyId = `DIM${randomBytes(8).toString('hex').toUpperCase()}`
  const secretAccessKey = randomBytes(24).toString('base64url')
  await insertAccessKey(database, {
    id: accessKeyId,
    secretSealed: secretBox.seal(new Redacted(secretAccessKey), accessKeyPurpose(accessKeyId)),
    readerClass: 'mover',
    bucketIds: null,
    mayWrite: true,
    principal: DEMO_PRINCIPAL,
  })
  return { accessKeyId, secretAccessKey }
}

async function spawnGateway(options: {
  folder: string
  connectionString: string
  port: number
}): Promise<ChildProcess> {
  const file = path.join(options.folder, CONFIG_FILE)
  const config = {
    dataDir: options.folder,
    roles: ['gateway'],
    database: { url: options.connectionString, connectionsMax: 16 },
    gateway: { port: options.port, recordAccess: false, defaultWriteLocation: SITE_LOCATION },
    log: { level: 'warn' },
  }
  await writeFile(file, stringify(config), { mode: 0o600 })
  const program = path.resolve(import.meta.dirname, '../../../bin/dim.js')
  const child = fork(program, ['--quiet', 'serve', '--config', file], {
    // What the environment says to us about ports and folders is not meant for the sites.
    env: environmentOfOthers(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await answers(child, options.port)
  return child
}

/** Resolves when the port answers HTTP; rejects when the process ends first. */
async function answers(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_MS_MAX
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`a site of the demo ended at its start (${child.exitCode ?? child.signalCode})`)
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      response => response.status > 0,
      () => false,
    )
    if (answered) return
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  child.kill('SIGKILL')
  throw new Error(`a site of the demo did not answer on port ${port} within ${START_MS_MAX / 1000} seconds`)
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(timer)
}
