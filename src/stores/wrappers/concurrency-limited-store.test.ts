import { describe, expect, it } from 'vitest'
import { chunked, expectFailure, putBytes, readAll, sampleBytes } from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { StoreError } from '../object-store.ts'
import { AdaptiveLimit } from './adaptive-limit.ts'
import { aroundStore } from './around-store.ts'
import { concurrencyLimitedStore } from './concurrency-limited-store.ts'

const RULES = { min: 2, max: 8, start: 4 }

/** A limit on a clock of its own. */
function limited(rules = RULES) {
  const clock = { at: 0 }
  const limit = new AdaptiveLimit(rules, () => clock.at)
  return { limit, clock }
}

describe('an adaptive limit', () => {
  it('grows while it is used and everything is answered, up to its bound', async () => {
    const { limit } = limited()
    for (let request = 0; request < 200; request++) {
      while (limit.inFlight < limit.limit) await limit.enter(undefined)
      limit.leave('fine')
    }
    expect(limit.limit).toBe(8)
  })

  it('does not grow while it is not used', async () => {
    const { limit } = limited()
    for (let request = 0; request < 200; request++) {
      await limit.enter(undefined)
      limit.leave('fine')
    }
    expect(limit.limit).toBe(4)
  })

  it('shrinks once for what was under way together, and never below its bound', async () => {
    const { limit, clock } = limited()
    for (let request = 0; request < 4; request++) await limit.enter(undefined)
    for (let request = 0; request < 4; request++) limit.leave('overloaded')
    expect(limit.limit).toBe(2)
    for (let round = 0; round < 5; round++) {
      clock.at += 2_000
      await limit.enter(undefined)
      limit.leave('overloaded')
    }
    expect(limit.limit).toBe(2)
  })

  it('shrinks when answers take many times their usual time', async () => {
    const { limit, clock } = limited({ ...RULES, start: 8 })
    for (let request = 0; request < 20; request++) {
      await limit.enter(undefined)
      limit.leave('fine', 20)
    }
    clock.at += 2_000
    await limit.enter(undefined)
    limit.leave('fine', 1_000)
    expect(limit.limit).toBe(5)
  })

  it('lets those in who may not wait, and others wait for longer', async () => {
    const { limit } = limited()
    for (let request = 0; request < 4; request++) await limit.enter(undefined)
    limit.enterAtOnce()
    const order: string[] = []
    const waiting = limit.enter(undefined).then(() => order.push('in'))
    limit.leave('none')
    await Promise.resolve()
    expect([limit.waiting, order]).toEqual([1, []])
    limit.leave('none')
    await waiting
    expect(limit.inFlight).toBe(4)
  })

  it('forgets who gave up waiting', async () => {
    const { limit } = limited()
    for (let request = 0; request < 4; request++) await limit.enter(undefined)
    const controller = new AbortController()
    const waiting = limit.enter(controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(limit.waiting).toBe(0)
  })
})

describe('a concurrency-limited store', () => {
  const one = { min: 1, max: 1, start: 1 }
  const limits = () => ({
    reads: new AdaptiveLimit(one, () => 0),
    writes: new AdaptiveLimit(one, () => 0),
  })

  it('asks no more at once than its limit says', async () => {
    let [inside, most] = [0, 0]
    const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 1_000 } })
    await memory.ensureContainer('c')
    const inner = aroundStore(memory, {
      async request(_, perform) {
        most = Math.max(most, ++inside)
        await new Promise(resolve => setImmediate(resolve))
        inside--
        return perform()
      },
    })
    const store = concurrencyLimitedStore(inner, { limits: limits(), mayWait: true, nowMs: () => 0 })
    await Promise.all(Array.from({ length: 20 }, () => store.list('c')))
    expect(most).toBe(1)
  })

  it('never waits for itself when an object is copied within one store', async () => {
    const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 100_000 } })
    await memory.ensureContainer('c')
    await putBytes(memory, 'c', 'from', sampleBytes(10_000))
    const store = concurrencyLimitedStore(memory, { limits: limits(), mayWait: true, nowMs: () => 0 })
    async function* pulled() {
      yield* (await store.get('c', 'from')).body
    }
    await Promise.all(['a', 'b', 'c'].map(key => store.put('c', key, pulled(), { size: 10_000 })))
    expect(await readAll((await store.get('c', 'b')).body)).toEqual(sampleBytes(10_000))
  })

  it('tells who gave up in the queue that nothing happened', async () => {
    const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 1_000 } })
    await memory.ensureContainer('c')
    const store = concurrencyLimitedStore(memory, { limits: limits(), mayWait: true, nowMs: () => 0 })
    let release: () => void = () => undefined
    const slow = (async function* () {
      await new Promise<void>(resolve => {
        release = resolve
      })
      yield* chunked(sampleBytes(10))
    })()
    const first = store.put('c', 'slow', slow, { size: 10 })
    const controller = new AbortController()
    const second = store.put('c', 'k', sampleBytes(1), { size: 1, signal: controller.signal })
    controller.abort()
    const failure = await expectFailure(second, 'aborted')
    expect(failure).toBeInstanceOf(StoreError)
    expect(failure.retry).toBe('no')
    release()
    await first
  })
})
