import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { aPolicy } from '../../test/builders/placement.ts'
import { loadConfig } from '../app/config.ts'
import { type RunningServer, startServer } from '../app/start-server.ts'
import { advanceBudgetClock } from '../database/catalog/store-limits.ts'
import { tellCircuit } from '../database/catalog/store-loads.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts'
import { runCommand } from './main.ts'
import { cliPage } from './reference.ts'

/** What a command wrote, and how it ended. */
interface Outcome {
  readonly exitCode: number
  readonly answer: string
  readonly words: string
}

async function dim(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const answer: string[] = []
  const words: string[] = []
  const exitCode = await runCommand(args, {
    terminal: {
      print: text => answer.push(text),
      say: line => words.push(line),
      isInteractive: false,
      showsProgress: false,
      colors: pc.createColors(false),
    },
    environment,
    signal: new AbortController().signal,
  })
  return { exitCode, answer: answer.join('\n'), words: words.join('\n') }
}

describe('without a server', () => {
  test('help lists every exit code, and is an answer', async () => {
    const { answer, exitCode, words } = await dim(['--help'])
    expect(exitCode).toBe(EXIT.ok)
    for (const [code, meaning] of EXIT_MEANINGS)
      expect(answer).toMatch(new RegExp(`\\b${code}  ${meaning.slice(0, 10)}`))
    expect(words).toBe('')
  })

  test.each([
    [['stoer', 'list'], 'Did you mean store?'],
    [['store', 'add', 'x'], '--kind'],
    [['store', 'list', '--limit', 'many'], 'whole number'],
    [['plan', 'show', '12'], 'is no id'],
    [['store', 'list', '--endpoint', 'ftp://x'], 'http://'],
    [['policy', 'validate', '-f', '/nonexistent.yaml', '--endpoint', 'http://x'], 'cannot be read'],
  ])('a wrong command line says what is wrong: %j', async (args, hint) => {
    const { answer, exitCode, words } = await dim(args, { DIM_ENDPOINT: 'http://127.0.0.1:9' })
    expect(words).toContain(hint)
    expect([EXIT.usage, EXIT.notFound]).toContain(exitCode)
    expect(answer).toBe('')
  })

  test.each([
    [['store', 'set', 'x', '--budget', 'bytes=1MB', '--no-budget'], '--budget and --no-budget contradict'],
    [['store', 'set', 'x', '--no-budget', '--budget', 'bytes=1MB'], '--budget and --no-budget contradict'],
    [['store', 'set', 'x', '--for-drills', '--no-for-drills'], '--for-drills and --no-for-drills'],
    [['bucket', 'set', 'x', '--policy', 'p', '--no-policy'], '--policy and --no-policy contradict'],
    [['chaos', 'store', 'x', '--stop', '--fault', 'flips'], "'--stop' cannot be used with option '--fault"],
    [['chaos', 'store', 'x', '--stop', '--for', '5m'], "'--stop' cannot be used with option '--for"],
    [['chaos', 'simulate', '--seed', '1', '--seeds', '2'], "cannot be used with option '--seeds"],
    [['import', '--resume', 'x', '--prefix', 'y'], "cannot be used with option '--prefix"],
    [['import', 'films', '--resume', 'x'], 'name no bucket'],
    [['reconcile', 'start', '--resume', 'x', '--delete'], "cannot be used with option '--delete"],
    [['reconcile', 'start', 'here', '--resume', 'x'], 'name no location'],
    [['plan', 'show', 'x', '--fidelity', '--limit', '5'], "cannot be used with option '--limit"],
    [['verify', '--direct', '--gateway', 'http://x'], "cannot be used with option '--gateway"],
    [['store', 'add', 'x', '--kind', 'memory', '--setting', 'a=1', '--setting', 'a=2'], 'a is given twice'],
    [['chaos', 'store', 'x', '--fault', 'flips', '--for', '5d'], 'from 1s to 1d'],
    [['chaos', 'store', 'x', '--fault', 'flips', '--for', '0'], 'from 1s to 1d'],
  ])('refuses wishes that contradict each other, and says which: %j', async (args, hint) => {
    const { answer, exitCode, words } = await dim(args, { DIM_ENDPOINT: 'http://127.0.0.1:9' })
    expect([exitCode, answer]).toEqual([EXIT.usage, ''])
    expect(words).toContain(hint)
  })

  test('says that no server runs here', async () => {
    const { exitCode, words } = await dim(['plan', 'list'], { DIM_DATA_DIR: '/nonexistent' })
    expect(exitCode).toBe(EXIT.retryable)
    expect(words).toContain('dim serve')
  })
})

describe('drills without a server', () => {
  test('a simulated history replays exactly, with all that happened in it', async () => {
    const many = await dim(['chaos', 'simulate', '--seeds', '2', '--from', '5', '-o', 'json'])
    expect(many.exitCode).toBe(EXIT.ok)
    expect(JSON.parse(many.answer)).toMatchObject({ seeds: 2, broken: [] })
    const one = await dim(['chaos', 'simulate', '--seed', '5', '--trace'])
    const again = await dim(['chaos', 'simulate', '--seed', '5', '--trace'])
    expect(one.answer.split('\n').length).toBeGreaterThan(10)
    expect(again.answer).toBe(one.answer)
    expect((await dim(['chaos', 'simulate', '--trace'])).exitCode).toBe(EXIT.usage)
  })

  test('a proxy passes connections on and counts them', async () => {
    const upstream = createServer(socket => socket.end('hello'))
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const { port } = upstream.address() as { port: number }
    const [listen, words] = [await freePort(), [] as string[]]
    const running = runCommand(
      ['chaos', 'proxy', '--listen', `${listen}`, '--upstream', `${port}`, '--duration', '1s', '-o', 'json'],
      {
        terminal: {
          print: text => words.push(text),
          say: () => undefined,
          isInteractive: false,
          showsProgress: false,
          colors: pc.createColors(false),
        },
        environment: {},
        signal: new AbortController().signal,
      },
    )
    const heard = async () => {
      const socket = createConnection(listen, '127.0.0.1')
      return String((await once(socket, 'data')) as [Buffer])
    }
    await expect.poll(() => heard().catch(() => 'nothing yet')).toBe('hello')
    expect(await running).toBe(EXIT.ok)
    expect(JSON.parse(words.join(''))).toMatchObject({ connections: 1, bytesDown: 5 })
    upstream.close()
    const nowhere = await dim(['chaos', 'proxy', '--listen', 'x:y:z', '--upstream', '1'])
    expect(nowhere.exitCode).toBe(EXIT.usage)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('the reference page is what the commands say', async () => {
  const page = await readFile(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8')
  expect(page, 'run npm run generate').toBe(cliPage())
})

describe('beside a server', () => {
  let database: TestDatabase
  let folder: string
  let server: RunningServer
  const here = () => ({ DIM_DATA_DIR: path.join(folder, 'data') })

  beforeAll(async () => {
    database = await createTestDatabase()
    folder = await mkdtemp(path.join(tmpdir(), 'dim-cli-'))
    const config = loadConfig({
      environment: {},
      overrides: {
        dataDir: path.join(folder, 'data'),
        database: { url: database.connectionString, connectionsMax: 12 },
        api: { port: 0 },
        gateway: { port: 0 },
      },
    })
    server = await startServer(config, { log: silentLogger })
    await mkdir(path.join(folder, 'store', 'things', 'old'), { recursive: true })
    for (const name of ['one', 'two', 'three'])
      await writeFile(path.join(folder, 'store', 'things', 'old', name), `content of ${name}`)
    const set = ['--setting', `root=${path.join(folder, 'store')}`, '--setting', 'durability=none']
    await mustDo(['store', 'add', 'disk', '--kind', 'filesystem', ...set])
    await mustDo([
      'location',
      'add',
      'here',
      '--store',
      'disk',
      '--container',
      'things',
      '--tier',
      'hot',
      '--price',
      'onprem/dc1/nvme',
    ])
    await mustDo(['bucket', 'create', 'films', '--location', 'here', '--mode', 'exclusive'])
  })
  afterAll(async () => {
    await server.stop()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  async function mustDo(args: readonly string[]): Promise<Outcome> {
    const outcome = await dim(args, here())
    expect(outcome.exitCode, outcome.words).toBe(EXIT.ok)
    return outcome
  }

  test('finds the server by itself and prints only JSON for a script', async () => {
    const { answer, words } = await mustDo(['store', 'list', '-o', 'json'])
    expect(JSON.parse(answer)).toMatchObject([{ name: 'disk', kind: 'filesystem' }])
    expect(words).toBe('')
  })

  test('adds an Azure store with its secret from a file, and says which secrets there are', async () => {
    const file = path.join(folder, 'account-key')
    await writeFile(file, 'dmVyeS1zZWNyZXQ=\n')
    const add = ['store', 'add', 'blobs', '--kind', 'azure-blob', '--setting', 'account=acme']
    const wrong = await dim([...add, '--credential', `key=${file}`], here())
    expect(wrong.words).toContain('one of accountKey, sasToken and connectionString')
    const { answer } = await mustDo([...add, '--credential', `accountKey=${file}`, '-o', 'json'])
    expect(JSON.parse(answer)).toMatchObject({ kind: 'azure-blob', hasCredentials: true })
    expect(answer).not.toContain('dmVyeS1zZWNyZXQ')
    await mustDo(['store', 'remove', 'blobs'])
  })

  test('adds a Google store with the key of a service account from its file', async () => {
    const file = path.join(folder, 'service-account.json')
    const key = { type: 'service_account', client_email: 'dim@acme.example', private_key: 'very\nsecret' }
    await writeFile(file, JSON.stringify(key, null, 2))
    const add = ['store', 'add', 'google', '--kind', 'gcs', '--setting', 'projectId=acme']
    const { answer } = await mustDo([...add, '--credential', `serviceAccountKey=${file}`, '-o', 'json'])
    expect(JSON.parse(answer)).toMatchObject({ kind: 'gcs', hasCredentials: true })
    expect(answer).not.toContain('secret')
    await mustDo(['store', 'remove', 'google'])
  })

  test('adds a location whose price no book has, and names the closest prices', async () => {
    const place = ['--store', 'disk', '--container', 'unpriced', '--tier', 'hot']
    const added = await mustDo(['location', 'add', 'unpriced', ...place, '--price', 'onprem/dc1/nvmee'])
    expect(added.words).toMatch(
      /price book in force, \S+, has not the price "onprem\/dc1\/nvmee" \(closest: onprem\/dc1\/nvme, \S+, \S+\)/,
    )
  })

  test('changes what is known of a location, and leaves the rest', async () => {
    const set = (...args: string[]) => dim(['location', 'set', 'unpriced', ...args, '-o', 'json'], here())
    const changed = await set('--capacity-bytes', '5000', '--restore-hours', '12', '--tier', 'cold')
    expect(changed.exitCode, changed.words).toBe(EXIT.ok)
    expect(JSON.parse(changed.answer)).toMatchObject({
      capacityBytes: 5000,
      restoreHours: 12,
      tier: 'cold',
      priceId: 'onprem/dc1/nvmee',
    })
    const freed = await set(
      '--capacity-bytes',
      'none',
      '--restore-hours',
      'none',
      '--price',
      'onprem/nowhere',
    )
    expect(freed.exitCode, freed.words).toBe(EXIT.ok)
    expect(JSON.parse(freed.answer)).toMatchObject({ capacityBytes: null, restoreHours: null, tier: 'cold' })
    expect(freed.words).toContain('has not the price "onprem/nowhere"')
    expect((await set()).exitCode).toBe(EXIT.nothingToDo)
    expect((await set('--capacity-bytes', 'much')).exitCode).toBe(EXIT.usage)
  })

  test('takes the settings of a new store by their former option, too', async () => {
    await mustDo(['store', 'add', 'former', '--kind', 'memory', '--set', 'capacityBytes=1000'])
    await mustDo(['store', 'remove', 'former'])
  })

  test('empties no location that a bucket writes to, and says how to change that', async () => {
    const { answer, words } = await mustDo(['tier', 'retire', 'here'])
    expect(answer).toMatch(/written by +films/)
    expect(words).toContain('dim bucket set films --location LOCATION')
    const refused = await dim(['tier', 'retire', 'here', '--apply'], here())
    expect(refused.exitCode).toBe(EXIT.conflict)
    expect(refused.words).toContain('new objects of films are written to here')
    await mustDo(['tier', 'retire', 'unpriced', '--apply'])
    const moved = await dim(['bucket', 'set', 'films', '--location', 'unpriced'], here())
    expect([moved.exitCode, moved.words]).toEqual([
      EXIT.conflict,
      expect.stringContaining('dim tier reinstate unpriced'),
    ])
    await mustDo(['tier', 'reinstate', 'unpriced'])
  })

  test('replaces the credentials of a store from a file, and never shows them', async () => {
    const file = path.join(folder, 'secret')
    await writeFile(file, 'very-secret')
    const add = ['store', 'add', 'rotated', '--kind', 's3', '--setting', 'endpoint=https://s3.example']
    const first = await mustDo([...add, '-o', 'json'])
    expect(JSON.parse(first.answer)).toMatchObject({ hasCredentials: false, revision: 1, refusal: null })
    const set = ['store', 'set', 'rotated', '--access-key-id', 'AK', '--secret-access-key-file', file]
    const { answer, words } = await mustDo([...set, '-o', 'json'])
    expect(JSON.parse(answer)).toMatchObject({ hasCredentials: true, revision: 2, state: 'active' })
    expect(answer + words).not.toContain('very-secret')
    await mustDo(['store', 'remove', 'rotated'])
  })

  test('changes settings of a store, one or all, and never to a place without its copies', async () => {
    const before = path.join(folder, 'first')
    await mustDo(['store', 'add', 'moved', '--kind', 'filesystem', '--setting', `root=${before}`])
    const settings = async (...args: string[]) =>
      JSON.parse((await mustDo(['store', 'set', 'moved', ...args, '-o', 'json'])).answer).settings
    expect(await settings('--setting', 'durability=none')).toEqual({ root: before, durability: 'none' })
    expect(await settings('--setting', 'durability=null')).toEqual({ root: before })
    const wrong = await dim(['store', 'set', 'moved', '--setting', 'durabilty=none'], here())
    expect([wrong.exitCode, wrong.words]).toEqual([EXIT.usage, expect.stringContaining('durabilty')])
    const file = path.join(folder, 'settings.yaml')
    await writeFile(file, `root: ${before}\ndurability: none\n`)
    expect(await settings('--settings', file)).toEqual({ root: before, durability: 'none' })
    const both = await dim(['store', 'set', 'moved', '--settings', file, '--setting', 'a=1'], here())
    expect([both.exitCode, both.words]).toEqual([EXIT.usage, expect.stringContaining('cannot be used with')])
    await mustDo(['store', 'remove', 'moved'])
  })

  test('forgets a location that nothing refers to, and says what does', async () => {
    const refused = await dim(['location', 'remove', 'here'], here())
    expect(refused.exitCode).toBe(EXIT.conflict)
    expect(refused.words).toContain('the location here is still referred to by buckets')
    expect(refused.words).toContain('/buckets: writing there: films; give them another location')
    const place = ['--store', 'disk', '--container', 'brief', '--tier', 'cold', '--price', 'onprem/dc1/nvme']
    await mustDo(['location', 'add', 'brief', ...place])
    expect((await mustDo(['location', 'remove', 'brief'])).words).toContain('forgot the location brief')
    expect((await dim(['location', 'show', 'brief'], here())).exitCode).toBe(EXIT.notFound)
  })

  test('gives a store a budget and shows it', async () => {
    const budget = ['--budget', 'bytes=20MiB,requests=50,from=08:00,to=18:00,zone=Europe/Berlin']
    const { answer } = await mustDo(['store', 'set', 'disk', ...budget, '--requests-at-once-max', '64'])
    expect(answer).toContain('20.0 MiB/s and 50 requests/s from 08:00 to 18:00 Europe/Berlin')
    expect((await mustDo(['store', 'show', 'disk', '-o', 'wide'])).answer).toContain('adapts up to 64')
    const gone = await mustDo(['store', 'set', 'disk', '--no-budget', '--requests-at-once-max', 'none'])
    expect(gone.answer).toMatch(/budget +-/)
    expect((await dim(['store', 'set', 'disk'], here())).exitCode).toBe(EXIT.nothingToDo)
    const wrong = await dim(['store', 'set', 'disk', '--budget', 'bytes=fast'], here())
    expect([wrong.exitCode, wrong.words]).toEqual([EXIT.usage, expect.stringContaining('no rate')])
  })

  test('shows how much of each budget is used, how long work waits, and whether a store answers', async () => {
    await mustDo(['store', 'set', 'disk', '--budget', 'requests=10,bytes=1MiB'])
    const { rows } = await database.database.query<{ id: string }>(`select id from store where name = 'disk'`)
    const { id } = rows[0]!
    // 600 requests at 10 a second are a minute of it.
    await advanceBudgetClock(database.database, id, { requestsMs: 60_000, bytesMs: 0 }, null)
    const { answer } = await mustDo(['store', 'load', 'disk'])
    expect(answer).toMatch(/disk +\d+ % of 10 requests\/s +0 % of 1\.00 MiB\/s +\S.* (s|min) +yes/)
    await tellCircuit(database.database, id, 'mover/1', true)
    expect((await mustDo(['store', 'load', '-o', 'wide'])).answer).toMatch(
      /no: left alone by 1 process since 20\S+Z +mover\/1/,
    )
    const [load] = JSON.parse((await mustDo(['store', 'load', '-o', 'json'])).answer)
    expect(load).toMatchObject({
      store: { name: 'disk' },
      budget: { requestsPerSecond: 10, requestsShare: expect.any(Number) },
      leftAloneBy: [{ process: 'mover/1' }],
    })
    await tellCircuit(database.database, id, 'mover/1', false)
    await mustDo(['store', 'set', 'disk', '--no-budget'])
    await database.database.query('delete from store_budget_clock where store_id = $1', [id])
    expect((await mustDo(['store', 'load'])).answer).toMatch(/disk +not limited +not limited +- +yes/)
    expect((await dim(['store', 'load', 'disc'], here())).exitCode).toBe(EXIT.notFound)
  })

  test('holds a drill only at a store that is marked for drills, where everybody sees it', async () => {
    const root = ['--setting', `root=${path.join(folder, 'lab')}`, '--setting', 'durability=none']
    await mustDo(['store', 'add', 'lab', '--kind', 'filesystem', ...root])
    const drill = ['chaos', 'store', 'lab', '--fault', 'flips:on=get,probability=0.5', '--for', '90s']
    const refused = await dim(drill, here())
    expect(refused.exitCode).toBe(EXIT.conflict)
    expect(refused.words).toContain('dim store set lab --for-drills')
    await mustDo(['store', 'set', 'lab', '--for-drills'])
    expect((await mustDo(drill)).words).toContain('ends by itself in 1 min 30 s')
    expect((await mustDo(['store', 'list'])).answer).toMatch(/lab .*flips until 20/)
    const [stopped] = JSON.parse(
      `[${(await mustDo(['chaos', 'store', 'lab', '--stop', '-o', 'json'])).answer}]`,
    ) as { drill: unknown }[]
    expect(stopped!.drill).toBe(null)
    expect((await dim(['chaos', 'store', 'lab'], here())).exitCode).toBe(EXIT.usage)
    await mustDo(['store', 'remove', 'lab'])
  })

  test('says what a mark for drills permits, and what would meet it', async () => {
    const marked = await mustDo(['store', 'set', 'disk', '--for-drills'])
    expect(marked.answer).toMatch(/^drill +permitted$/m)
    expect(marked.words).toMatch(/warning: operators may now make requests to disk fail, hang or lie/)
    expect(marked.words).toContain('what clients write to films goes there first')
    expect(marked.words).toContain('dim store set disk --no-for-drills')
    expect((await mustDo(['store', 'list'])).answer).toMatch(/disk .* permitted /)
    const unmarked = await mustDo(['store', 'set', 'disk', '--no-for-drills'])
    expect([unmarked.answer, unmarked.words]).toEqual([expect.stringMatching(/^drill +-$/m), ''])
  })

  test('names what is not there', async () => {
    const { exitCode, words } = await dim(['bucket', 'show', 'flims'], here())
    expect(exitCode).toBe(EXIT.notFound)
    expect(words).toContain('known: films')
  })

  test('says when there is nothing to change', async () => {
    expect((await dim(['bucket', 'set', 'films'], here())).exitCode).toBe(EXIT.nothingToDo)
  })

  test('a refused token has an exit code of its own', async () => {
    expect((await dim(['store', 'list', '--token', 'dim_wrong'], here())).exitCode).toBe(EXIT.auth)
  })

  test('imports what lies in the container and counts it', async () => {
    const { answer } = await mustDo(['import', 'films', '-o', 'json'])
    expect(JSON.parse(answer)).toMatchObject({ state: 'done', objects: 3, skipped: 0 })
    const list = await mustDo(['object', 'list', 'films', '-o', 'name'])
    expect(list.answer.split('\n')).toContain('s3://films/old/two')
  })

  test('compares the container with the catalog, and never deletes what others put there', async () => {
    await writeFile(path.join(folder, 'store', 'things', 'foreign'), 'not ours')
    const run = JSON.parse((await mustDo(['reconcile', 'start', 'here', '-o', 'json'])).answer)
    expect(run).toMatchObject({ state: 'done', counts: { listed: 4, known: 3, dark: 1 } })
    const found = await mustDo(['reconcile', 'findings', run.id, '-o', 'json'])
    expect(JSON.parse(found.answer)).toMatchObject([{ verdict: 'dark', nativeKey: 'foreign' }])
    const [orphan] = JSON.parse((await mustDo(['orphan', 'list', '--kind', 'dark', '-o', 'json'])).answer)
    expect(orphan).toMatchObject({ nativeKey: 'foreign', bytes: 8, state: 'seen' })
    const refused = await dim(['orphan', 'delete', orphan.id], here())
    expect([refused.exitCode, refused.words]).toEqual([
      EXIT.conflict,
      expect.stringContaining('never deleted'),
    ])
    await mustDo(['orphan', 'keep', orphan.id])
    await rm(path.join(folder, 'store', 'things', 'foreign'))
  })

  test('an import that failed goes on when it is told to', async () => {
    const job = JSON.parse((await mustDo(['import', 'films', '-o', 'json'])).answer) as { id: string }
    expect((await dim(['import', '--resume', job.id], here())).exitCode, 'it is done').toBe(EXIT.ok)
    await database.database.query(`update import_job set state = 'failed', error = 'no' where id = $1`, [
      job.id,
    ])
    expect(JSON.parse((await mustDo(['import', '--resume', job.id, '-o', 'json'])).answer)).toMatchObject({
      id: job.id,
      state: 'done',
      error: null,
    })
  })

  test('replays an access log with every byte checked, and leaves no access key behind', async () => {
    const log = path.join(folder, 'access.log')
    const line = (second: number, request: string, status: number, bytes: number | string) =>
      `host - - [01/Aug/1995:00:00:0${second} -0400] "GET ${request} HTTP/1.0" ${status} ${bytes}`
    await writeFile(
      log,
      [
        line(0, '/index.html', 200, 7_074),
        line(1, '/logo.gif', 200, 100),
        line(2, '/logo.gif', 304, 0),
        line(3, '/logo.gif', 200, 12_345),
        line(4, '/missing.gif', 404, '-'),
        'not a line of a log',
      ].join('\n'),
    )
    const { answer, words } = await mustDo([
      'replay',
      'access-log',
      log,
      '--bucket',
      'films',
      '--speed',
      'max',
      '-o',
      'json',
    ])
    expect(JSON.parse(answer)).toMatchObject({
      objects: 2,
      requests: 5,
      errors: 0,
      wrongBytes: 0,
      bytesWritten: 7_074 + 12_345,
    })
    expect(words).toContain('line 6')
    const keys = JSON.parse((await mustDo(['access-key', 'list', '-o', 'json'])).answer) as {
      id: string
      revokedAt: string | null
    }[]
    expect(keys.filter(key => key.revokedAt === null && key.id !== 'DIM-BURSTS')).toEqual([])
  })

  test('makes traffic whose bytes are right', async () => {
    const args = [
      'traffic',
      'films',
      '--rate',
      '40',
      '--duration',
      '1s',
      '--writes',
      '0.3',
      '--concurrency',
      '4',
      '--prefix',
      'l',
      '-o',
      'json',
    ]
    const report = JSON.parse((await mustDo(args)).answer)
    expect(report).toMatchObject({ errors: 0, wrongBytes: 0 })
    expect(report.reads).toBeGreaterThan(0)
    expect(report.writes).toBeGreaterThan(0)
  })

  test('verifies all, then finds what was damaged behind its back', async () => {
    const whole = await mustDo(['verify', '--bucket', 'films', '--download', '--all'])
    expect(whole.answer.split('\n')).toHaveLength(5)
    expect(whole.answer).toContain('= films/old/one')

    const quarantine = (because: string | null) =>
      database.database.query(`update object set quarantined_because = $1 where key = 'old/one'`, [because])
    await quarantine('every copy is bad')
    for (const more of [[], ['--download']]) {
      const untrusted = await dim(['verify', '--bucket', 'films', ...more], here())
      expect(untrusted.exitCode, untrusted.words).toBe(EXIT.partial)
      expect(untrusted.answer).toBe('! films/old/one  (quarantined: every copy is bad)')
      expect(untrusted.words).toContain('1 of them quarantined')
      const doctor = await dim(['doctor'], here())
      expect(doctor.answer).toMatch(/✗ +objects +1 without a good copy.*dim object list --state quarantined/)
    }
    await quarantine(null)

    const file = path.join(folder, 'store', 'things', 'old', 'one')
    expect((await stat(file)).size).toBe(14)
    await truncate(file, 3)
    const overrides = { DATABASE_URL: database.connectionString }
    const direct = await dim(['verify', '--bucket', 'films', '--direct', '--download'], {
      ...here(),
      ...overrides,
    })
    expect(direct.exitCode, direct.words).toBe(EXIT.mismatch)
    expect(direct.answer).toBe('* films/old/one in here  (3 bytes instead of 14)')
    const unchecked = await dim(['verify', '--bucket', 'films'], here())
    expect(unchecked.answer).toMatch(/^! films\/old\/one/)
    const imported = await dim(['import', 'films'], here())
    expect(imported.exitCode, imported.words).toBe(EXIT.mismatch)
    expect(imported.words).toContain('conflicting 1 (')
    expect(imported.words).toContain('for example "old/one"')
  })

  test('follows what others changed and removed once a bucket is shared', async () => {
    const file = path.join(folder, 'store', 'things', 'old', 'one')
    await mustDo(['bucket', 'set', 'films', '--mode', 'shared'])
    const verify = () => dim(['verify', '--bucket', 'films'], here())
    const seen: Awaited<ReturnType<typeof verify>>[] = []
    // The gateway believes for a moment what it knew of the bucket.
    const look = async () => {
      seen.push(await verify())
      return seen.some(({ answer }) => answer.startsWith('*'))
    }
    await expect.poll(look, { timeout: 10_000, interval: 200 }).toBe(true)
    const changed = seen.find(({ answer }) => answer.startsWith('*'))!
    expect(changed.answer).toBe('* films/old/one  (changed by others)')
    expect(changed.exitCode, changed.words).toBe(EXIT.mismatch)
    expect(changed.words).toContain('1 of them changed by others')
    await rm(file)
    const removed = await dim(['verify', '--bucket', 'films'], here())
    expect(removed.exitCode, removed.words).toBe(EXIT.mismatch)
    expect(removed.answer).toBe('- films/old/one  (removed by others)')
    await mustDo(['verify', '--bucket', 'films'])
  })

  test('stops every migration, says so wherever people look, and goes on', async () => {
    expect((await dim(['migrations', 'stop', '--reason', 'x'], here())).exitCode).toBe(EXIT.usage)
    expect((await dim(['migrations', 'stop', '--all'], here())).words).toContain('--reason')
    const stopped = await mustDo(['migrations', 'stop', '--all', '--reason', 'smoke in rack 4'])
    expect(stopped.answer).toMatch(/ALL MIGRATIONS ARE STOPPED since \S+ by \S+: smoke in rack 4/)
    for (const look of [
      ['migration', 'list'],
      ['plan', 'list'],
    ])
      expect((await mustDo(look)).words).toContain('smoke in rack 4')
    expect((await mustDo(['plan', 'list', '-q'])).words).toBe('')
    const doctor = JSON.parse((await dim(['doctor', '-o', 'json'], here())).answer) as {
      check: string
      verdict: string
    }[]
    expect(doctor.find(({ check }) => check === 'server: migrations')?.verdict).toBe('warning')
    expect((await dim(['migrations', 'resume'], here())).exitCode).toBe(EXIT.usage)
    const going = JSON.parse((await mustDo(['migrations', 'resume', '--all', '-o', 'json'])).answer)
    expect(going).toMatchObject({ stop: null, end: { seconds: 0 } })
  })

  test('pauses a store by its name, and shows the queue', async () => {
    await mustDo(['store', 'pause', 'disk', '--reason', 'firmware'])
    expect((await mustDo(['migrations', 'status'])).answer).toMatch(/paused stores +disk since .*: firmware/)
    await mustDo(['store', 'resume', 'disk'])
    expect((await mustDo(['migrations', 'status'])).answer).toMatch(/ends +nothing left to move/)
  })

  test('says what is no priority, no deadline, no filter', async () => {
    const id = '0190b5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b'
    const wrong = (...args: string[]) => dim(args, here())
    expect((await wrong('migration', 'set-priority', '101', id)).words).toContain('from 0 to 100')
    expect((await wrong('plan', 'set-deadline', 'soon', id)).words).toContain('is no deadline')
    for (const when of ['2h', 'none', '2030-01-01'])
      expect((await wrong('plan', 'set-deadline', when, id)).exitCode).toBe(EXIT.notFound)
    expect((await wrong('plan', 'status', id)).exitCode).toBe(EXIT.notFound)
    expect((await wrong('migration', 'list', '--store', 'nowhere')).exitCode).toBe(EXIT.notFound)
    await mustDo(['migration', 'list', '--overdue', '--paused', '--error', 'timeout', '--store', 'disk'])
  })

  test('warns of a bucket that clients write to unencrypted against its policy, and so does the doctor', async () => {
    const file = path.join(folder, 'strict.yaml')
    const spec = { ...aPolicy({ encryption: 'required' }), name: 'strict', locations: ['here'] }
    await writeFile(file, JSON.stringify(spec))
    expect((await mustDo(['policy', 'apply', '-f', file])).words).toBe('')
    const { words } = await mustDo(['bucket', 'set', 'films', '--policy', 'strict'])
    expect(words).toMatch(
      /warning: the policy strict of bucket films requires encryption.* disk .* location here /,
    )
    expect((await mustDo(['policy', 'apply', '-f', file])).words).toContain('dim bucket set films --location')
    const doctor = JSON.parse((await dim(['doctor', '-o', 'json'], here())).answer) as { check: string }[]
    expect(doctor.find(({ check }) => check === 'bucket films')).toMatchObject({ verdict: 'warning' })
    expect((await mustDo(['bucket', 'set', 'films', '--no-policy'])).words).toBe('')
    const after = JSON.parse((await dim(['doctor', '-o', 'json'], here())).answer) as { check: string }[]
    expect(after.find(({ check }) => check === 'bucket films')).toBeUndefined()
  })

  test('the doctor finds nothing wrong with the server', async () => {
    const { answer } = await dim(['doctor', '-o', 'json'], here())
    const findings = JSON.parse(answer) as { check: string; verdict: string; text: string }[]
    expect(findings.find(finding => finding.check === 'server: database')?.verdict).toBe('ok')
    expect(findings.find(finding => finding.check === 'store disk')?.verdict).toBe('ok')
    expect(findings.find(finding => finding.check === 'objects')?.verdict).toBe('ok')
  })

  test('the doctor says of a store without a location just that', async () => {
    await mustDo(['store', 'add', 'spare', '--kind', 'memory'])
    const { answer } = await dim(['doctor', '-o', 'json'], here())
    const findings = JSON.parse(answer) as { check: string; verdict: string; text: string }[]
    expect(findings.find(finding => finding.check === 'store spare')).toMatchObject({
      verdict: 'warning',
      text: 'has no location yet',
    })
    await mustDo(['store', 'remove', 'spare'])
  })

  // Last, because the prices of the other tests are not in force any more.
  test('warns of locations whose price the book in force has not', async () => {
    const file = path.join(folder, 'attic.yaml')
    const example = await readFile('examples/price-books/own-data-centre.yaml', 'utf8')
    await writeFile(file, example.replace(/effectiveFrom: .*/, 'effectiveFrom: 2020-01-01'))
    const applied = await mustDo(['pricebook', 'apply', '-f', file])
    expect(applied.words).toContain(
      'own-data-centre is in force now and has not the price "onprem/dc1/nvme" of location here',
    )
    const place = ['--store', 'disk', '--container', 'attic', '--tier', 'hot']
    const added = await mustDo(['location', 'add', 'attic', ...place, '--price', 'onprem/dc1/nvme'])
    expect(added.words).toMatch(/in force, own-data-centre, has not .* has it, and is not in force/)
  })
})
