import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { type ReconcilingWorld, reconcilingWorld } from '../../../test/builders/reconciling-world.ts'
import { findReconcileRun, listReconcileRuns } from '../../database/upkeep/reconcile-runs.ts'
import { reconcileLoop } from './run-reconcile.ts'
import { scheduleReconcileLoop } from './schedule-reconcile.ts'

const EVERY_HOURS = 168

describe('comparing containers with the catalog by itself', () => {
  let world: MovingWorld
  let here: ReconcilingWorld
  afterEach(() => world.dispose())
  beforeEach(async () => {
    world = await createMovingWorld()
    here = reconcilingWorld(world)
    await world.addObject('a', sampleOf(1_000))
    await world.stores.cold.ensureContainer('data')
  })

  const step = (everyHours = EVERY_HOURS) =>
    scheduleReconcileLoop({ database: world.test.database, everyHours }).step(new AbortController().signal)
  const runs = () => listReconcileRuns(world.test.database, { beforeId: null, limit: 100 })
  async function stepsUntilNothing(everyHours = EVERY_HOURS): Promise<number> {
    let steps = 0
    while (steps < 10 && (await step(everyHours)) > 0) steps++
    return steps
  }
  /** Everything in the database happened so much earlier. */
  async function letHoursPass(hours: number): Promise<void> {
    await world.test.database.query(
      'update location set created_at = created_at - make_interval(secs => $1)',
      [hours * 3_600],
    )
    await world.test.database.query(
      'update reconcile_run set started_at = started_at - make_interval(secs => $1)',
      [hours * 3_600],
    )
  }
  async function doRuns(): Promise<void> {
    const loop = reconcileLoop(here.parts())
    for (let round = 0; round < 10 && (await loop.step(new AbortController().signal)) > 0; round++);
  }

  it('begins when a location is as old as the interval, once per container, and again after it', async () => {
    expect(await stepsUntilNothing()).toBe(0)
    await letHoursPass(EVERY_HOURS)
    expect(await stepsUntilNothing()).toBe(2)
    // `infrequent` is the container of `hot`.
    const asked = await runs()
    expect(new Set(asked.map(run => `${run.storeId}/${run.container}`)).size).toBe(2)
    expect(asked.every(run => !run.settings.deletes && run.principal === 'system:reconcile-schedule')).toBe(
      true,
    )
    await doRuns()
    for (const { id } of asked)
      expect(await findReconcileRun(world.test.database, id)).toMatchObject({ state: 'done' })
    expect(await stepsUntilNothing()).toBe(0)
    await letHoursPass(EVERY_HOURS - 1)
    expect(await stepsUntilNothing()).toBe(0)
    await letHoursPass(1)
    expect(await stepsUntilNothing()).toBe(2)
  })

  it('asks for no second run while one is not finished, however long it takes', async () => {
    await letHoursPass(EVERY_HOURS)
    expect(await stepsUntilNothing()).toBe(2)
    await letHoursPass(10 * EVERY_HOURS)
    expect(await stepsUntilNothing()).toBe(0)
  })

  it('asks for each container once although many processes look at the same time', async () => {
    await letHoursPass(EVERY_HOURS)
    const done = await Promise.all(Array.from({ length: 12 }, () => step()))
    expect(done.filter(count => count > 0)).toHaveLength(2)
    expect(await runs()).toHaveLength(2)
  })

  it('counts a run that somebody asked for', async () => {
    await letHoursPass(EVERY_HOURS)
    await here.reconcile({ at: 'hot' })
    await here.reconcile({ at: 'cold' })
    expect(await stepsUntilNothing()).toBe(0)
  })

  it('leaves out stores that are paused, refuse us or are in a drill, and does nothing at 0', async () => {
    await letHoursPass(EVERY_HOURS)
    expect(await stepsUntilNothing(0)).toBe(0)
    await world.test.database.query(
      `update store set state = 'auth-failed', refused_at = now() where name like 'hot%'`,
    )
    await world.test.database.query(
      `update store set is_for_drills = true, drill = '{"rules": [], "seed": "s"}',
         drill_until = now() + interval '1 hour' where name like 'cold%'`,
    )
    expect(await stepsUntilNothing()).toBe(0)
  })
})
