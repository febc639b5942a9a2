import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { createMigrations } from '../migrations/migration-creation.ts'
import { inTransaction } from '../postgres.ts'
import { deleteLocation } from './locations.ts'
import { wishForObject } from './object-detail.ts'

const WAITING = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

describe('a location that is removed while somebody begins to refer to it', () => {
  let world: MovingWorld
  let location: { id: Uuid; revision: number; modelNowMs: number }
  beforeEach(async () => {
    world = await createMovingWorld()
    location = { id: world.locationIds.cold, revision: 1, modelNowMs: 0 }
    await world.addObject('k', sampleOf(10))
  })
  afterEach(() => world.dispose())

  const wanted = () => ({
    id: newId(),
    objectId: world.objectId('k'),
    generation: 1,
    placementVersion: 1,
    targetCopyId: newId(),
    targetLocationId: location.id,
    priority: 50,
    direction: 'demotion' as const,
    graceMs: 0,
    attemptsMax: 3,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  })

  /** What comes of something that is begun before the removal is committed. */
  async function duringRemoval<T>(begin: () => Promise<T>): Promise<T> {
    const begun = await inTransaction(world.test.database, async connection => {
      expect(await deleteLocation(connection, location)).toEqual({ kind: 'removed' })
      const outcome = begin()
      // It waits for this transaction, or it is wrong already.
      await somebodyWaits()
      return { outcome }
    })
    return begun.outcome
  }

  /** Asked outside of the transaction, which would see the same answer for ever. */
  const somebodyWaits = () =>
    expect
      .poll(async () => (await world.test.database.query(WAITING)).rowCount, { timeout: 10_000 })
      .toBeGreaterThan(0)

  it('gets no migration', async () => {
    const one = wanted()
    const { created, refused } = await duringRemoval(() => world.ledger.create([one], 'user:test'))
    expect({ created, refused }).toEqual({
      created: [],
      refused: [{ id: one.id, reason: 'unknown-location' }],
    })
  })

  it('gets no pin', async () => {
    const wishes = { pin: { locationId: location.id, until: null } }
    const options = { now: 0, principal: 'user:test' as const }
    expect(
      await duringRemoval(() => wishForObject(world.test.database, world.objectId('k'), wishes, options)),
    ).toBe('no-location')
  })

  it('stays when the migration came first', async () => {
    const removal = await inTransaction(world.test.database, async connection => {
      await createMigrations(connection, [wanted()], 'user:test')
      const outcome = inTransaction(world.test.database, other => deleteLocation(other, location))
      await somebodyWaits()
      return { outcome }
    })
    expect(await removal.outcome).toMatchObject({
      kind: 'referred-to',
      references: [{ kind: 'migrations', count: 1 }],
    })
  })
})
