import pg from 'pg'
import { DEMO } from '../../src/app/demo/demo-settings.ts'
import { createNarrator } from '../../src/app/demo/narrate.ts'
import { importFiles } from '../../src/app/demo/scenes.ts'
import { closeStage, openStage, type Stage } from '../../src/app/demo/stage.ts'
import { verifyContent } from '../../src/app/demo/verify-content.ts'
import { createGatewayClient, type GatewayClient } from '../../src/simulator/client/gateway-client.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'

/** What a restart over a killed demo's data found and how long it took to be whole again. */
export interface DemoRecovery {
  readonly objects: number
  /** Objects that could not be read within lease time + 10 s, or 10 s after the start, or were gone later. */
  readonly lost: readonly string[]
  /** Objects that ever had bytes nobody had written there last. */
  readonly wrong: readonly string[]
  /** Objects whose first read after the restart got no content, and how one of them was answered. */
  readonly unreadableAtFirst: number
  readonly firstAnswer: string | null
  /** Migrations under way at the kill. */
  readonly unfinished: number
  /** Of them, those that a dead worker still had the lease of after lease time + 10 s, or that never ended. */
  readonly stuck: readonly string[]
  /** Of them, those that were given up and wait for a person. */
  readonly quarantined: number
  /** From the restart until the server answered. */
  readonly startSeconds: number
  /** From the restart until every object could be read: when the server answered, unless a read failed then. */
  readonly readableSeconds: number
  /** From the restart until no lease of a dead worker was left. */
  readonly leasesSeconds: number
  /** The longest of those. */
  readonly recoverySeconds: number
  /** Writes that were cut off by the kill and settled since. */
  readonly writesSettled: number
}

const SLACK_SECONDS = 10
const ALL_END_SECONDS_MAX = 300
const LOOK_MS = 250

/** Starts the demo's world over what a killed demo left, without its traffic, and watches it recover. */
export async function recoverDemo(options: {
  folder: string
  objects: number
  leaseSeconds: number
  /** Whether the killed demo had imported its files; otherwise the restart does, as the demo would. */
  isImported: boolean
}): Promise<DemoRecovery> {
  const { folder, objects, leaseSeconds } = options
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1_000
  const narrator = createNarrator({ print: () => undefined, nowMs: () => performance.now() })
  const stage = await openStage(
    {
      environment: { DIM_MIGRATOR_LEASE_SECONDS: String(leaseSeconds) },
      folder,
      objects,
      freePorts: true,
      log: silentLogger,
    },
    narrator,
  )
  const reader = await openReader(stage)
  const watch = new pg.Client({ connectionString: stage.server.embedded!.connectionString('dim') })
  try {
    await watch.connect()
    const startSeconds = seconds()
    const unfinished = await unfinishedMigrations(watch)
    const writesBefore = await openWrites(watch)
    if (!options.isImported) {
      const signal = new AbortController().signal
      await importFiles({ api: stage.api, narrator, world: stage.world, signal })
    }
    const limitSeconds = leaseSeconds + SLACK_SECONDS
    const leases = releasedLeases(watch, unfinished, seconds, limitSeconds)
    // A machine that is so busy that starting takes long still gets a second look before it counts as a loss.
    const first = await readAll(stage, reader, seconds, Math.max(limitSeconds, startSeconds + SLACK_SECONDS))
    const readableSeconds = first.readableSeconds ?? startSeconds
    const { held, leasesSeconds } = await leases
    const neverEnded = await untilEnded(watch, unfinished, seconds)
    const last = await readAll(stage, reader, seconds, seconds() + SLACK_SECONDS)
    return {
      objects: first.objects,
      lost: [...new Set([...first.lost, ...last.lost])],
      wrong: [...new Set([...first.wrong, ...last.wrong])],
      unreadableAtFirst: first.unreadableAtFirst,
      firstAnswer: first.firstAnswer,
      unfinished: unfinished.length,
      stuck: [...new Set([...held, ...neverEnded])],
      quarantined: await quarantinedAmong(watch, unfinished),
      startSeconds,
      readableSeconds,
      leasesSeconds,
      recoverySeconds: Math.max(readableSeconds, leasesSeconds),
      writesSettled: writesBefore - (await openWrites(watch)),
    }
  } finally {
    await watch.end()
    await reader.close()
    await closeStage(stage, narrator)
  }
}

/** A client whose reads do not count as access: what was cold stays cold. */
async function openReader(stage: Stage): Promise<GatewayClient> {
  const key = await stage.api.post<{ id: string; secretAccessKey: string }>('/v1/access-keys', {
    readerClass: 'mover',
  })
  return createGatewayClient({
    endpoint: stage.server.gatewayUrl!,
    credentials: { accessKeyId: key.id, secretAccessKey: key.secretAccessKey },
    region: 'us-east-1',
    connectionsMax: 32,
  })
}

/** Reads every object until all are there; what is still missing when time is up is lost. */
async function readAll(stage: Stage, client: GatewayClient, seconds: () => number, untilSeconds: number) {
  const wrong = new Set<string>()
  let readableSeconds: number | null = null
  let unreadableAtFirst: number | null = null
  let firstAnswer: string | null = null
  for (;;) {
    const { objects, lost, ...report } = await verifyContent({
      client,
      bucket: DEMO.bucket,
      truth: stage.truth,
    })
    for (const key of report.wrong) wrong.add(key)
    unreadableAtFirst ??= lost.length
    if (lost.length === 0 || seconds() > untilSeconds)
      return { objects, lost, wrong: [...wrong], readableSeconds, unreadableAtFirst, firstAnswer }
    firstAnswer ??= await describeAnswer(client, lost[0]!)
    await pause()
    readableSeconds = seconds()
  }
}

async function describeAnswer(client: GatewayClient, key: string): Promise<string> {
  try {
    const { status, errorCode } = await client.read(DEMO.bucket, key)
    return `${status} ${errorCode ?? ''}`.trim()
  } catch (error) {
    return String(error)
  }
}

/** Watches until no worker that is dead holds a lease; resolves to the migrations where one does too long. */
async function releasedLeases(
  client: pg.Client,
  ids: readonly string[],
  seconds: () => number,
  limitSeconds: number,
): Promise<{ held: string[]; leasesSeconds: number }> {
  for (;;) {
    const { rows } = await client.query<{ id: string }>(
      `select id from migration
       where id = any($1) and finished_at is null and lease_owner is not null
         and lease_owner not like '%/' || $2 || '/%'`,
      [ids, process.pid],
    )
    const held = rows.map(row => row.id)
    if (held.length === 0 || seconds() > limitSeconds) return { held, leasesSeconds: seconds() }
    await pause()
  }
}

/** Waits until these have ended; resolves to those that do not. */
async function untilEnded(
  client: pg.Client,
  ids: readonly string[],
  seconds: () => number,
): Promise<string[]> {
  for (;;) {
    const left = (await unfinishedMigrations(client)).filter(id => ids.includes(id))
    if (left.length === 0 || seconds() > ALL_END_SECONDS_MAX) return left
    await pause()
  }
}

async function unfinishedMigrations(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('select id from migration where finished_at is null')
  return rows.map(row => row.id)
}

async function quarantinedAmong(client: pg.Client, ids: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) as count from migration where id = any($1) and state = 'quarantined'`,
    [ids],
  )
  return Number(rows[0]!.count)
}

async function openWrites(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('select count(*) as count from write_intent')
  return Number(rows[0]!.count)
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, LOOK_MS))
}
