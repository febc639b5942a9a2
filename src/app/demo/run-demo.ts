import type { Overview } from '../../api/schemas/overview.ts'
import { joinSignals } from '../../domain/join-signals.ts'
import type { GatewayClient } from '../../simulator/client/gateway-client.ts'
import { emptyTrafficCounts, type TrafficCounts } from '../../simulator/traffic/drive-requests.ts'
import { runTraffic } from '../../simulator/traffic/run-traffic.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { rest } from '../../workers/timers.ts'
import type { Environment } from '../environment.ts'
import { prepareFolder } from './demo-folder.ts'
import { DEMO } from './demo-settings.ts'
import { tallyMigrations } from './migration-tally.ts'
import { createNarrator, formatBytes, formatUsd } from './narrate.ts'
import { importFiles, pickColdKeys, type Scene, waitFor } from './scenes.ts'
import { closeStage, openStage, type Stage } from './stage.ts'
import { type ContentReport, verifyContent } from './verify-content.ts'

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
  /** Share of the requests that write. Range: 0 to 1. */
  readonly writeShare: number
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
  await prepareFolder(options.folder, { anew: options.check && !options.resume })
  const stage = await openStage({ ...options, freePorts: options.check }, narrator)
  try {
    const scene: Scene = { api: stage.api, narrator, world: stage.world, signal: options.signal }
    await importFiles(scene)
    return await play(options, stage, scene)
  } finally {
    await closeStage(stage, narrator)
  }
}

async function play(options: DemoOptions, stage: Stage, scene: Scene): Promise<DemoSummary | null> {
  const { truth } = stage
  const before = await firstOverview(scene)
  scene.narrator.tell(
    `storage of everything on-prem costs ${formatUsd(before.cost.now.storageUsdPerMonth ?? 0)} per month`,
  )
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
      writeShare: options.writeShare,
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
    signal: joinSignals([ending.signal, options.signal]),
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
  if (keys.length === 0) {
    scene.narrator.tell('nothing has cooled yet, so there is nothing to burst')
    return
  }
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
    await rest(LOOK_MS, signal)
  }
}

const NARRATE_MS = 10_000

async function narrateProgress(scene: Scene, counts: TrafficCounts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await rest(NARRATE_MS, signal)
    if (signal.aborted) return
    const overview = await scene.api.get<Overview>('/v1/overview').catch(() => null)
    if (overview === null) continue
    const tiers = overview.tiers
      .map(tier => `${tier.tier} ${tier.objects} (${formatBytes(tier.bytes)})`)
      .join(', ')
    scene.narrator.tell(
      `${counts.reads} reads, ${counts.errors} errors, ${counts.wrongBytes} wrong; ${tiers}; ${overview.migrations.unfinished} on the move; ${formatUsd(overview.cost.now.storageUsdPerMonth ?? 0)} per month of storage`,
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
    usdPerMonthBefore: before.cost.now.storageUsdPerMonth ?? 0,
    usdPerMonthAfter: after.cost.now.storageUsdPerMonth ?? 0,
  }
}
