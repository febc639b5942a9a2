import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { newId } from '../../domain/identifiers.ts'
import { inTransaction } from '../postgres.ts'
import { cancelMigration, retryMigration } from './migration-commands.ts'
import { createMigrations } from './migration-creation.ts'
import { readLocationReservations } from './room.ts'

describe('room at a location with a capacity', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
  })
  afterEach(() => world.dispose())

  const limit = (bytes: number | null) =>
    world.test.database.query('update location set capacity_bytes = $2 where id = $1', [
      world.locationIds.cold,
      bytes,
    ])
  /** Copies in any state, and what migrations are going to bring. */
  async function taken(): Promise<number> {
    const { rows } = await world.test.database.query<{ bytes: number }>(
      `select (coalesce((select sum(size) from copy where location_id = $1), 0)
        + coalesce((select sum(size) from migration where state = 'planned' and target_location_id = $1), 0)
        )::bigint as bytes`,
      [world.locationIds.cold],
    )
    return rows[0]!.bytes
  }
  const wanted = (key: string, priority = 50) => ({
    id: newId(),
    objectId: world.objectId(key),
    generation: 1,
    placementVersion: 1,
    targetCopyId: newId(),
    targetLocationId: world.locationIds.cold,
    priority,
    direction: 'demotion' as const,
    graceMs: 0,
    attemptsMax: 3,
    decisionId: null,
    planId: null,
    monthlySavingUsd: null,
    oneTimeUsd: null,
  })
  const addObjects = async (count: number, bytes: number) => {
    for (let index = 0; index < count; index++) await world.addObject(`o${index}`, sampleOf(bytes))
  }

  it('is given by priority, refused with the reason, and told to people', async () => {
    await addObjects(3, 100)
    await limit(250)
    const batch = [wanted('o0', 40), wanted('o1', 60), wanted('o2', 50)]
    const { created, refused } = await world.ledger.create(batch, 'user:test')
    expect(created.toSorted()).toEqual([batch[1]!.id, batch[2]!.id].toSorted())
    expect(refused).toEqual([{ id: batch[0]!.id, reason: 'no-room' }])
    const { rows } = await world.test.database.query('select kind, subject, detail from activity')
    expect(rows).toEqual([
      {
        kind: 'location.full',
        subject: 'cold',
        detail: { reason: 'waiting for room at cold: needs 100 bytes, 50 free', migrations: 1 },
      },
    ])
  })

  it('is never given twice, whoever asks at the same time', async () => {
    await addObjects(40, 100)
    await limit(1_050)
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, asker) =>
        inTransaction(world.test.database, async connection => {
          const batch = Array.from({ length: 4 }, (_, index) => wanted(`o${asker * 4 + index}`))
          const { created } = await createMigrations(connection, batch, 'user:test')
          return created.length
        }),
      ),
    )
    expect(outcomes.reduce((sum, created) => sum + created, 0)).toBe(10)
    expect(await taken()).toBe(1_000)
  })

  it('is kept from the plan to the end, and free again afterwards', async () => {
    await addObjects(2, 100)
    await limit(150)
    const reservations = () => readLocationReservations(world.test.database, world.locationIds.cold)
    const id = await world.plan('o0')
    expect(await reservations()).toMatchObject({ planned: 100, copying: 0 })
    await expect(world.plan('o1')).rejects.toThrow('no-room')
    await world.work({
      atBoundary: async boundary => {
        if (boundary === 'published') throw new Error('killed')
      },
    })
    expect(await reservations()).toMatchObject({ planned: 0, copying: 100 })
    await expect(world.plan('o1')).rejects.toThrow('no-room')
    await world.letTimePass()
    await cancelMigration(world.test.database, {
      id,
      principal: 'user:test',
      permittedIn: ['planned', 'copying', 'copied', 'verifying', 'verified'],
    })
    await world.work()
    expect(await reservations()).toMatchObject({ planned: 0, deleting: 100 })
    await expect(world.plan('o1')).rejects.toThrow('no-room')
    await world.sweep()
    await world.plan('o1')
    const retried = await retryMigration(world.test.database, {
      id,
      principal: 'user:test',
      permittedIn: ['aborted'],
    })
    expect(retried.kind).toBe('no-room')
    expect(await taken()).toBe(100)
  })

  it('is never overdrawn, whatever is planned, done, cancelled and retried in whatever order', async () => {
    const KEYS = 6
    for (let index = 0; index < KEYS; index++) await world.addObject(`o${index}`, sampleOf(40 + index * 30))
    await limit(300)
    const ids: string[] = []
    const pick = fc.nat({ max: KEYS - 1 })
    const doings = fc.oneof(
      fc.record({ what: fc.constant('plan' as const), which: pick }),
      fc.record({ what: fc.constantFrom('work', 'sweep', 'cancel', 'retry'), which: pick }),
    )
    const command = (id: string) => ({ id, principal: 'user:test' as const })
    await fc.assert(
      fc.asyncProperty(fc.array(doings, { minLength: 4, maxLength: 12 }), async steps => {
        for (const { what, which } of steps) {
          const id = ids[which % Math.max(1, ids.length)]
          if (what === 'plan')
            await world.plan(`o${which}`).then(
              planned => ids.push(planned),
              () => undefined,
            )
          else if (what === 'work') await world.letTimePass().then(() => world.work())
          else if (what === 'sweep') await world.sweep()
          else if (id !== undefined && what === 'cancel')
            await cancelMigration(world.test.database, {
              ...command(id),
              permittedIn: ['planned', 'copying', 'copied', 'verifying', 'verified'],
            })
          else if (id !== undefined)
            await retryMigration(world.test.database, { ...command(id), permittedIn: ['aborted'] })
          expect(await taken()).toBeLessThanOrEqual(300)
        }
      }),
      { numRuns: 12 },
    )
  })
})
