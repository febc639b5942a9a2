import { createReadStream, existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import type { ObjectDetail, ObjectSummary } from '../src/api/types.ts'
import * as upkeep from './upkeep.ts'
import * as world from './world.ts'

/** A pretended API for developing the dashboard; see README.md. Never shipped. */
const PORT = Number(process.env.MOCK_PORT ?? 8099)
const KIND = process.env.MOCK_WORLD ?? 'full'
const DIST = join(import.meta.dirname, '..', 'dist')
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

let role: 'admin' | 'viewer' | null = null

type Answer = { readonly status?: number; readonly body: unknown } | undefined

function problem(status: number, code: string, detail: string): Answer {
  return { status, body: { type: 'about:blank', title: code, status, detail, instance: '/', code } }
}

function page(all: readonly unknown[], url: URL): Answer {
  if (KIND === 'broken') return problem(500, 'internal', 'The catalog did not answer within 5 s.')
  if (KIND === 'empty') return { body: { items: [], nextCursor: null } }
  const from = Number(url.searchParams.get('cursor') ?? 0)
  const limit = Number(url.searchParams.get('limit') ?? 100)
  return {
    body: {
      items: all.slice(from, from + limit),
      nextCursor: from + limit < all.length ? String(from + limit) : null,
    },
  }
}

function matchingObjects(url: URL): ObjectDetail[] {
  const wanted = Object.fromEntries(url.searchParams)
  const order: Record<string, (object: ObjectDetail) => number> = {
    heat: object => -object.heat.score,
    size: object => -object.size,
    lastAccess: object => -Date.parse(object.heat.lastAccessAt ?? '1970-01-01'),
  }
  const found = world.objects.filter(
    object =>
      (wanted.bucket === undefined || object.bucket === wanted.bucket) &&
      object.key.startsWith(wanted.prefix ?? '') &&
      (wanted.tier === undefined || object.tier === wanted.tier) &&
      (wanted.state === undefined || object.state === wanted.state) &&
      (wanted.location === undefined || object.location?.name === wanted.location),
  )
  const by = order[wanted.sort ?? '']
  return by === undefined ? found : found.toSorted((left, right) => by(left) - by(right))
}

function listed({ daily, ...object }: ObjectDetail): ObjectSummary {
  return { ...object, dailyReads: daily.slice(-30).map(({ reads }) => reads) }
}

function matchingMigrations(url: URL) {
  const wanted = Object.fromEntries(url.searchParams)
  return world.migrations.filter(
    move =>
      (wanted.state === undefined || move.state === wanted.state) &&
      (wanted.direction === undefined || move.direction === wanted.direction) &&
      (wanted.bucket === undefined || move.bucket === wanted.bucket) &&
      (wanted.objectId === undefined || move.objectId === wanted.objectId) &&
      (wanted.active === undefined || (move.finishedAt === null) === (wanted.active === 'true')),
  )
}

/** Those whose named facts are as the address asks. */
function matching<Item extends object>(
  all: readonly Item[],
  url: URL,
  ...names: (keyof Item & string)[]
): Item[] {
  return all.filter(item =>
    names.every(name => [null, item[name]].includes(url.searchParams.get(name) as Item[typeof name] | null)),
  )
}

function emptyOverview() {
  const full = world.overview()
  return {
    ...full,
    total: { objects: 0, bytes: 0 },
    tiers: [],
    locations: [],
    cost: world.costOf({ now: 0, hot: 0, plans: 0 }),
    events: { perSecond: 0, applied: 0, lagSeconds: 0, lagMessages: 0, deadLetters: 0 },
    migrations: {
      ...full.migrations,
      inFlight: 0,
      unfinished: 0,
      paused: 0,
      byState: {},
      doneLastHour: 0,
      failedLastHour: 0,
      quarantined: 0,
      overdue: 0,
      left: { migrations: 0, bytes: 0 },
      throughput: { objectsPerSecond: 0, bytesPerSecond: 0, measuredSeconds: 0 },
      end: { seconds: 0, at: null, unknownBecause: null },
    },
    plans: { proposed: 0, proposedSavingUsd: 0 },
    latestDecisions: [],
    series: [],
  }
}

function overview(): Answer {
  if (KIND === 'broken') return problem(500, 'internal', 'The catalog did not answer within 5 s.')
  return { body: KIND === 'empty' ? emptyOverview() : world.overview() }
}

function objectAnswer(rest: string): Answer {
  const [bucket = '', encoded = '', suffix] = rest.split('/')
  const object = world.objects.find(
    each => each.bucket === bucket && each.key === decodeURIComponent(encoded),
  )
  if (object === undefined) return problem(404, 'object-not-found', 'There is no such object.')
  return { body: suffix === 'explanation' ? world.explain(object) : object }
}

function actOnMigration(id: string, action: string): Answer {
  const migration = world.migrations.find(each => each.id === id)
  if (migration === undefined) return problem(404, 'migration-not-found', 'There is no such migration.')
  Object.assign(migration, {
    paused: action === 'pause' ? true : action === 'resume' ? false : migration.paused,
  })
  return { body: migration }
}

function undo(id: string): Answer {
  const migration = world.migrations.find(each => each.id === id)
  if (migration === undefined) return problem(404, 'migration-not-found', 'There is no such migration.')
  const { key, kind, source } = migration
  return {
    body: {
      undoes: id,
      kind,
      key,
      target: { id: source.id, name: source.name },
      oneTimeUsd: 0.0021,
      monthlySavingUsd: -0.0123,
      migrationId: null,
    },
  }
}

function get(url: URL): Answer {
  const [noun = '', ...parts] = url.pathname.replace('/v1/', '').split('/')
  const [id, sub] = parts
  switch (noun) {
    case 'overview':
      return overview()
    case 'objects':
      return parts.length > 1 ? objectAnswer(parts.join('/')) : page(matchingObjects(url).map(listed), url)
    case 'plans': {
      if (id === undefined) {
        const state = url.searchParams.get('state')
        return page(
          world.plans.filter(plan => state === null || plan.state === state),
          url,
        )
      }
      const plan = world.plans.find(each => each.id === id)
      if (plan === undefined) return problem(404, 'plan-not-found', 'There is no such plan.')
      return sub === 'decisions' ? page(world.decisionsOf(plan), url) : { body: { ...plan, restore: null } }
    }
    case 'decisions': {
      const decision = world.plans.flatMap(world.decisionsOf).find(each => each.id === id)
      const object = world.objects.find(each => each.id === decision?.objectId)
      if (decision === undefined || object === undefined)
        return problem(404, 'decision-not-found', 'No such decision.')
      return {
        body: {
          ...decision,
          alternatives: world.explain(object).alternatives,
          inputs: world.inputsOf(object),
        },
      }
    }
    case 'migrations':
      return id === undefined
        ? page(matchingMigrations(url), url)
        : { body: world.migrations.find(each => each.id === id) }
    case 'stores':
      return page(world.stores, url)
    case 'store-loads':
      return page(world.storeLoads, url)
    case 'scrub':
      return { body: KIND === 'empty' ? upkeep.emptyScrub : upkeep.scrub }
    case 'reconcile-runs':
      if (id === undefined) return page(upkeep.runs, url)
      if (sub === 'findings') return page(matching(upkeep.findings, url, 'verdict'), url)
      return { body: upkeep.runs.find(each => each.id === id) }
    case 'orphans':
      if (id === undefined) return page(matching(upkeep.orphans, url, 'kind', 'state'), url)
      return { body: upkeep.orphans.find(each => each.id === id) }
    case 'orphan-sums':
      return page(upkeep.orphanSums, url)
    case 'locations':
      return page(world.locations, url)
    case 'buckets':
      return page(world.buckets, url)
    case 'policies':
      return page(world.policies, url)
    case 'price-books':
      return page(world.priceBooks, url)
    case 'dead-letters':
      return page(world.deadLetters, url)
    case 'events':
      return id === 'lag' ? lag() : tail()
    case 'simulations':
      return {
        body: { id, state: 'running', reads: 200, readsDone: 120, bytesDone: 12e6, errors: 0, error: null },
      }
    default:
      return undefined
  }
}

function tail(): Answer {
  const now = Math.floor(Date.now() / 700)
  const items = Array.from({ length: KIND === 'empty' ? 0 : 200 }, (_, index) => {
    const object = world.objects[((now - index) * 7919) % world.objects.length]!
    return {
      objectId: object.id,
      bucket: object.bucket,
      key: object.key,
      operation: (now - index) % 9 === 0 ? 'write' : 'read',
      at: new Date(world.modelNow() - (Date.now() - (now - index) * 700) * world.SCALE).toISOString(),
      bytes: object.size,
      readerClass: (now - index) % 5 === 0 ? 'analytics' : 'application',
      location: object.location?.name ?? null,
    }
  })
  return { body: { items } }
}

function lag(): Answer {
  const partitions = Array.from({ length: KIND === 'empty' ? 0 : 8 }, (_, partition) => ({
    source: 'embedded',
    partition,
    nextOffset: 20_000 + partition,
    endOffset: 20_004 + partition,
    lagMessages: 4,
    eventsApplied: 23_000 + partition * 17,
    owner: 'ingest-1',
    lastEventAt: world.modelIso(-2_000),
    lastAppliedAt: world.wallIso(-400),
  }))
  return { body: { lagSeconds: 0.5, lagMessages: 32, partitions } }
}

function post(url: URL, body: Record<string, unknown>): Answer {
  const [noun = '', id = '', action = ''] = url.pathname.replace('/v1/', '').split('/')
  if (role === 'viewer') return problem(403, 'forbidden', 'this needs the role operator; yours is viewer')
  if (noun === 'migrations' && action === 'undo') return undo(id)
  if (noun === 'migrations') return actOnMigration(id, action)
  if (noun === 'orphans') {
    const orphan = upkeep.orphans.find(each => each.id === id)
    const state = action === 'keep' ? 'kept' : action === 'adopt' ? 'adopting' : 'deleting'
    return { status: 202, body: Object.assign(orphan ?? {}, { state, decidedAt: world.wallIso() }) }
  }
  if (noun === 'reconcile-runs') return { status: 202, body: upkeep.runs[0] }
  if (noun === 'plans') {
    const plan = world.plans.find(each => each.id === id)
    if (plan === undefined || plan.state !== 'proposed')
      return problem(409, 'plan-decided', 'The plan was decided already.')
    plan.state = action === 'approve' ? 'approved' : 'rejected'
    return { body: plan }
  }
  if (noun === 'simulations') return { status: 202, body: { id: world.idOf(900), state: 'queued', ...body } }
  if (noun === 'stores') {
    return {
      body: {
        reachable: true,
        container: 'dim',
        latencySeconds: 0.012,
        capabilities: { conditionalPut: true, multipart: true },
        error: null,
      },
    }
  }
  return { body: {} }
}

function session(method: string, body: Record<string, unknown>): Answer {
  if (method === 'DELETE') {
    role = null
    return { status: 204, body: null }
  }
  if (method === 'POST') {
    if (!String(body.token).startsWith('dim_')) return problem(401, 'unauthenticated', 'the token is unknown')
    role = String(body.token).includes('viewer') ? 'viewer' : 'admin'
  }
  if (role === null) return problem(401, 'unauthenticated', 'sign in')
  return { body: { principal: 'token:demo', name: 'demo', role } }
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let id = 1
  const tick = () => {
    const { series, latestDecisions, ...rest } = KIND === 'empty' ? emptyOverview() : world.overview()
    response.write(
      `event: overview\ndata: ${JSON.stringify({ ...rest, point: KIND === 'empty' ? null : world.pointAt(Date.now()) })}\n\n`,
    )
    const activity = {
      id,
      at: world.wallIso(),
      kind: 'migration.copying',
      subject: '',
      detail: {},
      principal: 'system:migrator',
    }
    response.write(`id: ${id}\nevent: activity\ndata: ${JSON.stringify(activity)}\n\n`)
    id += 1
    for (const move of world.migrations) {
      if (move.state === 'copying')
        move.bytesCopied = Math.min(move.size, move.bytesCopied + Math.ceil(move.size / 40)) % move.size
    }
  }
  const timer = setInterval(tick, 1_000)
  response.on('close', () => clearInterval(timer))
}

function file(url: URL, response: ServerResponse): void {
  const asked = join(DIST, url.pathname)
  const path = extname(url.pathname) !== '' && existsSync(asked) ? asked : join(DIST, 'index.html')
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
  createReadStream(path).pipe(response)
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock')
  if (!url.pathname.startsWith('/v1/')) return file(url, response)
  const body = await readBody(request)
  const isSession = url.pathname === '/v1/session'
  if (!isSession && role === null) role = 'admin'
  if (url.pathname === '/v1/stream') return stream(response)
  const given = isSession
    ? session(request.method ?? 'GET', body)
    : request.method === 'GET'
      ? get(url)
      : post(url, body)
  const { status = 200, body: json } = given ?? problem(404, 'not-found', 'No such route in the mock.')!
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  })
  response.end(status === 204 ? undefined : JSON.stringify(json))
}

createServer((request, response) => void answer(request, response)).listen(PORT, '127.0.0.1', () => {
  console.log(`mock API (${KIND}) on http://127.0.0.1:${PORT}`)
})
