import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { CONNECTIONS_MIN } from '../../database/migrations/long-holds.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

describe('the sweeper', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
    await world.addObject('k', sampleOf(10))
    await world.stores.cold.ensureContainer('data')
  })
  afterEach(() => world.dispose())

  /** A superseded copy of `k` in the cold store, as its row says; the bytes may differ. */
  async function superseded(bytes: Buffer, change: { etag?: string; generation?: number } = {}) {
    const { identity } = await world.stores.cold.put('data', 'k', bytes, { size: bytes.byteLength })
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, $3, $4, 'deleting', false, $5, $6, 0, 'user:test')`,
      [
        world.objectId('k'),
        newId(),
        change.generation ?? 1,
        world.locationIds.cold,
        change.etag ?? identity.etag,
        bytes.byteLength,
      ],
    )
    return identity
  }

  const isThere = (store: ObjectStore) =>
    store.head('data', 'k').then(
      () => true,
      () => false,
    )
  const states = async () => (await world.copies('k')).map(copy => copy.state)

  it('deletes the bytes of superseded copies and forgets them', async () => {
    await superseded(sampleOf(20))
    expect(await world.sweep()).toBe(1)
    expect(await isThere(world.stores.cold)).toBe(false)
    expect(await states()).toEqual(['complete'])
    expect(await world.sweep()).toBe(0)
  })

  it('forgets a copy whose bytes are gone already', async () => {
    await superseded(sampleOf(20))
    await world.stores.cold.delete('data', 'k')
    await world.sweep()
    expect(await states()).toEqual(['complete'])
  })

  it('leaves bytes that are not that copy, and forgets the row', async () => {
    await superseded(sampleOf(20), { etag: 'another' })
    await world.sweep()
    expect(await isThere(world.stores.cold)).toBe(true)
    expect(await states()).toEqual(['complete'])
  })

  it('leaves bytes in which another copy lives', async () => {
    const identity = await superseded(sampleOf(20))
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, 1, $3, 'complete', false, $4, 20, 0, 'user:test')`,
      [world.objectId('k'), newId(), world.locationIds.cold, identity.etag],
    )
    await world.sweep()
    expect(await isThere(world.stores.cold)).toBe(true)
    expect(await states()).toEqual(['complete', 'complete'])
  })

  it('tries a failing store again later, and asks it once until then', async () => {
    await superseded(sampleOf(20))
    const { cold } = world.stores
    let asked = 0
    const unreachable = () => {
      asked++
      const facts = { kind: 'unreachable', retry: 'yes', store: 'cold', operation: 'head' } as const
      return Promise.reject(new StoreError({ ...facts, message: 'no route' }))
    }
    world.stores.cold = new Proxy(cold, {
      get: (target, name) => (name === 'head' ? unreachable : Reflect.get(target, name)),
    })
    const sweeper = world.sweeper()
    await sweeper()
    await sweeper()
    expect(asked).toBe(1)
    expect((await states()).sort()).toEqual(['complete', 'deleting'])
    world.stores.cold = cold
    await world.sweep()
    expect(await states()).toEqual(['complete'])
  })

  it('leaves a copy that fails again and again alone for longer each time, but not for ever', async () => {
    await superseded(sampleOf(20))
    const { cold } = world.stores
    let asked = 0
    world.stores.cold = {
      ...cold,
      head: () => {
        asked++
        const facts = { kind: 'unexpected', retry: 'no', store: 'cold-store', operation: 'head' } as const
        return Promise.reject(new StoreError({ ...facts, message: 'an input/output error' }))
      },
    }
    let now = 0
    const sweeper = world.sweeper({ wallClock: { now: () => now } })
    const sweepFor = async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        await sweeper()
        now += 60_000
      }
    }
    await sweepFor(180)
    expect(asked).toBeLessThan(20)
    expect(asked).toBeGreaterThan(8)
    world.stores.cold = cold
    await sweepFor(31)
    expect(await states()).toEqual(['complete'])
  })

  it('retains bytes that another store reaches for a copy that is still needed', async () => {
    const { identity } = await world.stores.hot.head('data', 'k')
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, 1, $3, 'deleting', false, $4, 10, 0, 'user:test')`,
      [world.objectId('k'), newId(), world.locationIds.cold, identity.etag],
    )
    world.stores.cold = world.stores.hot
    await world.sweep()
    expect(await isThere(world.stores.hot)).toBe(true)
    expect((await states()).sort()).toEqual(['complete', 'retained'])
    expect(await world.read('k')).toEqual(sampleOf(10))
  })

  it('retains what may not be deleted', async () => {
    await world.test.database.query(`update bucket set mode = 'observed'`)
    await superseded(sampleOf(20))
    await world.sweep()
    expect(await isThere(world.stores.cold)).toBe(true)
    expect((await states()).sort()).toEqual(['complete', 'retained'])
  })

  it.each([
    { what: 'proven', copy: 'verified_ms = 1', isGood: true },
    { what: 'never proven', copy: 'verified_ms = null', isGood: false },
    { what: 'found bad', copy: `verified_ms = 1, scrub_verdict = 'corrupt'`, isGood: false },
    { what: 'never proven, of former content', copy: 'verified_ms = null', isGood: true, isFormer: true },
  ])(
    'keeps a copy that its store does not let go of for readers unless it is doubtful: $what',
    async ({ copy, isGood, isFormer = false }) => {
      await superseded(sampleOf(20))
      await world.test.database.query(`update copy set migration_id = $1, ${copy} where state = 'deleting'`, [
        newId(),
      ])
      if (isFormer) {
        await world.test.database.query('update copy set generation = 2 where is_primary')
        await world.test.database.query('update object set generation = 2')
      }
      const held = { kind: 'locked', retry: 'no', store: 'cold-store', operation: 'delete' } as const
      const refuse = () => Promise.reject(new StoreError({ ...held, message: 'it is held' }))
      world.stores.cold = { ...world.stores.cold, delete: refuse }
      await world.sweep()
      expect(await isThere(world.stores.cold)).toBe(true)
      expect((await states()).sort()).toEqual(['complete', isGood ? 'retained' : 'suspect'])
      // Bad copies with a verdict are rebuilt, and nobody wants a leftover rebuilt.
      const { rows } = await world.test.database.query(`select scrub_verdict from copy where not is_primary`)
      expect(rows).toEqual([{ scrub_verdict: null }])
    },
  )

  it('takes over copies that were being written for a migration that has ended', async () => {
    const id = await world.plan('k')
    const atBoundary = (boundary: string) => {
      if (boundary === 'target-intended') throw new Error('stop here')
    }
    await world.work({ atBoundary })
    await world.test.database.query(
      `update migration set state = 'aborted', finished_at = now(), lease_owner = null, lease_expires_at = null
       where id = $1`,
      [id],
    )
    expect((await states()).sort()).toEqual(['complete', 'staging'])
    await world.sweep()
    expect(await states()).toEqual(['complete'])
  })
})

it('sweeps with the fewest connections while writes of clients go on', async () => {
  const world = await createMovingWorld({ connectionsMax: CONNECTIONS_MIN })
  const { database } = world.test
  await world.stores.cold.ensureContainer('data')
  // Memory stores number their bytes: those of the two must not look like the same ones.
  await world.stores.cold.put('data', 'first', sampleOf(1), { size: 1 })
  for (let number = 0; number < 40; number++) {
    await world.addObject(`k${number}`, sampleOf(10))
    const { identity } = await world.stores.cold.put('data', `k${number}`, sampleOf(10), { size: 10 })
    await database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, 1, $3, 'deleting', false, $4, 10, 0, 'user:test')`,
      [world.objectId(`k${number}`), newId(), world.locationIds.cold, identity.etag],
    )
  }
  // As in a running process: the claim on the server, and the feed of activities.
  const standing = await Promise.all([database.connect(), database.connect()])
  const { cold } = world.stores
  const write = () => inTransaction(database, connection => connection.query('select 1'))
  let writes = 0
  world.stores.cold = {
    ...cold,
    // The store answers only after writes that began meanwhile are through.
    async delete(...given: Parameters<ObjectStore['delete']>) {
      await Promise.all([write(), write(), write()])
      writes += 3
      return cold.delete(...given)
    },
  }
  expect(await world.sweep()).toBe(40)
  expect(writes).toBe(120)
  const { rows } = await database.query(`select 1 from copy where state = 'deleting'`)
  expect(rows).toEqual([])
  for (const connection of standing) connection.release()
  await world.dispose()
})
