import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createReconcileRun,
  findReconcileRun,
  type ReconcileRun,
} from '../../src/database/upkeep/reconcile-runs.ts'
import { copyDescriptionMetadata } from '../../src/domain/copy-description.ts'
import { DAY } from '../../src/domain/duration.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import type { ReconcileSettings } from '../../src/domain/reconcile.ts'
import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import { reconcileLoop } from '../../src/workers/reconcile/run-reconcile.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'
import { type ReconcilingWorld, reconcilingWorld, SETTINGS } from '../builders/reconciling-world.ts'
import type { ReconcileBoundary, ReconcileTask } from './reconcile-process.ts'

// Runs of reconcile in processes of their own, which kill themselves at a chosen point with the database and
// two folders as they are then; another process takes the run up and is killed elsewhere, the last one ends
// it. Whoever dies where, what a run may delete is what it might have deleted in one go.

const PROGRAM = path.join(import.meta.dirname, 'reconcile-process.ts')
const OURS = Array.from({ length: 6 }, (_, index) => `late/${index}`)
const DELETING = { deletes: true, deletedShareMax: 1 }
const PAGE_KEYS = 3

describe('a run of reconcile that is killed', () => {
  let folder: string
  let world: MovingWorld
  let here: ReconcilingWorld
  let roots: ReconcileTask['roots']

  /** Leftovers of aborted moves of ours, what others put there, and what only says that it is ours. */
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dim-killed-reconcile-'))
    const rootOf = (tier: string) => path.join(folder, tier)
    const open = (tier: string) =>
      createFilesystemStore({ name: tier, settings: { root: rootOf(tier), durability: 'none' } })
    world = await createMovingWorld({ stores: { hot: open('hot'), cold: open('cold') } })
    here = reconcilingWorld(world)
    const storeOf = async (tier: 'hot' | 'cold') =>
      (await world.parts.locationById(world.locationIds[tier]))!.storeId
    roots = { [await storeOf('hot')]: rootOf('hot'), [await storeOf('cold')]: rootOf('cold') }
    for (const key of OURS) {
      await world.addObject(key, sampleOf(1_000, key))
      await here.leaveLateBytes(key)
    }
    await here.put('foreign', Buffer.from('not ours'), {}, 'cold')
    const description = { bucket: 'photos', key: OURS[0]!, generation: 1, sha256: null, etag: null }
    const forged = copyDescriptionMetadata({ ...description, intentId: newId() })
    await here.put('forged', sampleOf(1_000, OURS[0]!), forged, 'cold')
  })
  afterEach(async () => {
    await world.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  async function begin(settings: Partial<ReconcileSettings>): Promise<Uuid> {
    const id = await createReconcileRun(world.test.database, {
      locationId: world.locationIds.cold,
      prefix: '',
      source: { kind: 'listing' },
      settings: { ...SETTINGS, ...settings },
      principal: 'user:test',
    })
    return id!
  }

  /** Lets a process take the run up and die there. */
  async function die(boundary: ReconcileBoundary, nth = 1): Promise<void> {
    await leaseRunsOut()
    const { connectionString } = world.test
    const task: ReconcileTask = { connectionString, roots, pageKeys: PAGE_KEYS, boundary, nth }
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(task)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, NODE_COMPILE_CACHE: path.join(tmpdir(), 'dim-compile-cache') },
      },
    )
    const [code, signal] = await once(child, 'exit')
    expect(signal ?? code, boundary).toBe('SIGKILL')
  }

  const leaseRunsOut = () => world.test.database.query('update reconcile_run set lease_expires_at = now()')

  async function survive(id: Uuid): Promise<ReconcileRun> {
    await leaseRunsOut()
    await reconcileLoop(here.parts({ pageKeys: PAGE_KEYS })).step(new AbortController().signal)
    const run = (await findReconcileRun(world.test.database, id))!
    expect(run).toMatchObject({ state: 'done', error: null })
    return run
  }

  async function firstScanWasDaysAgo(): Promise<void> {
    await world.test.database.query(
      `update orphan set first_seen_at = first_seen_at - interval '2 days', last_seen_at = last_seen_at - interval '2 days'`,
    )
  }

  /** What must be true whoever died where. */
  async function nothingForeignIsTouched(): Promise<string[]> {
    const keys = await here.keysAt('cold')
    expect(keys).toEqual(expect.arrayContaining(['foreign', 'forged']))
    for (const key of OURS) expect(await world.read(key)).toEqual(sampleOf(1_000, key))
    return keys.filter(key => OURS.includes(key))
  }

  it('is one scan however often, and however much later, it is taken up again', async () => {
    const id = await begin(DELETING)
    await die('listed', 1)
    await die('listed', 2)
    here.clock.now += 2 * DAY
    const run = await survive(id)
    expect(run.counts).toMatchObject({ listed: 8, dark: 1, forgotten: 7, confirmed: 0, deleted: 0 })
    expect(new Set((await here.orphans()).map(({ state }) => state))).toEqual(new Set(['seen']))
    expect(await nothingForeignIsTouched()).toEqual(OURS)
  })

  it('deletes no more than it may in all, and only what two scans saw', async () => {
    await here.reconcile({ at: 'cold' })
    await firstScanWasDaysAgo()
    // These bytes are new since the first scan: the second is their first.
    await world.stores.cold.delete('data', OURS[5]!)
    await here.leaveLateBytes(OURS[5]!)
    const id = await begin({ ...DELETING, deletionsMax: 3 })
    await die('listed', 2)
    for (const boundary of ['to-be-deleted', 'deleted', 'committed'] as const) await die(boundary)
    const run = await survive(id)
    const left = await nothingForeignIsTouched()
    expect(left).toHaveLength(3)
    expect(left).toContain(OURS[5]!)
    expect(run.counts).toMatchObject({ listed: 8, forgotten: 7, deleted: 3, deletedBytes: 3_000 })
  })

  it('deletes nothing when there are too many, whoever asks again', async () => {
    await here.reconcile({ at: 'cold' })
    await firstScanWasDaysAgo()
    // Of eight things that lie there two may go, and seven should.
    const id = await begin({ deletes: true, deletedShareMax: 0.25 })
    await die('listed', 3)
    const run = await survive(id)
    expect(run.counts).toMatchObject({ confirmed: 8, deleted: 0 })
    expect(await nothingForeignIsTouched()).toEqual(OURS)
  })
})
