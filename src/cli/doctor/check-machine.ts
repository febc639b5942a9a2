import { access, constants, mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import type { Config } from '../../app/config.ts'
import { EmbeddedServerError, findServerAccount, locateBinaries } from '../../database/embedded/binaries.ts'
import { openDatabase } from '../../database/postgres.ts'
import { readServerFacts } from '../../database/server-facts.ts'
import { GIB } from '../../domain/bytes.ts'
import type { LocalServer } from '../local-server.ts'
import { bytesText } from '../units.ts'
import { type Finding, fine } from './finding.ts'

const NODE_MAJOR_MIN = 24
const POSTGRES_VERSION_MIN = 150_000
const FREE_BYTES_WANTED = GIB
const CLOCK_SKEW_MS_MAX = 5_000

export function checkNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= NODE_MAJOR_MIN) return fine('node', `Node.js ${version}`)
  const fix = `install Node.js ${NODE_MAJOR_MIN} or newer from https://nodejs.org`
  return { check: 'node', verdict: 'failed', text: `Node.js ${version} is too old`, fix }
}

/** Whether the folder can be made and written, is closed to others, and has room. */
export async function checkDataFolder(folder: string): Promise<Finding[]> {
  const check = 'data folder'
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const fix = 'choose another folder with DIM_DATA_DIR, or give this user the right to write there'
    return [{ check, verdict: 'failed', text: `${folder} cannot be written (${code})`, fix }]
  }
  const findings: Finding[] = []
  const { mode } = await stat(folder)
  if ((mode & 0o077) !== 0)
    findings.push({
      check,
      verdict: 'warning',
      text: `${folder} can be looked into by other users: the key file lies there`,
      fix: `chmod 700 ${folder}`,
    })
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  findings.push(
    free < FREE_BYTES_WANTED
      ? { check, verdict: 'warning', text: `only ${bytesText(free)} are free in ${folder}`, fix: 'make room' }
      : fine(check, `${folder}, ${bytesText(free)} free`),
  )
  return findings
}

/** Whether the configured database answers, or the embedded one can be run here. */
export async function checkDatabase(config: Config): Promise<Finding[]> {
  if (config.database.url !== undefined) return [await checkDatabaseServer(config.database.url)]
  try {
    const [{ postgres }, account] = await Promise.all([locateBinaries(), findServerAccount()])
    await access(postgres, constants.X_OK)
    const as = account === null ? '' : `, run as ${account.name} because PostgreSQL refuses root`
    return [fine('database', `embedded PostgreSQL is installed${as}`)]
  } catch (error) {
    const text =
      error instanceof EmbeddedServerError ? error.message : 'the embedded PostgreSQL cannot be run'
    return [
      {
        check: 'database',
        verdict: 'failed',
        text,
        fix: 'run npm ci again on this machine, or set DATABASE_URL',
      },
    ]
  }
}

async function checkDatabaseServer(url: string): Promise<Finding> {
  const check = 'database'
  const database = openDatabase({
    connectionString: url,
    connectionsMax: 1,
    applicationName: 'dim doctor',
    // The statement that meets the broken connection reports it.
    onIdleError: () => undefined,
  })
  try {
    const facts = await readServerFacts(database)
    if (facts.versionNumber < POSTGRES_VERSION_MIN)
      return {
        check,
        verdict: 'failed',
        text: `PostgreSQL ${facts.version} is too old`,
        fix: 'use 15 or newer',
      }
    const skewMs = Math.abs(facts.now.getTime() - Date.now())
    if (skewMs > CLOCK_SKEW_MS_MAX)
      return {
        check,
        verdict: 'warning',
        text: `its clock and ours differ by ${Math.round(skewMs / 1_000)} s`,
        fix: 'let both machines set their clocks by NTP: S3 signatures fail beyond 15 minutes',
      }
    return fine(check, `PostgreSQL ${facts.version} answers`)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return {
      check,
      verdict: 'failed',
      text: `no answer (${code ?? message})`,
      fix: 'check DATABASE_URL and the server',
    }
  } finally {
    await database.end()
  }
}

/** Whether the ports we would listen on are ours or free. */
export async function checkPorts(config: Config, server: LocalServer | null): Promise<Finding[]> {
  if (server !== null) return [fine('ports', `in use by the running server (process ${server.pid})`)]
  const wanted = [
    ['api', config.api, 'DIM_API_PORT'],
    ['gateway', config.gateway, 'DIM_GATEWAY_PORT'],
  ] as const
  const findings = wanted.map(async ([role, { host, port }, variable]): Promise<Finding> => {
    const check = `${role} port`
    if (port === 0) return fine(check, 'a free one is picked')
    const code = await tryPort(host, port)
    if (code === null) return fine(check, `${host}:${port} is free`)
    const fix = `stop what listens there, or choose another port with ${variable}`
    return { check, verdict: 'failed', text: `${host}:${port} cannot be used (${code})`, fix }
  })
  return Promise.all(findings)
}

function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown reason'))
    probe.listen(port, host, () => probe.close(() => resolve(null)))
  })
}

const ROOT = new URL('../../../', import.meta.url)

export async function checkDashboard(): Promise<Finding[]> {
  const check = 'dashboard'
  const file = new URL('dashboard/dist/index.html', ROOT)
  return access(file).then(
    () => [fine(check, 'built')],
    () => [{ check, verdict: 'warning', text: 'not built: only the API is served', fix: 'npm run build' }],
  )
}

/** Which real servers the tests would find; nothing where the tests are not shipped. */
export async function checkTestServers(): Promise<Finding[]> {
  const check = 'test servers'
  const folder = new URL('test/services/', ROOT)
  const names = await readdir(folder).then(
    entries => entries.filter(name => path.extname(name) === '').sort(),
    () => [],
  )
  return Promise.all(
    names.map(async name => {
      const script = new URL(name, folder).pathname
      const found = await findBinary(script)
      if (found !== null) return fine(check, `${name}: ${found}`)
      const fix = `test/services/${name} install`
      return { check, verdict: 'warning', text: `${name} is not installed: its tests are skipped`, fix }
    }),
  )
}

async function findBinary(script: string): Promise<string | null> {
  const { execFile } = await import('node:child_process')
  return new Promise(resolve => {
    execFile(script, ['path'], { timeout: 5_000 }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : null),
    )
  })
}
