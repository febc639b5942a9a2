import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../postgres.ts'
import { claimServer } from '../server-claim.ts'
import { findClosedParent } from './binaries.ts'
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts'

const run = promisify(execFile)

describe('the embedded server', () => {
  let folder: string
  let server: EmbeddedServer | undefined
  const pools: Database[] = []

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dim-embedded-'))
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
    const module = new URL('./embedded-server.ts', import.meta.url).href
    const script = `const { startEmbeddedServer } = await import('${module}')
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
