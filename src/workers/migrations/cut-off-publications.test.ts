import { afterEach, describe, expect, it } from 'vitest'
import { startTestGateway } from '../../../test/builders/gateway.ts'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { type MovingGateway, startMovingGateway } from '../../../test/builders/moving-gateway.ts'
import { createPublicationAnnouncer } from '../../database/writes/publications-in-flight.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, type PutOptions, StoreError } from '../../stores/object-store.ts'

/** What happens while a store takes bytes; `landing` is what puts them there, now or later. */
type Meanwhile = (landing: () => Promise<unknown>) => Promise<void>

/** A store that cannot compare, and in which something can happen while bytes are on their way to it. */
function slowToTake(): { store: ObjectStore; meanwhile: (what: Meanwhile | null) => void } {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  let happens: Meanwhile | null = null
  const store: ObjectStore = {
    ...inner,
    capabilities: { ...inner.capabilities, conditionalPut: false, conditionalDelete: false },
    async put(container, key, body, options) {
      const event = happens
      happens = null
      const landing = () => inner.put(container, key, body, withoutSignal(options))
      await event?.(landing)
      return inner.put(container, key, body, options)
    },
  }
  return { store, meanwhile: what => (happens = what) }
}

describe('a publication that is on its way when the database loses the session of its lock', () => {
  let world: MovingGateway
  let meanwhile: ReturnType<typeof slowToTake>['meanwhile']
  afterEach(() => world.close())

  /** An object of bucket `ours` that lies in `cold`, while clients write to `hot`, which cannot compare. */
  async function open(): Promise<MovingGateway> {
    const slow = slowToTake()
    meanwhile = slow.meanwhile
    // Of interrupted writes nothing but their announcement keeps anybody away.
    world = await startMovingGateway({ store: slow.store, limits: { intentAgeMs: 1 } })
    expect(await world.put('first')).toBe('taken')
    await world.plan(world.cold)
    await world.work()
    expect(await world.placeNow()).toBe(world.cold.id)
    await world.sweep()
    return world
  }

  /** As if so much time had passed that nothing can land any more. */
  const letItLand = () =>
    world.test.database.query(`update publication_in_flight set lands_until = now() - interval '1 second'`)
  const announcements = async () =>
    (await world.test.database.query('select from publication_in_flight')).rowCount

  it('of the mover never lands over a write that was acknowledged', async () => {
    const { door, dueNow, placeNow, plan, put, read, sweep, test, work } = await open()
    await plan(door.location)
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    await work()
    expect(answers).toEqual(['SlowDown'])
    // The store has answered: nothing is left to wait for.
    expect(await put('third')).toBe('taken')
    await dueNow()
    await work()
    await sweep()
    expect(await read()).toBe('third')
    expect(await placeNow()).toBe(door.location.id)
    expect(await announcements()).toBe(0)
  })

  it('is kept away from by clients, movers and sweepers when it lands long after its sender gave up', async () => {
    const { cold, door, dueNow, placeNow, plan, put, read, sweep, test, work } = await open()
    await plan(door.location)
    let land: () => Promise<unknown> = async () => undefined
    meanwhile(async landing => {
      land = landing
      await loseLockSessions(test.database)
      throw timedOut()
    })
    await work()
    expect(await put('second')).toBe('SlowDown')
    await dueNow()
    await work()
    expect(await placeNow()).toBe(cold.id)
    await test.database.query(`update migration set cancel_requested = true, not_before = now()`)
    await work()
    await sweep()
    // Nothing lies there yet, and it would be forgotten.
    expect((await test.database.query(`select from copy where state = 'deleting'`)).rowCount).toBe(1)
    await land()
    await letItLand()
    expect(await put('third')).toBe('taken')
    await sweep()
    expect(await read()).toBe('third')
  })

  it('of a client never lands over a write that was acknowledged, nor over the first one of its key', async () => {
    const { door, put, read, test } = await open()
    const landed: string[] = []
    for (const key of ['k', 'new']) {
      let land: () => Promise<unknown> = async () => undefined
      meanwhile(async landing => {
        land = landing
        await loseLockSessions(test.database)
        throw timedOut()
      })
      expect(await put('second', key)).not.toBe('taken')
      expect(await put('third', key)).toBe('SlowDown')
      // It may still land, so nobody forgets of it.
      expect(await door.gateway.recoverIntents()).toMatchObject({ dropped: 0, left: 1 })
      await land()
      await letItLand()
      expect(await put('fourth', key)).toBe('taken')
      await door.gateway.recoverIntents()
      landed.push(await read(key))
    }
    expect(landed).toEqual(['fourth', 'fourth'])
  })

  it('of a client is not forgotten when it lands while another gateway settles it', async () => {
    const { door, put, read, test } = await open()
    const other = await startTestGateway({
      database: test.database,
      successorOf: door,
      limits: { intentAgeMs: 1 },
    })
    const begun = Promise.withResolvers<void>()
    const lands = Promise.withResolvers<void>()
    expect(await put('first', 'new')).toBe('taken')
    meanwhile(async () => {
      await loseLockSessions(test.database)
      begun.resolve()
      await lands.promise
    })
    const answer = put('second', 'new')
    await begun.promise
    const { store } = door.location
    const { head } = store
    let isLooked = false
    store.head = async (...asked) => {
      const found = await head(...asked)
      if (!isLooked && asked[1] === 'new') {
        isLooked = true
        lands.resolve()
        await answer
      }
      return found
    }
    const settled = () => other.gateway.recoverIntents()
    await expect.poll(settled, { timeout: 5_000 }).toMatchObject({ dropped: 0, left: 1 })
    lands.resolve()
    expect([await answer, isLooked, await announcements()]).toEqual(['InternalError', true, 0])
    await other.gateway.recoverIntents()
    expect(await read('new')).toBe('second')
    await other.close()
  })

  it('is not sent when the lock was lost before that', async () => {
    const { door, plan, put, read, test, work } = await open()
    await plan(door.location)
    let isSent = false
    meanwhile(async () => {
      isSent = true
    })
    const announce = createPublicationAnnouncer(test.database)
    await work({
      announcePublication: async place => {
        const announcement = await announce(place)
        await loseLockSessions(test.database)
        return announcement
      },
    })
    expect(isSent).toBe(false)
    expect(await announcements()).toBe(0)
    meanwhile(null)
    expect(await put('second')).toBe('taken')
    expect(await read()).toBe('second')
  })

  it('is announced no longer once its store refused it', async () => {
    const { door, plan, work } = await open()
    await plan(door.location)
    const seen: unknown[] = []
    meanwhile(async () => {
      seen.push(await announcements())
      throw new StoreError({
        kind: 'access-denied',
        retry: 'no',
        store: 'hot',
        operation: 'put',
        message: 'no',
      })
    })
    await work()
    expect([...seen, await announcements()]).toEqual([1, 0])
  })

  it('is not announced where the store compares', async () => {
    const { cold, placeNow, plan, put, work } = await open()
    await put('second')
    await plan(cold)
    const announcePublication = () => Promise.reject(new Error('nobody has to be told'))
    await work({ announcePublication })
    expect(await placeNow()).toBe(cold.id)
  })
})

function timedOut(): StoreError {
  return new StoreError({
    kind: 'timeout',
    retry: 'unknown-outcome',
    store: 'hot',
    operation: 'put',
    message: 'no answer',
  })
}

/** What is on its way lands although its sender gave up. */
function withoutSignal({ signal: _, ...options }: PutOptions): PutOptions {
  return options
}
