import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { type ReconcilingWorld, reconcilingWorld } from '../../../test/builders/reconciling-world.ts'
import { decideOrphan } from '../../database/upkeep/orphans.ts'
import { MINUTE } from '../../domain/duration.ts'
import { type ObjectStore, StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import { orphanDecisionsLoop } from './carry-out-decisions.ts'

const BYTES = sampleOf(1_000)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

describe('what was decided about orphans', () => {
  let world: MovingWorld
  let here: ReconcilingWorld
  afterEach(() => world.dispose())
  beforeEach(async () => {
    world = await createMovingWorld()
    here = reconcilingWorld(world)
    await world.addObject('a', BYTES, { sha256: SHA256 })
    await here.leaveLateBytes('a')
    await here.reconcile({ at: 'cold' })
    await decide()
  })

  async function decide() {
    const [orphan] = await here.orphans()
    await decideOrphan(world.test.database, orphan!.id, {
      from: ['seen', 'confirmed', 'kept'],
      to: 'adopting',
      outcome: null,
      decidedBy: 'user:alice',
    })
  }

  /** Steps of one loop, a minute apart. */
  async function carryOut(steps = 1) {
    const loop = orphanDecisionsLoop(here.parts())
    for (let step = 0; step < steps; step++) {
      await loop.step(new AbortController().signal)
      here.clock.now += MINUTE
    }
  }

  function failing(store: ObjectStore, kind: StoreErrorKind, isMeant: (key: string) => boolean): ObjectStore {
    const fail = (operation: string) => {
      throw new StoreError({ kind, retry: 'no', store: store.name, operation, message: `it is ${kind}` })
    }
    return new Proxy(store, {
      get: (target, name) =>
        name === 'get'
          ? async (...asked: Parameters<ObjectStore['get']>) =>
              isMeant(asked[1]) ? fail('get') : target.get(...asked)
          : Reflect.get(target, name),
    })
  }

  it('is done at a store that has no conditional reads', async () => {
    const { cold } = world.stores
    world.stores.cold = new Proxy(cold, {
      get(target, name) {
        if (name === 'capabilities') return { ...cold.capabilities, conditionalRead: false }
        if (name !== 'get') return Reflect.get(target, name)
        return async (...[container, key, options]: Parameters<ObjectStore['get']>) => {
          if (options?.onlyIf !== undefined) throw new Error('this store has no conditional reads')
          return cold.get(container, key, options)
        }
      },
    })
    await carryOut()
    expect(await here.orphans()).toMatchObject([{ state: 'adopted' }])
  })

  it('adopts nothing that became other bytes while a store without conditional reads was asked', async () => {
    const { cold } = world.stores
    world.stores.cold = new Proxy(cold, {
      get(target, name) {
        if (name === 'capabilities') return { ...cold.capabilities, conditionalRead: false }
        if (name !== 'get') return Reflect.get(target, name)
        return async (...[container, key]: Parameters<ObjectStore['get']>) => {
          await cold.put(container, key, BYTES, { size: BYTES.byteLength })
          return cold.get(container, key)
        }
      },
    })
    await carryOut()
    expect(await here.orphans()).toMatchObject([
      { state: 'kept', outcome: 'not adopted: other bytes lie there now' },
    ])
  })

  it.each(['archived', 'access-denied'] as const)(
    'ends with the reason where it is %s, and can be decided anew',
    async kind => {
      const { cold } = world.stores
      world.stores.cold = failing(cold, kind, () => true)
      await carryOut()
      expect(await here.orphans()).toMatchObject([
        { state: 'kept', outcome: `not adopted: ${kind}: it is ${kind}` },
      ])
      world.stores.cold = cold
      await decide()
      await carryOut()
      expect(await here.orphans()).toMatchObject([{ state: 'adopted' }])
    },
  )

  it('has its turn although the stores of many earlier ones do not answer', async () => {
    const { cold } = world.stores
    world.stores.cold = new Proxy(
      failing(cold, 'unreachable', key => key !== 'a'),
      {
        get: (target, name) =>
          name === 'head'
            ? async (...[container, key, options]: Parameters<ObjectStore['head']>) =>
                cold.head(container, key.startsWith('earlier') ? 'a' : key, options)
            : Reflect.get(target, name),
      },
    )
    await world.test.database.query(
      `insert into orphan (id, kind, store_id, container, native_key, location_id, bytes, etag, version_id,
                           object_id, copy_id, migration_id, bucket_id, reason, first_seen_at, last_seen_at,
                           last_run_id, state, decided_at, decided_by)
       select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, kind, store_id, container,
              'earlier/' || n, location_id, bytes, etag, version_id, object_id, copy_id, migration_id, bucket_id,
              reason, first_seen_at, last_seen_at, last_run_id, state, decided_at, decided_by
       from orphan, generate_series(1, 20) as n`,
    )
    await carryOut(2)
    const states = Object.entries(await here.states())
    expect(states.filter(([, state]) => state === 'forgotten adopting')).toHaveLength(20)
    expect((await here.states()).a).toBe('forgotten adopted')
    world.stores.cold = cold
    await carryOut(3)
    expect(Object.values(await here.states())).not.toContain('forgotten adopting')
  })
})
