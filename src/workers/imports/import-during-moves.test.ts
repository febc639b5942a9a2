import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { resolveObject } from '../../database/catalog/objects.ts'
import { createImportJob, findImportJob } from '../../database/imports/import-jobs.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import type { MigrationParts } from '../migrations/migration-parts.ts'
import { importLoop } from './import-container.ts'

const FIRST = sampleOf(5_000, 'first')
const SECOND = sampleOf(4_000, 'second')
const live = new AbortController().signal

type Boundary = Parameters<NonNullable<MigrationParts['atBoundary']>>[0]

/**
 * Whatever a move and an import do at the same time, readers get one of the two contents, and the later one
 * wins.
 */
describe('an import while an object moves', () => {
  let world: MovingWorld

  beforeEach(async () => {
    world = await createMovingWorld({ mode: 'shared' })
    await world.addObject('k', FIRST)
  })
  afterEach(() => world.dispose())

  const overwrite = () => world.stores.hot.put('data', 'k', SECOND, { size: SECOND.byteLength })

  async function runImport(tier: 'hot' | 'cold' = 'hot') {
    const { database } = world.test
    const id = await createImportJob(database, {
      ...{
        bucketId: world.bucketId,
        locationId: world.locationIds[tier],
        prefix: '',
        principal: 'system:import',
      },
    })
    await importLoop({
      database,
      clock: world.modelClock,
      storeOf: world.parts.openStore,
      log: silentLogger,
      principal: 'system:import',
      owner: 'importer',
    }).step(live)
    return (await findImportJob(database, id))!
  }

  async function finishEverything(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      world.endGrace()
      await world.letTimePass()
      await world.work()
      await world.sweep()
    }
  }

  it.each<Boundary>(['published', 'proven'])(
    'adopts what others wrote when a move was at "%s", and the move gives way',
    async boundary => {
      const id = await world.plan('k')
      let counted = 0
      await world.work({
        async atBoundary(reached) {
          if (reached !== boundary) return
          await overwrite()
          // At "published" the move holds the object's lock: the import leaves it and comes again.
          counted += (await runImport()).changed
        },
      })
      if (counted === 0) counted += (await runImport()).changed
      expect(counted).toBe(1)
      expect(await world.read('k')).toEqual(SECOND)
      await finishEverything()
      expect((await world.migration(id)).state).toBe('aborted')
      expect(await world.read('k')).toEqual(SECOND)
      expect(await resolveObject(world.test.database, world.objectId('k'))).toMatchObject({ generation: 2 })
      expect(await world.copies('k')).toHaveLength(1)
      await expect(world.stores.cold.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
    },
  )

  it('adopts what others wrote over a source in grace, and never deletes it', async () => {
    const id = await world.plan('k')
    await world.work()
    expect((await world.migration(id)).state).toBe('grace')
    await overwrite()
    expect(await runImport()).toMatchObject({ changed: 1 })
    await finishEverything()
    expect((await world.migration(id)).state).toBe('aborted')
    expect(await world.read('k')).toEqual(SECOND)
    expect(await world.copies('k')).toMatchObject([{ generation: 2, isPrimary: true }])
  })

  it('takes neither a source that a move deleted nor a target it made for a foreign change', async () => {
    await world.plan('k')
    await world.work()
    expect(await runImport('cold')).toMatchObject({ known: 1, changed: 0, removed: 0 })
    await finishEverything()
    expect(await runImport()).toMatchObject({ changed: 0, removed: 0, missing: 0 })
    expect(await runImport('cold')).toMatchObject({ known: 1, changed: 0, removed: 0 })
    expect(await world.read('k')).toEqual(FIRST)
  })

  it('follows what others wrote where an object lay before it was moved away', async () => {
    await world.plan('k')
    await world.work()
    await finishEverything()
    await expect(world.stores.hot.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
    await overwrite()
    expect(await runImport()).toMatchObject({ known: 1, changed: 1 })
    expect(await world.read('k')).toEqual(SECOND)
    await finishEverything()
    expect(await world.copies('k')).toHaveLength(1)
  })

  it('keeps an object whose new primary others removed while its source is in grace', async () => {
    const id = await world.plan('k')
    await world.work()
    await world.stores.cold.delete('data', 'k')
    expect(await runImport('cold')).toMatchObject({ removed: 1 })
    expect(await world.read('k')).toEqual(FIRST)
    await finishEverything()
    expect((await world.migration(id)).state).toBe('rolled-back')
    expect(await world.read('k')).toEqual(FIRST)
    expect(await world.copies('k')).toMatchObject([{ state: 'complete', isPrimary: true }])
  })

  it('adopts a source that a move found changed and called suspect', async () => {
    const id = await world.plan('k')
    await overwrite()
    await world.work()
    expect((await world.migration(id)).state).toBe('aborted')
    await world.sweep()
    expect(await world.copies('k')).toMatchObject([{ state: 'suspect', isPrimary: true }])
    expect(await runImport()).toMatchObject({ changed: 1 })
    expect(await world.copies('k')).toMatchObject([{ state: 'complete', generation: 2 }])
    expect(await world.read('k')).toEqual(SECOND)
  })
})
