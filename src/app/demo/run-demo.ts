import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Overview } from '../../api/schemas/overview.ts'
import { createGatewayClient, type GatewayClient } from '../../simulator/client/gateway-client.ts'
import { emptyTrafficCounts, type TrafficCounts } from '../../simulator/traffic/drive-requests.ts'
import { runTraffic } from '../../simulator/traffic/run-traffic.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { loadConfig } from '../config.ts'
import { connectDatabase } from '../connect-database.ts'
import type { Environment } from '../environment.ts'
import { type RunningServer, startServer } from '../start-server.ts'
import { createDemoApi, type DemoApi } from './demo-api.ts'
import { digestDemoObjects, listDemoObjects, writeDemoFiles } from './demo-objects.ts'
import { DEMO, DEMO_SITES, ON_PREM } from './demo-settings.ts'
import { type RunningSite, startSite } from './demo-sites.ts'
import { type DemoWorld, setUpWorld } from './demo-world.ts'
import { tallyMigrations } from './migration-tally.ts'
import { createNarrator, formatBytes, formatUsd, type Narrator } from './narrate.ts'
import { DemoStuck, importFiles, pickColdKeys, type Scene, waitFor } from './scenes.ts'
import { type ContentReport, verifyContent } from './verify-content.ts'
import { ContentTruth } from './written-content.ts'

/** What `--check` prints last, on one line. */
export interface DemoSummary {
  readonly objects: number
  readonly reads: number
  readonly bytesServed: number
  readonly migrationsDone: number
  readonly migrationsFailed: number
  readonly promoted: number
  readonly demoted: number
  readonly wrongBytes: number
  readonly lostObjects: number
  readonly usdPerMonthBefore: number
  readonly usdPerMonthAfter: number
}

export interface DemoOptions {
  readonly environment: Environment
  /** Where everything lies; made when missing. */
  readonly folder: string
  /** Runs the whole story without a person and ends with a verdict. */
  readonly check: boolean
  /** Goes on with what lies in the folder instead of beginning anew (`--check` begins anew otherwise). */
  readonly resume: boolean
  readonly objects: number
  readonly requestsPerSecond: number
  /** A line for people. */
  readonly print: (line: string) => void
  readonly signal: AbortSignal
  readonly log: Logger
}

/** How long each scene of a check may take, in wall seconds. */
const DEMOTIONS_SECONDS_MAX = 600
const PROMOTIONS_SECONDS_MAX = 300
const FIGURES_SECONDS_MAX = 30
const DRAIN_SECONDS_MAX = 600
/** With this share of the objects demoted the story has been told. */
const DEMOTED_SHARE_WANTED = 0.06
const BURST_OBJECTS = 25
const BURST_READS_PER_OBJECT = 40
const BURST_SECONDS = 5

/**
 * Stands up the demo's world (one process tree, everything embedded), tells what happens, and stops cleanly
 * when the signal aborts. With `check` it plays the story to its end and resolves to the summary.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary | null> {
  const narrator = createNarrator({ print: options.print, nowMs: () => performance.now() })
  await prepareFolder(options.folder, {
    anew: options.check && !options.resume,
    log: options.log,
  })

  const objects = listDemoObjects(options.objects)
  const bytes = await writeDemoFiles(path.join(options.folder, 'on-prem', ON_PREM.container), objects)
  narrator.tell(`${objects.length.toLocaleString('en')} files, ${formatBytes(bytes)}, lie on-prem`)

  const stage = await openStage(options, narrator)
  try {
    const truth = new ContentTruth(digestDemoObjects(objects))
    const scene: Scene = { api: stage.api, narrator, world: stage.world, signal: options.signal }
    await importFiles(scene)
    return await play(options, stage, scene, truth)
  } finally {
    await closeStage(stage, narrator)
  }
}

const MARKER = 'this-is-demo-data.txt'

/** Makes the folder, or empties it. Throws rather than delete a folder that no demo made. */
async function prepareFolder(folder: string, options: { anew: boolean; log: Logger }): Promise<void> {
  const marker = path.join(folder, MARKER)
  const entries: string[] = await readdir(folder).catch(() => [])
  if (options.anew && entries.length > 0) {
    if (!entries.includes(MARKER))
      throw new DemoStuck(
        `${folder} holds other data than the demo's, so it is not emptied: choose another --data-dir`,
      )
    await endFormerDatabase(folder, options.log)
    await rm(folder, { recursive: true })
  }
  await mkdir(folder, { recursive: true })
  await writeFile(marker, 'Everything in this folder was made by the demo and may be deleted.\n')
}

/** A killed demo leaves its database running; one that is in use makes this reject with DataFolderTaken. */
async function endFormerDatabase(folder: string, log: Logger): Promise<void> {
  const config = loadConfig({ environment: {}, overrides: { dataDir: folder } })
  const former = await connectDatabase(config, log)
  await former.close()
}

/** Everything that was started and has to be stopped again. */
interface Stage {
  readonly server: RunningServer
  readonly sites: readonly RunningSite[]
  readonly api: DemoApi
  readonly world: DemoWorld
  readonly client: GatewayClient
}

async function openStage(options: DemoOptions, narrator: Narrator): Promise<Stage> {
  const config = loadConfig({
    environment: withoutServer(options.environment),
    overrides: {
      dataDir: options.folder,
      database: { connectionsMax: DEMO.connectionsMax },
      migrator: { concurrency: DEMO.migrationsAtOnce },
      ...(options.check ? { api: { port: 0 }, gateway: { port: 0 } } : {}),
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
    return { server, sites, api, world, client }
  } catch (error) {
    await Promise.allSettled(sites.map(site => site.stop()))
    await server.stop()
    throw error
  }
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

async function closeStage(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.tell('stopping')
  await stage.client.close()
  await stage.server.stopRoles()
  await Promise.allSettled(stage.sites.map(site => site.stop()))
  await stage.server.stop()
}

async function play(
  options: DemoOptions,
  stage: Stage,
  scene: Scene,
  truth: ContentTruth,
): Promise<DemoSummary | null> {
  const before = await firstOverview(scene)
  scene.narrator.tell(`everything on-prem costs ${formatUsd(before.cost.nowUsdPerMonth ?? 0)} per month`)
  const counts = emptyTrafficCounts()
  const ending = new AbortController()
  const traffic = startTraffic(options, stage, truth.noting(stage.client), counts, ending)
  const approving = approvePlans(scene, options, ending.signal)
  const narrating = narrateProgress(scene, counts, ending.signal)
  // Traffic goes on until it is ended: when it stops before, something is wrong and the story is over.
  const failure = new Promise<never>((_, reject) => traffic.catch(reject))
  try {
    await Promise.race([options.check ? playOnce(scene, options.objects) : playOn(scene), failure])
    if (!options.check) return null
  } finally {
    ending.abort()
    // What these reject with came from being ended; what went wrong in the story itself is already thrown.
    await Promise.allSettled([traffic, approving, narrating])
  }
  await drain(scene)
  scene.narrator.tell(`reading all ${truth.size.toLocaleString('en')} objects and comparing their SHA-256`)
  const report = await verifyContent({ client: stage.client, bucket: DEMO.bucket, truth })
  return summarise(scene, { before, counts, report })
}

/** The overview is sampled every few seconds: the first one that knows of the objects. */
async function firstOverview(scene: Scene): Promise<Overview> {
  let overview = await scene.api.get<Overview>('/v1/overview')
  await waitFor(scene, 'the first figures', FIGURES_SECONDS_MAX, async () => {
    overview = await scene.api.get<Overview>('/v1/overview')
    return overview.total.objects > 0
  })
  return overview
}

async function startTraffic(
  options: DemoOptions,
  stage: Stage,
  client: GatewayClient,
  counts: TrafficCounts,
  ending: AbortController,
): Promise<void> {
  await runTraffic({
    client,
    bucket: DEMO.bucket,
    prefix: '',
    shape: {
      requestsPerSecond: options.requestsPerSecond,
      writeShare: DEMO.writeShare,
      skew: DEMO.skew,
      diurnalSwing: 0.5,
      peakHour: 14,
      burstsPerDay: 0,
      readsPerBurst: 1,
      burstSeconds: 1,
      driftPerDay: DEMO.driftPerDay,
      seed: DEMO.seed,
    },
    clock: { startModel: stage.server.modelClock.now(), scale: DEMO.clockScale },
    durationMs: Number.POSITIVE_INFINITY,
    openMax: 32,
    counts,
    signal: AbortSignal.any([ending.signal, options.signal]),
  })
}

/** The story as the check plays it: cooling, a plan, moves down, a burst, moves up. */
async function playOnce(scene: Scene, objects: number): Promise<void> {
  await waitFor(scene, 'objects to cool and move down', DEMOTIONS_SECONDS_MAX, async () => {
    const tally = await tallyMigrations(scene.api)
    return tally.demoted >= objects * DEMOTED_SHARE_WANTED
  })
  await burst(scene)
  await waitFor(scene, 'the burst to bring objects back', PROMOTIONS_SECONDS_MAX, async () => {
    const tally = await tallyMigrations(scene.api)
    return tally.promoted >= BURST_OBJECTS / 2
  })
}

/** The story without an end: a burst now and then, until somebody stops it. */
async function playOn(scene: Scene): Promise<void> {
  scene.narrator.tell('press Ctrl-C to stop; everything is kept, and the next start goes on from there')
  const aborted = new Promise<void>(resolve =>
    scene.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  while (!scene.signal.aborted) {
    await Promise.race([aborted, new Promise(resolve => setTimeout(resolve, 60_000).unref())])
    if (!scene.signal.aborted) await burst(scene)
  }
}

async function burst(scene: Scene): Promise<void> {
  const keys = await pickColdKeys(scene, BURST_OBJECTS)
  if (keys.length === 0) return
  scene.narrator.announce(
    `a burst: somebody reads ${keys.length} cold objects, such as ${keys[0]}, again and again`,
  )
  await scene.api.post('/v1/simulations/bursts', {
    bucket: DEMO.bucket,
    keys,
    reads: keys.length * BURST_READS_PER_OBJECT,
    seconds: BURST_SECONDS,
  })
}

interface PlanPage {
  readonly items: readonly {
    readonly id: string
    readonly state: string
    readonly objects: number
    readonly bytes: number
    readonly monthlySavingUsd: number
    readonly oneTimeUsd: number
  }[]
}

const APPROVE_AFTER_MS = { check: 0, person: 20_000 }
const LOOK_MS = 2_000

/** Approves what the planner proposes, after leaving a person the time to do it on the dashboard. */
async function approvePlans(scene: Scene, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const seen = new Map<string, number>()
  const patienceMs = options.check ? APPROVE_AFTER_MS.check : APPROVE_AFTER_MS.person
  while (!signal.aborted) {
    const page = await scene.api
      .get<PlanPage>('/v1/plans?state=proposed&limit=20')
      .catch(() => ({ items: [] }))
    for (const plan of page.items) {
      if (plan.objects === 0) continue
      if (!seen.has(plan.id)) {
        seen.set(plan.id, performance.now())
        scene.narrator.announce(
          `a plan: move ${plan.objects} objects (${formatBytes(plan.bytes)}), save ${formatUsd(plan.monthlySavingUsd)} per month for ${formatUsd(plan.oneTimeUsd)} once`,
        )
      }
      if (performance.now() - seen.get(plan.id)! < patienceMs) continue
      await scene.api.post(`/v1/plans/${plan.id}/approve`, {}).then(
        () => scene.narrator.tell(`the plan of ${plan.objects} objects was approved`),
        // The planner may have replaced it between the two requests; the next look sees its successor.
        (error: unknown) =>
          scene.narrator.tell(`the plan could not be approved: ${String(error).slice(0, 160)}`),
      )
    }
    await pause(LOOK_MS, signal)
  }
}

const NARRATE_MS = 10_000

async function narrateProgress(scene: Scene, counts: TrafficCounts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(NARRATE_MS, signal)
    if (signal.aborted) return
    const overview = await scene.api.get<Overview>('/v1/overview').catch(() => null)
    if (overview === null) continue
    const tiers = overview.tiers
      .map(tier => `${tier.tier} ${tier.objects} (${formatBytes(tier.bytes)})`)
      .join(', ')
    scene.narrator.tell(
      `${counts.reads} reads, ${counts.errors} errors, ${counts.wrongBytes} wrong; ${tiers}; ${overview.migrations.unfinished} on the move; ${formatUsd(overview.cost.nowUsdPerMonth ?? 0)} per month`,
    )
  }
}

async function drain(scene: Scene): Promise<void> {
  await waitFor(scene, 'the last migrations to end', DRAIN_SECONDS_MAX, async () => {
    const tally = await tallyMigrations(scene.api)
    return tally.unfinished === 0
  })
}

async function summarise(
  scene: Scene,
  found: { before: Overview; counts: TrafficCounts; report: ContentReport },
): Promise<DemoSummary> {
  const { before, counts, report } = found
  const [after, tally] = await Promise.all([
    scene.api.get<Overview>('/v1/overview'),
    tallyMigrations(scene.api),
  ])
  for (const key of [...report.wrong, ...report.lost].slice(0, 20))
    scene.narrator.tell(`wrong or lost: ${key}`)
  for (const [kind, { count, example }] of counts.errorKinds)
    scene.narrator.tell(`${count} × ${kind}: ${example}`)
  return {
    objects: report.objects,
    reads: counts.reads,
    bytesServed: counts.bytesRead,
    migrationsDone: tally.done,
    migrationsFailed: tally.failed,
    promoted: tally.promoted,
    demoted: tally.demoted,
    wrongBytes: counts.wrongBytes + report.wrong.length,
    lostObjects: report.lost.length,
    usdPerMonthBefore: before.cost.nowUsdPerMonth ?? 0,
    usdPerMonthAfter: after.cost.nowUsdPerMonth ?? 0,
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(finish, ms)
    function finish() {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
  })
}
