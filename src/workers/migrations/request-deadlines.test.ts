import { afterEach, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { MIB } from '../../domain/bytes.ts'
import { deadlineOf } from '../../domain/request-deadline.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { aroundStore } from '../../stores/wrappers/around-store.ts'

let world: MovingWorld
afterEach(() => world.dispose())

/** The same store, which notes each request and whether a budget could let its time begin with its turn. */
function noting(inner: ObjectStore, notes: { operation: string; hasDeadline: boolean }[]): ObjectStore {
  return aroundStore(inner, {
    request({ operation, signal }, perform) {
      notes.push({ operation, hasDeadline: deadlineOf(signal) !== null })
      return perform()
    },
  })
}

async function copyNoting(size: number) {
  world = await createMovingWorld()
  await world.addObject('k', sampleOf(size))
  const id = await world.plan('k')
  const notes: { operation: string; hasDeadline: boolean }[] = []
  world.stores.hot = noting(world.stores.hot, notes)
  world.stores.cold = noting(world.stores.cold, notes)
  await world.work()
  expect((await world.migration(id)).state).toBe('grace')
  const countOf = (wanted: string) => notes.filter(({ operation }) => operation === wanted).length
  const withoutDeadline = notes.filter(({ hasDeadline }) => !hasDeadline).map(({ operation }) => operation)
  return { countOf, withoutDeadline }
}

it('every request of a large object may wait for its turn at a store with a budget', async () => {
  const { countOf, withoutDeadline } = await copyNoting(20 * MIB)
  expect(countOf('multipart.putPart')).toBe(3)
  expect(withoutDeadline).toEqual([])
})

it('a small object waits for long only where no other shares its transaction', async () => {
  const { countOf, withoutDeadline } = await copyNoting(1_000)
  expect(countOf('get')).toBe(1)
  expect(withoutDeadline).toEqual(['put'])
})
