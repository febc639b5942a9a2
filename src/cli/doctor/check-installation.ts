import { type Config, ConfigError, loadConfig } from '../../app/config.ts'
import type { Session } from '../session.ts'
import {
  checkDashboard,
  checkDatabase,
  checkDataFolder,
  checkNode,
  checkPorts,
  checkTestServers,
} from './check-machine.ts'
import {
  checkClock,
  checkEncryption,
  checkLocations,
  checkObjects,
  checkReadiness,
  checkStores,
} from './check-server.ts'
import { type Finding, fine } from './finding.ts'

/** Longest any one check may take. */
const CHECK_SECONDS_MAX = 20

/** Runs every check there is, the machine's first, then the server's if one runs. Never rejects. */
export async function checkInstallation(
  session: Session,
  configFile: string | undefined,
): Promise<Finding[]> {
  const findings = [checkNode(process.versions.node)]
  const config = readConfig(session, configFile, findings)
  const server = session.findLocalServer()
  const checks: [string, () => Promise<Finding[]>][] = [
    ...(config === null
      ? []
      : ([
          ['data folder', () => checkDataFolder(config.dataDir)],
          ['database', () => checkDatabase(config)],
          ['ports', () => checkPorts(config, server)],
        ] satisfies [string, () => Promise<Finding[]>][])),
    ['dashboard', checkDashboard],
    ['test servers', checkTestServers],
    ['server', () => checkReadiness(session, server)],
    ['clock', () => checkClock(session)],
    ['stores', () => checkStores(session)],
    ['locations', () => checkLocations(session)],
    ['encryption', () => checkEncryption(session)],
    ['objects', () => checkObjects(session)],
  ]
  for (const [name, check] of checks) findings.push(...(await attempt(name, check)))
  return findings
}

function readConfig(session: Session, file: string | undefined, findings: Finding[]): Config | null {
  try {
    const config = loadConfig({ environment: session.environment, file })
    findings.push(fine('configuration', `roles ${config.roles.join(', ')}`))
    return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    findings.push(
      ...error.problems.map(text => ({
        check: 'configuration',
        verdict: 'failed' as const,
        text,
        fix: 'correct the file or the variable; docs/reference/configuration.md has every key',
      })),
    )
    return null
  }
}

async function attempt(name: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding[]>(resolve => {
    timer = setTimeout(
      () =>
        resolve([{ check: name, verdict: 'failed', text: `no answer in ${CHECK_SECONDS_MAX} s`, fix: null }]),
      CHECK_SECONDS_MAX * 1_000,
    )
  })
  const failed = (error: unknown): Finding[] => [
    {
      check: name,
      verdict: 'failed',
      text: error instanceof Error ? error.message : String(error),
      fix: null,
    },
  ]
  try {
    return await Promise.race([check().catch(failed), late])
  } finally {
    clearTimeout(timer)
  }
}
