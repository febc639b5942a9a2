import { expect, it } from 'vitest'
import { newId, objectIdOf } from '../domain/identifiers.ts'
import { ObjectTurns } from './object-turns.ts'

const bucketId = newId()
const a = objectIdOf(bucketId, 'a')
const b = objectIdOf(bucketId, 'b')
const FOREVER_MS = 60_000

it('gives an object one turn at a time, in order, and leaves the lane to others', async () => {
  const turns = new ObjectTurns({ concurrency: 2, waitingMax: 10 })
  const held = Promise.withResolvers<void>()
  const events: string[] = []
  const work = (name: string, until?: Promise<void>) => async () => {
    events.push(name)
    await until
  }
  const ofA = ['a1', 'a2', 'a3'].map(name => turns.run(a, FOREVER_MS, work(name, held.promise)))
  await turns.run(b, FOREVER_MS, work('b'))
  expect(events).toEqual(['a1', 'b'])
  held.resolve()
  await Promise.all(ofA)
  expect(events).toEqual(['a1', 'b', 'a2', 'a3'])
})

it('never runs what was sent back: too late, or one too many', async () => {
  const turns = new ObjectTurns({ concurrency: 1, waitingMax: 1 })
  const held = Promise.withResolvers<void>()
  const first = turns.run(a, FOREVER_MS, () => held.promise)
  await Promise.resolve()
  let ran = 0
  const count = async () => {
    ran++
  }
  const late = turns.run(a, 1, count)
  await expect(turns.run(b, FOREVER_MS, count)).rejects.toMatchObject({ code: 'SlowDown' })
  await expect(late).rejects.toMatchObject({ code: 'SlowDown' })
  held.resolve()
  await first
  await turns.onIdle()
  expect(ran).toBe(0)
  // What fails ends its turn.
  await expect(turns.run(a, FOREVER_MS, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  await turns.run(a, FOREVER_MS, count)
  expect(ran).toBe(1)
})
