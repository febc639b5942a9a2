import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { loadConfig } from '../../src/app/config.ts'
import { connectDatabase } from '../../src/app/connect-database.ts'
import type { Database } from '../../src/database/postgres.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startTestApi } from '../builders/api.ts'
import { createMovingWorld, sampleOf } from '../builders/moving-world.ts'

const OBJECTS = 40
/** The empty cluster takes about half of it. */
const DISK = '128m'
const RECOVERED_SECONDS_MAX = 60

/** A small disk of its own for a data folder, or why there is none. */
async function mountDisk(): Promise<{ folder: string } | { missing: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-disk-'))
  const { status, error } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${DISK},mode=755`,
    'tmpfs',
    folder,
  ])
  if (error === undefined && status === 0) return { folder }
  await rm(folder, { recursive: true })
  return { missing: 'a tmpfs cannot be mounted here: run it as root with CAP_SYS_ADMIN' }
}

let folder: string | null = null
afterEach(async () => {
  if (folder === null) return
  // A test that failed left the server running, which would keep the disk.
  const running = await readFile(path.join(folder, 'data/postgres/cluster/postmaster.pid'), 'utf8').catch(
    () => null,
  )
  if (running !== null) process.kill(Number.parseInt(running, 10), 'SIGKILL')
  await expect.poll(() => spawnSync('umount', [folder ?? '']).status, { timeout: 10_000 }).toBe(0)
  await rm(folder, { recursive: true, force: true })
  folder = null
})

const fillerOf = (folder: string) => path.join(folder, 'filler')

async function fill(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  await writeFile(fillerOf(folder), Buffer.alloc(bavail * bsize))
}

/**
 * The disk of the embedded database fills up under moves, first so that tables cannot grow, then so that the server
 * cannot write its log either and ends. Nobody but this process starts it again.
 */
it('a full disk below the database loses nothing, costs no try, and is over when there is room', {
  timeout: 150_000,
}, async ({ skip }) => {
  const disk = await mountDisk()
  if ('missing' in disk) return skip(disk.missing)
  folder = disk.folder
  const { folder: onDisk } = disk
  const makeRoom = () => rm(fillerOf(onDisk))
  const config = loadConfig({ environment: { DIM_DATA_DIR: path.join(onDisk, 'data') } })
  const connected = await connectDatabase(config, silentLogger)
  const { connectionString, database } = connected
  const test = { connectionString, database, drop: async () => undefined }
  const world = await createMovingWorld({ test })
  const api = await startTestApi(database)
  const readiness = async () => {
    const answer = await api.send('GET', '/readyz?verbose')
    const check = answer.json().checks.find(({ name }: { name: string }) => name === 'database')
    return [answer.statusCode, check.detail]
  }
  const workUntilItFails = () => world.work().catch((error: { code?: string }) => error.code)
  for (let index = 0; index < OBJECTS; index++) {
    await world.addObject(`k-${index}`, sampleOf(1_000, `${index}`))
    await world.plan(`k-${index}`, { graceMs: 0 })
  }
  expect(await readiness()).toEqual([200, null])

  await fill(onDisk)
  expect(await readiness()).toEqual([503, expect.stringContaining('its disk is full')])
  for (let tries = 0; tries < 5; tries++) await workUntilItFails()
  expect(await world.read('k-0')).toEqual(sampleOf(1_000, '0'))
  await makeRoom()
  expect(await readiness()).toEqual([200, null])

  await fill(onDisk)
  await writeUntilTheServerEnds(database)
  expect((await readiness())[0]).toBe(503)
  await workUntilItFails()
  await makeRoom()
  await expect.poll(readiness, { timeout: RECOVERED_SECONDS_MAX * 1_000, interval: 200 }).toEqual([200, null])

  for (let round = 0; round < 5; round++) {
    await world.letTimePass()
    await world.work()
  }
  const { rows } = await database.query(
    'select state, max(attempt) as attempts, count(*) from migration group by state',
  )
  expect(rows).toEqual([{ state: 'done', attempts: expect.any(Number), count: OBJECTS }])
  for (let index = 0; index < OBJECTS; index++)
    expect(await world.read(`k-${index}`)).toEqual(sampleOf(1_000, `${index}`))
  const { rows: failures } = await database.query(
    `select event, detail ->> 'kind' as kind from migration_event where detail ? 'kind'`,
  )
  expect(failures).toEqual([])
  await api.app.close()
  await world.dispose()
  await connected.close()
})

/** Fills the log of the server until it cannot write it any more, which ends it. */
async function writeUntilTheServerEnds(database: Database): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    try {
      await database.query(`select pg_logical_emit_message(true, 'fill', repeat('x', 200000))`)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED') return
      await delay(50)
    }
  }
  throw new Error('the server never ended')
}
