import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Database, openDatabase } from '../postgres.ts'
import { claimServer } from '../server-claim.ts'
import { findClosedParent } from './binaries.ts'
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts'

const run = promisify(execFile)
const MODULE = new URL('./embedded-server.ts', import.meta.url).href
const WAIT = { timeout: 20_000, interval: 5 }

/** Folders that hold a cluster, or the beginning of one. */
async function clusterFolders(home: string): Promise<string[]> {
  const entries: string[] = await readdir(home).catch(() => [])
  return entries.filter(name => existsSync(path.join(home, name, 'PG_VERSION')))
}

describe('the embedded server', () => {
  let folder: string
  let server: EmbeddedServer | undefined
  const pools: Database[] = []

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dim-embedded-'))
    // Open to the server's account, so that the database lies in here also when root runs the tests.
    await chmod(folder, 0o755)
    server = undefined
  })
  afterEach(async () => {
    await Promise.all(pools.splice(0).map(pool => pool.end()))
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function open(running: EmbeddedServer, applicationName: string): Database {
    const pool = openDatabase({
      connectionString: running.connectionString('kept'),
      connectionsMax: 2,
      applicationName,
      onIdleError: () => undefined,
    })
    pools.push(pool)
    return pool
  }

  it('is attached to, not fought over, after its starter was killed', async () => {
    const script = `const { startEmbeddedServer } = await import('${MODULE}')
      const server = await startEmbeddedServer({ dataFolder: process.argv[1] })
      await server.ensureDatabase('kept')
      process.kill(process.pid, 'SIGKILL')`
    await expect(run('node', ['--input-type=module', '-e', script, folder])).rejects.toMatchObject({
      signal: 'SIGKILL',
    })
    server = await startEmbeddedServer({ dataFolder: folder })
    expect(server.attached).toBe(true)
    expect((await open(server, 'second').query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('is created anew after its first start was killed half way', async () => {
    const home = path.join(folder, 'postgres')
    const script = `const { startEmbeddedServer } = await import('${MODULE}')
      await startEmbeddedServer({ dataFolder: process.argv[1] })`
    const first = spawn('node', ['--input-type=module', '-e', script, folder], { detached: true })
    const ended = once(first, 'exit')
    // The version file is among the first that are written.
    await vi.waitFor(async () => expect(await clusterFolders(home)).toHaveLength(1), WAIT)
    process.kill(-first.pid!, 'SIGKILL')
    await ended
    server = await startEmbeddedServer({ dataFolder: folder })
    expect(server.attached).toBe(false)
    await server.ensureDatabase('kept')
    expect((await open(server, 'second').query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(await clusterFolders(home)).toEqual(['cluster'])
  })

  it('is created once when two begin at the same time', async () => {
    const both = await Promise.all([1, 2].map(() => startEmbeddedServer({ dataFolder: folder })))
    server = both[0]!
    expect(both[1]!.port).toBe(server.port)
  })

  it('keeps data and password across a clean stop', async () => {
    const first = await startEmbeddedServer({ dataFolder: folder })
    await first.ensureDatabase('kept')
    await first.ensureDatabase('kept')
    const pool = open(first, 'first')
    await pool.query('create table t (x int); insert into t values (42)')
    await Promise.all(pools.splice(0).map(each => each.end()))
    await first.stop()
    server = await startEmbeddedServer({ dataFolder: folder })
    expect(server.attached).toBe(false)
    expect((await open(server, 'second').query('select x from t')).rows).toEqual([{ x: 42 }])
  })

  it('belongs to one process at a time, and says to which', async () => {
    server = await startEmbeddedServer({ dataFolder: folder })
    await server.ensureDatabase('kept')
    const claim = await claimServer(open(server, 'dim 4711'))
    expect(claim).toHaveProperty('release')
    expect(await claimServer(open(server, 'dim 4712'))).toEqual({ takenBy: 'dim 4711' })
    if ('release' in claim) await claim.release()
    const next = await claimServer(open(server, 'dim 4713'))
    expect(next).toHaveProperty('release')
    if ('release' in next) await next.release()
  })
})

describe('a folder the server account cannot pass through', () => {
  it('is named', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dim-closed-'))
    const closed = path.join(folder, 'closed')
    await mkdir(path.join(closed, 'inner'), { recursive: true })
    await chmod(folder, 0o755)
    await chmod(closed, 0o700)
    const account = { name: 'someone', uid: 65_534, gid: 65_534 }
    expect(await findClosedParent(path.join(closed, 'inner', 'file'), account)).toBe(closed)
    expect(await findClosedParent(closed, account)).toBeNull()
    await rm(folder, { recursive: true })
  })
})
