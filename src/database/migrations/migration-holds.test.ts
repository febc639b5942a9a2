import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { addPlanRow } from '../../../test/builders/plan-row.ts'
import { newId } from '../../domain/identifiers.ts'
import { inTransaction, openBeside } from '../postgres.ts'
import { markFull, sendScouts } from './full-locations.ts'
import { sweepHolds } from './migration-hold-sweeps.ts'
import {
  askForHoldSweep,
  pausePlan,
  pauseStore,
  readMigrationHolds,
  readMigrationStop,
  resumeMigrations,
  resumePlan,
  resumeStore,
  stopMigrations,
} from './migration-holds.ts'
import { createPostgresLedger } from './postgres-ledger.ts'

const BYTES = sampleOf(500)
const principal = 'user:alice' as const
const MIGRATION_ROWS_READ = `
  select coalesce((select sum(seq_tup_read) from pg_stat_user_tables where relname = 'migration'), 0)::int
       + coalesce((select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'migration'), 0)::int
    as read`

describe('what keeps migrations from being taken up', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
  })
  afterEach(() => world.dispose())

  const database = () => world.test.database
  const storeId = async (name: string) =>
    (await database().query<{ id: string }>('select id from store where name = $1', [name])).rows[0]!.id
  const pause = async (name: string) => {
    const id = await storeId(name)
    return inTransaction(database(), connection =>
      pauseStore(connection, { id, reason: 'maintenance', principal }),
    )
  }
  const resume = async (name: string) => {
    const id = await storeId(name)
    return inTransaction(database(), connection => resumeStore(connection, id))
  }
  const claim = async () =>
    (await world.ledger.claim({ worker: 'w', limit: 100, leaseMs: 60_000 })).map(({ id }) => id)
  const heldIds = async () =>
    (await database().query<{ id: string }>('select id from migration where held order by id')).rows.map(
      ({ id }) => id,
    )
  const sweepAll = async () => {
    while ((await sweepHolds(database())) > 0);
  }
  async function planned(key: string, change = {}): Promise<string> {
    await world.addObject(key, BYTES)
    return world.plan(key, change)
  }
  const addPlan = (values = {}) => addPlanRow(database(), values)

  /** A long queue whose objects do not matter. */
  const fillQueue = async (migrations: number) => {
    await database().query(
      `insert into migration (id, kind, object_id, bucket_id, key, generation, placement_version, source_copy_id,
         source_location_id, target_copy_id, target_location_id, size, state, direction, principal)
       select gen_random_uuid(), 'move', gen_random_uuid(), $3, n::text, 1, 1,
              gen_random_uuid(), $1, gen_random_uuid(), $2, 1, 'planned', 'demotion', 'user:test'
       from generate_series(1, $4::int) as n`,
      [world.locationIds.hot, world.locationIds.cold, world.bucketId, migrations],
    )
    await database().query('analyze migration')
  }
  const pausePlanOf = (id: string) =>
    inTransaction(database(), connection => pausePlan(connection, { id, reason: null, principal }))

  it('stops everything with the first reason, and goes on', async () => {
    const id = await planned('k')
    expect(await stopMigrations(database(), { reason: 'smoke', principal })).toMatchObject({
      isNew: true,
      stop: { reason: 'smoke', principal },
    })
    expect(await stopMigrations(database(), { reason: 'again', principal: 'user:bob' })).toMatchObject({
      isNew: false,
      stop: { reason: 'smoke', principal },
    })
    expect(await claim()).toEqual([])
    expect(await world.work()).toBe(0)
    expect(await resumeMigrations(database())).toMatchObject({ reason: 'smoke' })
    expect(await resumeMigrations(database())).toBeNull()
    expect(await readMigrationStop(database())).toBeNull()
    expect(await claim()).toEqual([id])
  })

  it('takes up nothing that reads or writes in a paused store, from the moment it is paused', async () => {
    const id = await planned('k')
    for (const store of ['hot-store', 'cold-store']) {
      expect(await pause(store)).toBe(true)
      expect(await pause(store)).toBe(false)
      expect(await claim()).toEqual([])
      expect(await resume(store)).toBe(true)
      expect(await resume(store)).toBe(false)
    }
    expect(await claim()).toEqual([id])
    expect(await inTransaction(database(), connection => resumeStore(connection, newId()))).toBeNull()
  })

  it('keeps a source that waits for its deletion in a paused store', async () => {
    const id = await planned('k')
    await world.work()
    world.endGrace()
    await world.letTimePass()
    await pause('hot-store')
    await sweepAll()
    expect(await claim()).toEqual([])
    expect((await world.migration(id)).state).toBe('grace')
    await resume('hot-store')
    await sweepAll()
    await world.work()
    expect((await world.migration(id)).state).toBe('done')
  })

  it('deletes nothing that a migration left in a paused store', async () => {
    const id = await planned('k')
    await world.work()
    const { rows } = await database().query<{ fencing_token: string }>(
      `update migration set state = 'aborted', finished_at = now(), ended_by = 'cancelled' where id = $1
       returning fencing_token`,
      [id],
    )
    expect(rows).toHaveLength(1)
    await database().query(`update copy set state = 'deleting' where not is_primary and object_id = $1`, [
      world.objectId('k'),
    ])
    await pause('hot-store')
    await world.sweep()
    expect(await world.stores.hot.head('data', 'k')).toMatchObject({ size: 500 })
    await resume('hot-store')
    await world.sweep()
    await expect(world.stores.hot.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('takes what is paused out of the queue and puts it back, also what was planned meanwhile', async () => {
    const before = await planned('before')
    await pause('cold-store')
    await sweepAll()
    expect(await heldIds()).toEqual([before])
    const meanwhile = await planned('meanwhile')
    expect(await heldIds()).toEqual([before, meanwhile])
    await resume('cold-store')
    await sweepAll()
    expect(await heldIds()).toEqual([])
    expect((await claim()).toSorted()).toEqual([before, meanwhile].toSorted())
  })

  it('puts back on its second pass what was planned by a statement that still saw the pause', async () => {
    const id = await planned('k')
    await pause('cold-store')
    await resume('cold-store')
    await sweepAll()
    await database().query('update migration set held = true where id = $1', [id])
    await sweepAll()
    expect(await heldIds()).toEqual([id])
    await database().query(`update migration_hold_sweep set asked_at = now() - interval '2 minutes'`)
    await sweepAll()
    expect(await heldIds()).toEqual([])
  })

  it('sweeps in batches, and begins anew when something else is paused', async () => {
    await fillQueue(6_000)
    await pause('cold-store')
    expect(await sweepHolds(database())).toBe(5_000)
    expect(await heldIds()).toHaveLength(5_000)
    await askForHoldSweep(database())
    expect(await sweepHolds(database())).toBe(5_000)
    expect(await sweepHolds(database())).toBe(1_000)
    expect(await heldIds()).toHaveLength(6_000)
    expect(await sweepHolds(database())).toBe(0)
  })

  it('takes a few off a long queue without reading it, whatever is paused', async () => {
    await fillQueue(6_000)
    await pausePlanOf(await addPlan())
    const alone = openBeside(database(), { connectionsMax: 1, onIdleError: () => undefined })
    const rowsRead = async () => {
      await alone.query('select pg_stat_force_next_flush()')
      const { rows } = await alone.query<{ read: number }>(MIGRATION_ROWS_READ)
      return rows[0]!.read
    }
    const before = await rowsRead()
    const claimed = await createPostgresLedger(alone).claim({ worker: 'w', limit: 10, leaseMs: 60_000 })
    expect(claimed).toHaveLength(10)
    expect((await rowsRead()) - before).toBeLessThan(200)
    await alone.end()
  })

  it('takes what waits for a full location out of a long queue, and sends a few ahead without reading it', async () => {
    await fillQueue(6_000)
    const other = await planned('k')
    await database().query('update migration set target_location_id = $1 where id = $2', [
      world.locationIds.infrequent,
      other,
    ])
    await markFull(database(), {
      locationId: world.locationIds.cold,
      migrationId: newId(),
      answer: 'no room',
    })
    await sweepAll()
    expect(await heldIds()).toHaveLength(6_000)
    await database().query('vacuum analyze migration')
    const alone = openBeside(database(), { connectionsMax: 1, onIdleError: () => undefined })
    const rowsRead = async () => {
      await alone.query('select pg_stat_force_next_flush()')
      const { rows } = await alone.query<{ read: number }>(MIGRATION_ROWS_READ)
      return rows[0]!.read
    }
    const before = await rowsRead()
    const claimed = await createPostgresLedger(alone).claim({ worker: 'w', limit: 10, leaseMs: 60_000 })
    expect(claimed.map(({ id }) => id)).toEqual([other])
    expect((await rowsRead()) - before).toBeLessThan(200)
    await database().query(`update full_location set until = now() - interval '1 second'`)
    const beforeScouts = await rowsRead()
    expect(await sendScouts(alone)).toBe(3)
    expect((await rowsRead()) - beforeScouts).toBeLessThan(2_000)
    expect(
      (await createPostgresLedger(alone).claim({ worker: 'w', limit: 10, leaseMs: 60_000 })).map(
        ({ isScout }) => isScout,
      ),
    ).toEqual([true, true, true])
    await alone.end()
  })

  it('pauses one plan and not another, and knows all pauses', async () => {
    const [one, other] = [await addPlan(), await addPlan()]
    const first = await planned('a', { planId: one })
    const second = await planned('b', { planId: other })
    const pauseOne = () => pausePlanOf(one)
    expect(await pauseOne()).toBe(true)
    expect(await pauseOne()).toBe(false)
    await pause('cold-store')
    expect(await readMigrationHolds(database())).toEqual({
      isStopped: false,
      locationIds: [world.locationIds.cold],
      planIds: [one],
      fullLocationIds: [],
    })
    await resume('cold-store')
    await sweepAll()
    expect(await heldIds()).toEqual([first])
    expect(await claim()).toEqual([second])
    expect(await inTransaction(database(), connection => resumePlan(connection, one))).toBe(true)
    await sweepAll()
    expect(await claim()).toEqual([first])
  })

  it('takes earlier deadlines first within a priority, and what the plan says of both', async () => {
    const soon = new Date(Date.now() + 1_000)
    const plan = await addPlan({ priority: 70, dueAt: soon })
    const plain = await planned('plain', { priority: 70 })
    const due = await planned('due', { planId: plan })
    const low = await planned('low', { priority: 10 })
    expect(await claim()).toEqual([due, plain, low])
  })

  it('lets running migrations go when everything is stopped, a store or the plan is paused', async () => {
    const holds: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
      [
        'all',
        () => stopMigrations(database(), { reason: 'smoke', principal }),
        () => resumeMigrations(database()),
      ],
      ['store', () => pause('cold-store'), () => resume('cold-store')],
    ]
    const { hot } = world.stores
    for (const [key, hold, letGo] of holds) {
      const id = await planned(key)
      let begun = 0
      world.stores.hot = {
        ...hot,
        get: (_container, _key, options) => {
          begun++
          void hold()
          return new Promise((_resolve, reject) =>
            options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
          )
        },
      }
      await world.work({ readHolds: () => readMigrationHolds(database()) })
      expect(begun).toBe(1)
      expect(await world.migration(id)).toMatchObject({ state: 'copying', leaseOwner: null, attempt: 0 })
      world.stores.hot = hot
      await letGo()
      await world.work()
      expect((await world.migration(id)).state).toBe('grace')
      expect(await world.read(key)).toEqual(BYTES)
    }
  })
})
