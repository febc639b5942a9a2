import { afterEach, describe, expect, it } from 'vitest'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { type MovingGateway, startMovingGateway } from '../../../test/builders/moving-gateway.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import { newId } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

/** A store that cannot compare, and in which something can happen while a deletion is on its way. */
function slowToDelete(): { store: ObjectStore; meanwhile: (what: (() => Promise<void>) | null) => void } {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  let happens: (() => Promise<void>) | null = null
  const store: ObjectStore = {
    ...inner,
    capabilities: { ...inner.capabilities, conditionalPut: false, conditionalDelete: false },
    async delete(container, key) {
      const event = happens
      happens = null
      await event?.()
      await inner.delete(container, key)
    },
  }
  return { store, meanwhile: what => (happens = what) }
}

describe('a deletion that is on its way when the database loses the session of its lock', () => {
  let world: MovingGateway
  let meanwhile: ReturnType<typeof slowToDelete>['meanwhile']
  afterEach(() => world.close())

  async function open(): Promise<MovingGateway> {
    const slow = slowToDelete()
    meanwhile = slow.meanwhile
    world = await startMovingGateway({ store: slow.store })
    return world
  }

  /** The object of the key `k` is deleted, and its bytes wait for the sweeper. */
  async function retire(): Promise<void> {
    await world.put('first')
    await world.test.database.query(`update copy set state = 'deleting', is_primary = false`)
    await world.test.database.query('update object set is_present = false, generation = 2')
  }
  const announced = async () => (await world.test.database.query('select from deletion_in_flight')).rowCount
  /** As if so much time had passed that nothing can land any more. */
  const letItLand = () =>
    world.test.database.query(`update deletion_in_flight set lands_until = now() - interval '1 second'`)

  it('of the sweeper takes no write away that was acknowledged', async () => {
    const { put, read, sweep, test } = await open()
    await retire()
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    await sweep()
    expect(answers).toEqual(['SlowDown'])
    expect(await put('third')).toBe('SlowDown')
    await letItLand()
    expect(await put('fourth')).toBe('taken')
    await sweep()
    expect(await read()).toBe('fourth')
  })

  it('of the mover takes no write away that was acknowledged', async () => {
    const { cold, dueNow, plan, put, read, sweep, test, work } = await open()
    await put('first')
    await plan(cold)
    const answers: string[] = []
    meanwhile(async () => {
      await loseLockSessions(test.database)
      answers.push(await put('second'))
    })
    await work()
    expect(answers).toEqual(['SlowDown'])
    await letItLand()
    expect(await put('third')).toBe('taken')
    await dueNow()
    await work()
    await sweep()
    expect(await read()).toBe('third')
  })

  it('is kept away from when it was done again meanwhile, as the first one may still land', async () => {
    const { put, sweep, test } = await open()
    await retire()
    meanwhile(async () => {
      await loseLockSessions(test.database)
      throw new Error('it was sent and is on its way')
    })
    await sweep()
    await sweep()
    expect((await test.database.query('select from copy')).rowCount).toBe(0)
    expect(await put('second')).toBe('SlowDown')
    await letItLand()
    expect(await put('third')).toBe('taken')
  })

  it('is forgotten once it was answered, so that writes after it are taken at once', async () => {
    const { put, sweep } = await open()
    await retire()
    await sweep()
    expect(await announced()).toBe(0)
    expect(await put('second')).toBe('taken')
  })

  it.each(['locked', 'precondition-failed', 'access-denied'] as const)(
    'is forgotten once its store refused it: %s',
    async kind => {
      const { sweep } = await open()
      await retire()
      meanwhile(async () => {
        expect(await announced()).toBe(1)
        throw new StoreError({ kind, retry: 'no', store: 'hot', operation: 'delete', message: 'it stays' })
      })
      await sweep()
      expect(await announced()).toBe(0)
    },
  )

  it('keeps the announcement of another one when it is refused', async () => {
    const { test } = await open()
    const announce = createDeletionAnnouncer(test.database)
    const copy = { id: newId(), objectId: newId() }
    const first = await announce(copy)
    const second = await announce(copy)
    expect([first.isRepeated, second.isRepeated]).toEqual([false, true])
    await first.withdraw()
    expect(await announced()).toBe(2)
    await second.withdraw()
    // The first one may have been sent by a worker whose lock was lost: it lapses by itself.
    const { rowCount } = await test.database.query('select from deletion_in_flight where lands_until > now()')
    expect(rowCount).toBe(1)
  })

  it('is remembered as unanswered however often the next try is given up before it sends anything', async () => {
    const { test } = await open()
    const announce = createDeletionAnnouncer(test.database)
    const copy = { id: newId(), objectId: newId() }
    await announce(copy)
    for (let time = 0; time < 3; time++) {
      const again = await announce(copy)
      expect(again.isRepeated).toBe(true)
      await again.withdraw()
    }
  })
})
