import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleBytes } from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { storeFailure } from '../store-operation.ts'
import { REFUSAL_DEFAULTS, RefusalWatch } from './refusal-watch.ts'
import { watchedStore } from './watched-store.ts'

function newWatch() {
  const clock = { ms: 0 }
  const watch = new RefusalWatch(REFUSAL_DEFAULTS, () => clock.ms)
  const refuse = (times: number, keyOf = (time: number): string | null => `k${time}`) => {
    for (let time = 0; time < times; time++) watch.note('access-denied', keyOf(time))
  }
  return { clock, watch, refuse }
}

describe('a store counts as shut to us', () => {
  it('from the tenth refusal in a row on', () => {
    const { refuse, watch } = newWatch()
    refuse(9)
    expect(watch.isShutOut).toBe(false)
    refuse(1)
    expect(watch.isShutOut).toBe(true)
  })

  it.each(['ok', 'not-found', 'container-not-found', 'precondition-failed', 'locked', 'store-full'] as const)(
    'never while it also answers %s',
    accepted => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }), runs => {
          const { refuse, watch } = newWatch()
          for (const run of runs) {
            refuse(run)
            expect(watch.isShutOut).toBe(false)
            watch.note(accepted, 'k')
            expect(watch.onlyRefuses).toBe(false)
          }
        }),
      )
    },
  )

  it.each([
    'timeout',
    'unreachable',
    'throttled',
    'aborted',
    'unexpected',
    'invalid-key',
    'clock-skewed',
  ] as const)('whatever else ends with %s, which says nothing of credentials', kind => {
    const { refuse, watch } = newWatch()
    refuse(9)
    for (let time = 0; time < 20; time++) watch.note(kind, `other ${time}`)
    expect(watch.isShutOut).toBe(false)
    refuse(1)
    expect(watch.isShutOut).toBe(true)
  })

  it('never because of one object that may not be read, nor of two', () => {
    const { refuse, watch } = newWatch()
    refuse(1_000, () => 'secret')
    expect(watch.isShutOut).toBe(false)
    refuse(1_000, time => (time % 2 === 0 ? 'secret' : 'hidden'))
    expect(watch.isShutOut).toBe(false)
    expect(watch.onlyRefuses).toBe(true)
  })

  it('when it refuses to tell of whole containers', () => {
    const { refuse, watch } = newWatch()
    refuse(10, () => null)
    expect(watch.isShutOut).toBe(true)
  })

  it('no longer once the refusals are old, or a person says so', () => {
    const { clock, refuse, watch } = newWatch()
    refuse(9)
    clock.ms = REFUSAL_DEFAULTS.windowMs
    expect(watch.onlyRefuses).toBe(false)
    refuse(9)
    expect(watch.isShutOut).toBe(false)
    refuse(1)
    expect(watch.isShutOut).toBe(true)
    watch.forget()
    expect(watch.isShutOut).toBe(false)
  })
})

it('says where and with which words a store refuses, and lets everything through', async () => {
  const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 1_000 } })
  await memory.ensureContainer('c')
  let isRefusing = true
  const head: typeof memory.head = (container, key, options) =>
    isRefusing
      ? Promise.reject(storeFailure({ store: 'm', operation: 'head', key }, 'access-denied', 'no such key'))
      : memory.head(container, key, options)
  const heard: string[] = []
  const { watch } = newWatch()
  const store = watchedStore(
    { ...memory, head },
    { watch, shutOut: (...words) => heard.push(words.join(': ')) },
  )
  for (let time = 0; time < 11; time++)
    await expect(store.head('c', `k${time}`)).rejects.toMatchObject({ kind: 'access-denied' })
  expect(heard).toEqual(Array.from({ length: 2 }, () => 'c: m: head: no such key'))
  isRefusing = false
  await store.put('c', 'k1', sampleBytes(3), { size: 3 })
  expect(watch.onlyRefuses).toBe(false)
})
