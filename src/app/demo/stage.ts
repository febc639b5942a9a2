import path from 'node:path'
import { createGatewayClient, type GatewayClient } from '../../simulator/client/gateway-client.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { loadConfig } from '../config.ts'
import type { Environment } from '../environment.ts'
import { type RunningServer, startServer } from '../start-server.ts'
import { createDemoApi, type DemoApi } from './demo-api.ts'
import { layFilesOnce } from './demo-folder.ts'
import { digestDemoObjects, listDemoObjects } from './demo-objects.ts'
import { DEMO, DEMO_SITES } from './demo-settings.ts'
import { type RunningSite, startSite } from './demo-sites.ts'
import { type DemoWorld, setUpWorld } from './demo-world.ts'
import { formatBytes, type Narrator } from './narrate.ts'
import { openWriteJournal, type WriteJournal } from './write-journal.ts'
import { ContentTruth } from './written-content.ts'

/** Everything the demo started over its folder and has to stop again. */
export interface Stage {
  readonly server: RunningServer
  readonly sites: readonly RunningSite[]
  readonly api: DemoApi
  readonly world: DemoWorld
  readonly client: GatewayClient
  /** What may be read: the first contents, and what was written since, also before this start. */
  readonly truth: ContentTruth
  readonly journal: WriteJournal
}

const JOURNAL_FILE = 'writes.jsonl'

/**
 * Lays out the files, starts the server and both clouds, and sets up what is not there yet. Stops what it
 * started when something after it fails.
 */
export async function openStage(
  options: {
    readonly environment: Environment
    /** Made before, by prepareFolder. */
    readonly folder: string
    readonly objects: number
    /** Listens on free ports instead of the configured ones. */
    readonly freePorts: boolean
    readonly log: Logger
  },
  narrator: Narrator,
): Promise<Stage> {
  const objects = listDemoObjects(options.objects)
  const bytes = await layFilesOnce(options.folder, objects)
  narrator.tell(`${objects.length.toLocaleString('en')} files, ${formatBytes(bytes)}, lie on-prem`)

  const config = loadConfig({
    environment: withoutServer(options.environment),
    overrides: {
      dataDir: options.folder,
      ...(options.freePorts ? { api: { port: 0 }, gateway: { port: 0 } } : {}),
      log: { level: options.environment.DIM_LOG_LEVEL ?? 'warn' },
    },
  })
  const server = await startServer(config, { log: options.log, clockScale: DEMO.clockScale })
  const sites: RunningSite[] = []
  try {
    for (const site of DEMO_SITES)
      sites.push(
        await startSite({ site, folder: path.join(options.folder, 'sites'), server: server.embedded! }),
      )
    const api = createDemoApi({ apiUrl: server.apiUrl!, token: server.localToken })
    const world = await setUpWorld(api, { folder: options.folder, sites })
    const key = await api.post<{ id: string; secretAccessKey: string }>('/v1/access-keys', {
      readerClass: 'application',
    })
    const client = createGatewayClient({
      endpoint: server.gatewayUrl!,
      credentials: { accessKeyId: key.id, secretAccessKey: key.secretAccessKey },
      region: config.gateway.region,
      connectionsMax: 32,
    })
    narrator.tell(
      `two clouds answer: ${sites.map(each => `${each.site.name} at ${each.endpoint}`).join(', ')}`,
    )
    narrator.announce(`dashboard: ${server.apiUrl}/#token=${server.localToken}`)
    narrator.tell(`S3 gateway: ${server.gatewayUrl}, bucket ${DEMO.bucket}`)
    const journal = openWriteJournal(path.join(options.folder, JOURNAL_FILE))
    const truth = new ContentTruth(digestDemoObjects(objects), {
      noted: journal.noted,
      note: note => journal.append(note),
    })
    return { server, sites, api, world, client, truth, journal }
  } catch (error) {
    await Promise.allSettled(sites.map(site => site.stop()))
    await server.stop()
    throw error
  }
}

/** Stops everything, the clouds after what moves objects to them. */
export async function closeStage(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.tell('stopping')
  await stage.client.close()
  stage.journal.close()
  await stage.server.stopRoles()
  await Promise.allSettled(stage.sites.map(site => site.stop()))
  await stage.server.stop()
}

/** The demo brings its own database, whatever the environment says about another one. */
function withoutServer(environment: Environment): Environment {
  const {
    DATABASE_URL: _url,
    DIM_DATABASE_URL: _same,
    DIM_DATA_DIR: _folder,
    DIM_ROLES: _roles,
    ...rest
  } = environment
  return rest
}
