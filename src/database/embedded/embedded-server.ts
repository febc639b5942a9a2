import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  copyBinaries,
  EmbeddedServerError,
  findClosedParent,
  findServerAccount,
  locateBinaries,
  type PostgresBinaries,
  type ServerAccount,
} from './binaries.ts'
import { findHomeElsewhere, OPEN_BASE, prepareHome } from './server-home.ts'

const run = promisify(execFile)

const START_SECONDS_MAX = 60
const SERVER_USER = 'dim'

/**
 * A real PostgreSQL server that belongs to one data folder and is started by us.
 *
 * It is detached: when our process is killed the server lives on, and the next start attaches to it. Who
 * may use it at a time is not decided here but by {@link claimDataFolder} in the database itself, which a
 * killed owner cannot leave locked.
 */
export interface EmbeddedServer {
  /** True when a server that a killed process left behind was found running. */
  readonly attached: boolean
  readonly port: number
  connectionString(database: string): string
  /** Creates the database if it is not there. */
  ensureDatabase(database: string): Promise<void>
  /**
   * Starts the server again, on its port, when it does not run any more: a full disk ends it, and so may the system.
   * Throws an EmbeddedServerError when it does not start, or runs on another port by now.
   */
  revive(): Promise<void>
  /** Ends all connections, writes a checkpoint, stops the server. */
  stop(): Promise<void>
}

/**
 * Starts the server of this data folder, creating the cluster on first use, or attaches to the one that
 * is running. Throws an EmbeddedServerError that says what to do.
 */
export async function startEmbeddedServer(options: {
  dataFolder: string
  /** Settings beyond the defaults, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>
}): Promise<EmbeddedServer> {
  const account = await findServerAccount()
  const home = await prepareHome(path.resolve(options.dataFolder), account)
  let binaries = await locateBinaries()
  if (account !== null && (await findClosedParent(binaries.postgres, account)) !== null)
    binaries = await copyBinaries(binaries, OPEN_BASE)

  const cluster: Cluster = {
    folder: path.join(home, 'cluster'),
    password: await readPassword(home),
    binaries,
    account,
  }
  if (!(await exists(path.join(cluster.folder, 'PG_VERSION')))) await createCluster(cluster, home)

  const running = await findRunning(cluster)
  const port = running ?? (await startCluster(cluster, home, options.settings ?? {}))
  const connectionString = (database: string) =>
    `postgresql://${SERVER_USER}:${cluster.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  return {
    attached: running !== null,
    port,
    connectionString,
    ensureDatabase: database => ensureDatabase(connectionString('postgres'), database),
    async revive() {
      const found = await findRunning(cluster)
      const now = found ?? (await startCluster(cluster, home, { ...options.settings, port: String(port) }))
      if (now !== port)
        throw new EmbeddedServerError(`the database listens on port ${now}: another process started it`)
    },
    async stop() {
      await runAs(cluster, cluster.binaries.pgCtl, [
        'stop',
        '-D',
        cluster.folder,
        '-m',
        'fast',
        '-w',
        '-t',
        '60',
      ])
    },
  }
}

/**
 * Deletes the database of a data folder where it lies elsewhere: whoever removes a data folder for good calls
 * this before. One that is another data folder's stays. Throws an EmbeddedServerError while its server runs.
 */
export async function removeDatabaseElsewhere(dataFolder: string): Promise<void> {
  const home = await findHomeElsewhere(path.resolve(dataFolder))
  if (home === null) return
  const pid = Number.parseInt(
    await readFile(path.join(home, 'cluster', 'postmaster.pid'), 'utf8').catch(() => ''),
    10,
  )
  if (processExists(pid)) throw new EmbeddedServerError(`the database in ${home} is running: stop it first`)
  await rm(home, { recursive: true, force: true, maxRetries: 3 })
}

interface Cluster {
  readonly folder: string
  readonly password: string
  readonly binaries: PostgresBinaries
  readonly account: ServerAccount | null
}

async function readPassword(home: string): Promise<string> {
  const file = path.join(home, 'password')
  try {
    await writeFile(file, randomBytes(24).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(file, 'utf8')).trim()
}

async function createCluster(cluster: Cluster, home: string): Promise<void> {
  const passwordFile = path.join(home, 'password')
  if (cluster.account !== null) await chown(passwordFile, cluster.account.uid, cluster.account.gid)
  await removeUnfinishedClusters(home)
  // Made beside and renamed when whole: a first start that is killed half way leaves nothing that looks like
  // a cluster, and of two that begin at once the later one takes what the earlier one made.
  const unfinished = path.join(home, `${UNFINISHED}${process.pid}-${randomBytes(4).toString('hex')}`)
  await runAs(cluster, cluster.binaries.initdb, [
    `--pgdata=${unfinished}`,
    `--username=${SERVER_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
  ])
  await rename(unfinished, cluster.folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}

/** Begins the names of folders in which a cluster is being made; the process that makes it follows. */
const UNFINISHED = 'unfinished-cluster-'

async function removeUnfinishedClusters(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(UNFINISHED)) continue
    const maker = Number.parseInt(name.slice(UNFINISHED.length), 10)
    if (!processExists(maker))
      await rm(path.join(home, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

async function findRunning(cluster: Cluster): Promise<number | null> {
  const lines = await readFile(path.join(cluster.folder, 'postmaster.pid'), 'utf8').then(
    text => text.split('\n'),
    () => null,
  )
  if (lines === null) return null
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!processExists(pid) || !Number.isInteger(port)) return null
  // The pid may by now be another program's: only a server that knows our password is ours.
  return (await accepts(cluster, port)) ? port : null
}

async function startCluster(
  cluster: Cluster,
  home: string,
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const merged = {
    port: settings.port ?? String(await findFreePort()),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    jit: 'off',
    ...settings,
  }
  const log = path.join(home, 'server.log')
  const flags = Object.entries(merged).map(([name, value]) => `-c ${name}='${value}'`)
  try {
    await runAs(cluster, cluster.binaries.pgCtl, [
      'start',
      '-D',
      cluster.folder,
      '-l',
      log,
      '-w',
      '-t',
      String(START_SECONDS_MAX),
      '-o',
      flags.join(' '),
    ])
  } catch (cause) {
    const running = await findRunning(cluster)
    if (running !== null) return running
    const tail = await readFile(log, 'utf8').then(
      text => text.trimEnd().split('\n').slice(-5).join('\n'),
      () => '',
    )
    throw new EmbeddedServerError(`PostgreSQL did not start; its log ${log} ends with:\n${tail}`, { cause })
  }
  return Number(merged.port)
}

async function runAs(cluster: Cluster, program: string, args: string[]): Promise<void> {
  const identity = cluster.account === null ? {} : { uid: cluster.account.uid, gid: cluster.account.gid }
  // The root folder, because the account may not be able to stand where we do.
  await run(program, args, { ...identity, cwd: path.parse(cluster.folder).root })
}

async function ensureDatabase(connectionString: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(`create database ${client.escapeIdentifier(database)}`)
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code !== '42P04' && code !== '23505') throw error
  } finally {
    await client.end()
  }
}

async function accepts(cluster: Cluster, port: number): Promise<boolean> {
  const deadline = Date.now() + START_SECONDS_MAX * 1000
  for (;;) {
    const client = new pg.Client({
      connectionString: `postgresql://${SERVER_USER}:${cluster.password}@127.0.0.1:${port}/postgres`,
      connectionTimeoutMillis: 2_000,
    })
    try {
      await client.connect()
      return true
    } catch (error) {
      // 57P03: it is still recovering what the killed server left.
      if ((error as { code?: string }).code !== '57P03' || Date.now() > deadline) return false
      await new Promise(resolve => setTimeout(resolve, 100))
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

/**
 * Resolves to `port` itself where it is free on this machine, and for 0 to any free one. Rejects when it is
 * taken.
 */
export function findFreePort(port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      )
    })
  })
}

function processExists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  )
}
