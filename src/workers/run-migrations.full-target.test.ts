import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { clearFull, listFullLocations, markFull, sendScouts } from '../database/migrations/full-locations.ts'
import { cancelMigration } from '../database/migrations/migration-commands.ts'
import { sweepHolds } from '../database/migrations/migration-hold-sweeps.ts'
import { readMigrationHolds } from '../database/migrations/migration-holds.ts'
import { inTransaction } from '../database/postgres.ts'
import { newId, type Uuid } from '../domain/identifiers.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { FullLocations } from './migrations/full-locations.ts'

const OBJECTS = 200
const ROOM = 50

/** Two hundred objects are to go to a store that takes fifty: what it says, how often it is asked, what waits. */
describe('a target without room', () => {
  let world: MovingWorld
  let room: number
  let refusedKeys: string[]
  beforeEach(async () => {
    world = await createMovingWorld()
    room = ROOM
    refusedKeys = []
    const { cold } = world.stores
    world.stores.cold = {
      ...cold,
      put: async (container, key, body, options) => {
        if (room <= 0) {
          refusedKeys.push(key)
          throw fullOf(cold.name)
        }
        room--
        return cold.put(container, key, body, options)
      },
    } satisfies ObjectStore
  })
  afterEach(() => world.dispose())

  const database = () => world.test.database
  const addObjects = async (count: number) => {
    const ids: Uuid[] = []
    for (let index = 0; index < count; index++) {
      const key = `k-${String(index).padStart(3, '0')}`
      await world.addObject(key, sampleOf(1_000, key))
      ids.push(await world.plan(key, { graceMs: 0 }))
    }
    return ids
  }
  const work = () =>
    world.work({
      readHolds: () => readMigrationHolds(database()),
      fullLocations: new FullLocations({
        mark: news => markFull(database(), news),
        clear: id => inTransaction(database(), connection => clearFull(connection, id)),
      }),
    })
  const sweepAll = async () => {
    while ((await sweepHolds(database())) > 0);
  }
  const endRest = async () => {
    await database().query(`update full_location set until = now() - interval '1 second'`)
    await database().query('update migration set not_before = now() where finished_at is null')
  }
  /** The rest of the location, in seconds. */
  const restSeconds = async () => {
    const { rows } = await database().query<{ rest: number }>(
      'select round(extract(epoch from until - now()))::int as rest from full_location',
    )
    return rows[0]?.rest
  }
  const counts = async () => {
    const { rows } = await database().query<{ state: string; count: number }>(
      'select state, count(*) from migration group by state order by state',
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }
  const triesOf = () => {
    const tries = new Map<string, number>()
    for (const key of refusedKeys) tries.set(key, (tries.get(key) ?? 0) + 1)
    return tries
  }

  it('is left alone after one answer per object at most, asked again by a few, and gets all once it has room', async () => {
    await addObjects(OBJECTS)
    await work()
    const [full] = await listFullLocations(database())
    expect(full).toMatchObject({ locationId: world.locationIds.cold, answer: 'cold-store: no room' })
    const first = refusedKeys.length
    expect(first).toBeLessThan(OBJECTS - ROOM)
    await sweepAll()
    expect(await work()).toBe(0)
    expect(await restSeconds()).toBeGreaterThan(50)

    for (const rest of [120, 240, 480]) {
      await endRest()
      expect(await sendScouts(database())).toBe(3)
      expect(await sendScouts(database())).toBe(0)
      await work()
      expect(Math.abs((await restSeconds())! - rest)).toBeLessThan(20)
    }
    expect(refusedKeys.length).toBe(first + 9)
    expect(Math.max(...triesOf().values())).toBe(1)
    const waiting = await counts()
    expect(waiting).toMatchObject({ done: ROOM })
    expect(waiting.quarantined).toBeUndefined()
    const { rows } = await database().query(
      'select distinct attempt from migration where finished_at is null',
    )
    expect(rows).toEqual([{ attempt: 0 }])

    room = OBJECTS
    await endRest()
    await sendScouts(database())
    await work()
    expect(await listFullLocations(database())).toEqual([])
    await sweepAll()
    await world.letTimePass()
    await work()
    expect(await counts()).toEqual({ done: OBJECTS })
    const { rows: told } = await database().query(
      `select kind, subject from activity where kind like 'location.%' order by id`,
    )
    expect(told).toEqual([
      { kind: 'location.full', subject: 'cold' },
      { kind: 'location.has-room', subject: 'cold' },
    ])
  })

  it('lets copies that arrived there go on, and what is cancelled end', async () => {
    room = 1
    await world.addObject('arrived', sampleOf(1_000))
    await world.addObject('waiting', sampleOf(1_000))
    const arrived = await world.plan('arrived', { graceMs: 1_000 })
    await world.work()
    const waiting = await world.plan('waiting')
    const news = { locationId: world.locationIds.cold, migrationId: waiting, answer: 'no room' }
    expect(await markFull(database(), news)).toBe(true)
    expect(await markFull(database(), news)).toBe(false)
    await sweepAll()
    world.endGrace()
    await world.letTimePass()
    await work()
    expect((await world.migration(arrived)).state).toBe('done')
    expect(await world.migration(waiting)).toMatchObject({ state: 'planned', heldBy: ['full-target'] })
    await cancelMigration(database(), {
      id: waiting,
      principal: 'user:alice',
      permittedIn: ['planned'],
    })
    await work()
    expect((await world.migration(waiting)).state).toBe('aborted')
    expect(refusedKeys).toEqual([])
  })

  it('is forgotten when nobody asked for it in hours, and rests for longer when it fills up again soon', async () => {
    const news = { locationId: world.locationIds.cold, migrationId: newId(), answer: 'no room' }
    const clear = () =>
      inTransaction(database(), connection => clearFull(connection, world.locationIds.cold, 'user:alice'))
    for (const rest of [60, 120, 240]) {
      await markFull(database(), news)
      expect(Math.abs((await restSeconds())! - rest)).toBeLessThan(20)
      expect(await clear()).toBe(true)
      expect(await clear()).toBe(false)
    }
    await database().query(`update full_location set room_since = now() - interval '1 hour'`)
    await markFull(database(), news)
    expect(Math.abs((await restSeconds())! - 60)).toBeLessThan(20)
    await endRest()
    await sendScouts(database())
    expect(await restSeconds()).toBeLessThan(0)
    await database().query(`update full_location set until = now() - interval '7 hours'`)
    await sendScouts(database())
    expect(await restSeconds()).toBeUndefined()
  })
})

function fullOf(store: string): StoreError {
  return new StoreError({
    kind: 'store-full',
    retry: 'no',
    store,
    operation: 'put',
    message: `${store}: no room`,
  })
}
