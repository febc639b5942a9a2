import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { type ReconcilingWorld, reconcilingWorld } from '../../../test/builders/reconciling-world.ts'
import { DAY } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { deleteOrphan } from './delete-orphan.ts'
import type { ReconcileParts } from './reconcile-parts.ts'

const BYTES = sampleOf(1_000)

describe('the deletion of an orphan', () => {
  let world: MovingWorld
  let here: ReconcilingWorld
  afterEach(() => world.dispose())
  beforeEach(async () => {
    const made = createMemoryStore({ name: 'cold', settings: { capacityBytes: 2 ** 28 } })
    const cold: ObjectStore = { ...made, capabilities: { ...made.capabilities, conditionalDelete: false } }
    const hot = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
    world = await createMovingWorld({ stores: { hot, cold } })
    here = reconcilingWorld(world)
    await world.addObject('a', BYTES)
    await here.leaveLateBytes('a')
    await here.reconcile({ at: 'cold' })
    here.clock.now += DAY
    await here.reconcile({ at: 'cold' })
  })

  async function remove(change: Partial<ReconcileParts> = {}) {
    const [orphan] = await here.orphans()
    return deleteOrphan(here.parts(change), orphan!, ['confirmed'], new AbortController().signal)
  }

  /** Something happens once, after the orphan was judged and before its deletion is announced. */
  function beforeAnnouncement(happens: () => Promise<unknown>): ReconcileParts['announceDeletion'] {
    let hasHappened = false
    return async copy => {
      if (!hasHappened) {
        hasHappened = true
        await happens()
      }
      return world.parts.announceDeletion(copy)
    }
  }

  const announcements = async () =>
    (await world.test.database.query('select copy_id from deletion_in_flight')).rows

  async function move() {
    const id = await world.plan('a', { graceMs: 0 })
    for (let round = 0; round < 10 && (await world.migration(id)).finishedAt === null; round++) {
      await world.work()
      world.endGrace()
      await world.letTimePass()
    }
    return (await world.migration(id)).state
  }

  it('takes nothing away that was published there after its lock was lost', async () => {
    const meanwhile: string[] = []
    const announceDeletion = beforeAnnouncement(async () => {
      await loseLockSessions(world.test.database)
      meanwhile.push((await remove()).state, await move())
    })
    await expect(remove({ announceDeletion })).rejects.toThrow()
    expect(meanwhile).toEqual(['deleted', 'done'])
    expect(await world.read('a')).toEqual(BYTES)
    expect(await announcements()).toEqual([])
  })

  it('waits while bytes of the object may still land', async () => {
    const place = { objectId: world.objectId('a'), storeId: newId(), container: 'data' }
    const { withdraw } = await world.parts.announcePublication(place)
    expect(await remove()).toMatchObject({ state: 'confirmed' })
    expect(await here.keysAt('cold')).toEqual(['a'])
    await withdraw()
    expect(await remove()).toMatchObject({ state: 'deleted' })
  })

  it.each([
    { what: 'other bytes came there', state: 'seen', isPut: true },
    { what: 'they went', state: 'gone', isPut: false },
  ])('sends nothing where $what since they were judged', async ({ state, isPut }) => {
    const { cold } = world.stores
    const announceDeletion = beforeAnnouncement(() =>
      isPut ? here.put('a', BYTES, {}, 'cold') : cold.delete('data', 'a'),
    )
    expect(await remove({ announceDeletion })).toMatchObject({ state })
    expect(await here.keysAt('cold')).toEqual(isPut ? ['a'] : [])
    expect(await announcements()).toEqual([])
  })
})
