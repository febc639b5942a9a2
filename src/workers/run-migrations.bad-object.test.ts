import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { type ObjectStore, StoreError, type StoreErrorKind } from '../stores/object-store.ts'

const OBJECTS = 500
const NEVER_READ = 'k-007'
const NEVER_WRITTEN = 'k-013'
const REFUSED = 'k-021'
const BAD = [NEVER_READ, NEVER_WRITTEN, REFUSED]

/**
 * Five hundred objects, of which one is never read to its end, one is never written and one is refused. The
 * others must not wait for them: neither in the queue, nor in a transaction they share.
 */
describe('bad objects', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
    for (let index = 0; index < OBJECTS; index++) {
      const key = `k-${String(index).padStart(3, '0')}`
      await world.addObject(key, sampleOf(1_000, key))
      await world.plan(key, { graceMs: 1_000_000_000 })
    }
    const { hot, cold } = world.stores
    world.stores.hot = {
      ...hot,
      get: (container, key, options) =>
        key === NEVER_READ ? hang(options?.signal) : hot.get(container, key, options),
    }
    world.stores.cold = {
      ...cold,
      put: (container, key, body, options) => {
        if (key === NEVER_WRITTEN) return hang(options.signal)
        if (key === REFUSED) return Promise.reject(errorOf('access-denied'))
        return cold.put(container, key, body, options)
      },
    } satisfies ObjectStore
  })
  afterEach(() => world.dispose())

  const states = async () => {
    const { rows } = await world.test.database.query<{ state: string; count: number }>(
      'select state, count(*) from migration group by state order by state',
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }

  it('keep nobody waiting, and the one that is refused ends alone', async () => {
    const stop = new AbortController()
    const running = world.work({}, stop.signal)
    const moved = OBJECTS - BAD.length
    await expect.poll(states, { timeout: 30_000, interval: 100 }).toEqual({ copying: 3, grace: moved })
    stop.abort()
    await running
    const { rows } = await world.test.database.query<{ key: string }>(
      `select key from migration where state = 'copying' order by key`,
    )
    expect(rows.map(({ key }) => key)).toEqual(BAD)
    await world.test.database.query(
      `update migration set not_before = 'infinity' where key in ($1, $2) and finished_at is null`,
      [NEVER_READ, NEVER_WRITTEN],
    )
    for (let tries = 0; tries < 3; tries++) {
      await world.test.database.query('update migration set not_before = now() where key = $1', [REFUSED])
      await world.work()
    }
    expect(await states()).toEqual({ copying: 2, grace: moved, quarantined: 1 })
    const { rows: told } = await world.test.database.query(
      `select e.detail from migration_event e join migration m on m.id = e.migration_id
       where m.key = $1 and e.detail ? 'kind' order by e.sequence`,
      [REFUSED],
    )
    const error = { kind: 'access-denied', message: 'a store: access-denied' }
    expect(told.map(({ detail }) => detail)).toEqual([
      { ...error, attempt: 1, restMs: 22_500 },
      { ...error, attempt: 2, restMs: 45_000 },
      { ...error, attempt: 3 },
    ])
  })
})

/** A request that ends only when it is given up, with what the adapters say then. */
function hang(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(errorOf('timeout')))
  })
}

function errorOf(kind: StoreErrorKind): StoreError {
  return new StoreError({
    kind,
    retry: 'yes',
    store: 'a store',
    operation: 'put',
    message: `a store: ${kind}`,
  })
}
