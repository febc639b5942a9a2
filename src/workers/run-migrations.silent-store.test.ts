import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { aroundStore } from '../stores/wrappers/around-store.ts'
import { breakingStore } from '../stores/wrappers/breaking-store.ts'
import { BREAKER_DEFAULTS, CircuitBreaker } from '../stores/wrappers/circuit-breaker.ts'

const STUCK = 40
const OTHERS = 40

let world: MovingWorld
beforeEach(async () => {
  world = await createMovingWorld()
})
afterEach(() => world.dispose())

/** M18: forty moves to a store that takes every connection and never answers are first in the queue. */
it('a store that is silent holds up nothing that does not need it', async () => {
  const { cold } = world.stores
  const breaker = new CircuitBreaker({ ...BREAKER_DEFAULTS, silentMs: 200 }, () => performance.now())
  world.stores.cold = breakingStore(silent(cold), { breaker })
  const { storeId: coldStoreId } = (await world.parts.locationById(world.locationIds.cold))!
  for (let index = 0; index < STUCK + OTHERS; index++) {
    const key = `k-${index}`
    await world.addObject(key, sampleOf(1_000, key))
    if (index < STUCK) await world.plan(key, { priority: 90 })
    else {
      const { id, locationId } = (await world.copies(key))[0]!
      expect(locationId).toBe(world.locationIds.hot)
      await world.plan(key, {
        kind: 'reclassify',
        targetCopyId: id,
        targetLocationId: world.locationIds.infrequent,
      })
    }
  }
  const stop = new AbortController()
  const running = world.work(
    { concurrency: 1, isAway: storeId => storeId === coldStoreId && breaker.isOpen },
    stop.signal,
  )
  const states = async () => {
    const { rows } = await world.test.database.query<{ kind: string; state: string; count: number }>(
      `select kind, state, count(*)::int as count from migration group by kind, state order by kind, state`,
    )
    return rows
  }
  await expect.poll(states, { timeout: 20_000, interval: 100 }).toEqual([
    { kind: 'move', state: 'copying', count: STUCK },
    { kind: 'reclassify', state: 'done', count: OTHERS },
  ])
  stop.abort()
  await running
})

/** Every request hangs until its caller gives up. */
function silent(inner: ObjectStore): ObjectStore {
  return aroundStore(inner, {
    request: ({ operation, key, signal }) =>
      new Promise((_, reject) => {
        const giveUp = () =>
          reject(
            new StoreError({
              kind: 'aborted',
              retry: 'unknown-outcome',
              store: inner.name,
              operation,
              message: `${operation} of ${key} was given up`,
              cause: signal?.reason,
            }),
          )
        signal?.addEventListener('abort', giveUp, { once: true })
      }),
  })
}
