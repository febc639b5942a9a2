import { describe, expect, it } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import { chunked, expectFailure, putBytes, sampleBytes } from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../object-store.ts'
import { aroundStore } from './around-store.ts'
import { RETRY_DEFAULTS, type RetryRules, retryingStore } from './retrying-store.ts'

/** A store whose first `failures` requests fail like this, and how often it was asked. */
async function failing(failures: number, retry: StoreError['retry'], rules: Partial<RetryRules> = {}) {
  const asked: string[] = []
  const rests: number[] = []
  const clock = { at: 0 }
  const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: MIB } })
  await memory.ensureContainer('c')
  await putBytes(memory, 'c', 'there', sampleBytes(10))
  const inner = aroundStore(memory, {
    async request({ operation }, perform) {
      asked.push(operation)
      if (asked.length > failures) return perform()
      throw new StoreError({ kind: 'throttled', retry, store: 'm', operation, message: 'no' })
    },
  })
  const store: ObjectStore = retryingStore(inner, {
    rules: { ...RETRY_DEFAULTS, ...rules },
    nowMs: () => clock.at,
    sleep: async ms => {
      rests.push(ms)
      clock.at += ms
    },
    random: () => 1,
  })
  return { store, asked, rests }
}

describe('a retrying store', () => {
  it('tries again what did not happen, after longer and longer rests', async () => {
    const { store, asked, rests } = await failing(3, 'yes')
    await store.head('c', 'there')
    expect(asked).toHaveLength(4)
    expect(rests).toEqual([100, 200, 400])
  })

  it('gives up after its tries and after its time', async () => {
    const few = await failing(99, 'yes', { triesMax: 2 })
    await expectFailure(few.store.head('c', 'there'), 'throttled')
    expect(few.asked).toHaveLength(2)
    const brief = await failing(99, 'yes', { triesMax: 99, totalMsMax: 250 })
    await expectFailure(brief.store.head('c', 'there'), 'throttled')
    expect(brief.asked).toHaveLength(2)
  })

  it('repeats neither an unknown outcome nor a refusal', async () => {
    for (const retry of ['unknown-outcome', 'no'] as const) {
      const { store, asked } = await failing(1, retry)
      await expectFailure(store.delete('c', 'there'), 'throttled')
      expect(asked).toHaveLength(1)
    }
  })

  it('repeats a body in memory, and never one that can be read only once', async () => {
    const inMemory = await failing(2, 'yes')
    await putBytes(inMemory.store, 'c', 'k', sampleBytes(100))
    expect(inMemory.asked).toHaveLength(3)
    const streamed = await failing(1, 'yes')
    const put = streamed.store.put('c', 'k', chunked(sampleBytes(100)), { size: 100 })
    await expectFailure(put, 'throttled')
    expect(streamed.asked).toHaveLength(1)
  })

  it('leaves reads to an adapter that tries them again by itself', async () => {
    const { store, asked } = await failing(1, 'yes', { what: 'writes' })
    await expectFailure(store.head('c', 'there'), 'throttled')
    expect(asked).toHaveLength(1)
  })

  it('stops resting when its caller gives up', async () => {
    const controller = new AbortController()
    const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: MIB } })
    const down = aroundStore(memory, {
      async request({ operation }) {
        throw new StoreError({ kind: 'timeout', retry: 'yes', store: 'm', operation, message: 'no' })
      },
    })
    const store = retryingStore(down, {
      rules: RETRY_DEFAULTS,
      nowMs: () => 0,
      sleep: async () => controller.abort(),
      random: () => 0,
    })
    await expectFailure(store.head('c', 'k', { signal: controller.signal }), 'aborted')
  })
})
