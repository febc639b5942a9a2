import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { sweepAlone } from '../../database/upkeep/leftover-sweeps.ts'
import { DAY, HOUR } from '../../domain/duration.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createLeftoverSweeper } from './sweep-leftovers.ts'

let test: TestDatabase
let root: string
let door: TestGateway
let hidden: string
let nowMs: number

beforeEach(async () => {
  test = await createTestDatabase({ connectionsMax: 12 })
  root = await mkdtemp(path.join(tmpdir(), 'dim-leftovers-'))
  const store = createFilesystemStore({ name: 'hot', settings: { root, durability: 'none' } })
  door = await startTestGateway({ database: test.database, store })
  await door.addBucket('things')
  hidden = path.join(root, door.location.container, '.data-in-motion')
  for (const name of ['staging', 'uploads/dead']) await mkdir(path.join(hidden, name), { recursive: true })
  await leave('one')
  // What is written now is more than a day old for the sweeper.
  nowMs = Date.now() + DAY + HOUR
})
afterEach(async () => {
  await door.close()
  await test.drop()
  await rm(root, { recursive: true })
})

const leave = (name: string) => writeFile(path.join(hidden, 'staging', `${name}.tmp`), 'left')
const staged = () => readdir(path.join(hidden, 'staging'))

function newSweeper() {
  const loop = createLeftoverSweeper({
    database: test.database,
    openStore: async id => door.stores.get(id)!,
    wallClock: { now: () => nowMs },
    log: silentLogger,
  })
  return { step: () => loop.step(new AbortController().signal) }
}

describe('leftovers', () => {
  it.each([
    ['paused', `state = 'paused', paused_at = now()`],
    ['that refuses us', `state = 'auth-failed', refused_at = now()`],
  ])('of a store %s wait for the first sweep after it is active again', async (_, held) => {
    await test.database.query(`update store set ${held}`)
    const sweeper = newSweeper()
    await sweeper.step()
    expect(await staged()).toEqual(['one.tmp'])
    await test.database.query(`update store set state = 'active', paused_at = null, refused_at = null`)
    nowMs += HOUR
    await sweeper.step()
    expect(await staged()).toEqual([])
  })

  it('of dead processes go, at the start and every hour; uploads of clients stay', async () => {
    const { UploadId } = await door.client.send(
      new CreateMultipartUploadCommand({ Bucket: 'things', Key: 'slow' }),
    )
    const { rows } = await test.database.query<{ native: string }>(
      'select native_upload_id as native from multipart_upload where id = $1',
      [UploadId],
    )
    const sweeper = newSweeper()
    await sweeper.step()
    expect(await staged()).toEqual([])
    expect(await readdir(path.join(hidden, 'uploads'))).toEqual([rows[0]!.native])

    await leave('two')
    await sweeper.step()
    expect(await staged()).toEqual(['two.tmp'])
    nowMs += HOUR
    await sweeper.step()
    expect(await staged()).toEqual([])
  })

  it('that are young stay', async () => {
    nowMs = Date.now() + HOUR
    await newSweeper().step()
    expect(await staged()).toEqual(['one.tmp'])
  })

  it('are left to the process that sweeps already', async () => {
    await sweepAlone(test.database, () => newSweeper().step())
    expect(await staged()).toEqual(['one.tmp'])
  })

  it('of a store that fails are left to the next sweep, those of others are not', async () => {
    const other = createFilesystemStore({
      name: 'other',
      settings: { root: path.join(root, 'other'), durability: 'none' },
    })
    const failing = await door.addLocation('a-failing', other)
    await rm(path.join(root, 'other'), { recursive: true })
    const sweeper = newSweeper()
    await sweeper.step()
    await sweeper.step()
    expect(await staged()).toEqual([])
    expect(existsSync(path.join(root, 'other', failing.container))).toBe(false)
  })
})
