import { describe, expect, it } from 'vitest'
import { expectFailure } from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { StoreError, type StoreErrorKind } from '../object-store.ts'
import { aroundStore } from './around-store.ts'
import { breakingStore } from './breaking-store.ts'
import { BREAKER_DEFAULTS, CircuitBreaker } from './circuit-breaker.ts'

/** A store that fails as `state` says, on a clock of its own. */
async function breakable() {
  const hanging: (() => void)[] = []
  const state: {
    kind: StoreErrorKind | null
    cause?: unknown
    asked: number
    at: number
    /** Requests wait until `answer` is called. */
    hangs: boolean
    answer(): void
  } = {
    kind: null,
    asked: 0,
    at: 1_000_000,
    hangs: false,
    answer: () => hanging.splice(0).forEach(go => void go()),
  }
  const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 100 } })
  await memory.ensureContainer('c')
  const inner = aroundStore(memory, {
    async request({ operation }, perform) {
      state.asked++
      if (state.hangs) await new Promise<void>(resolve => hanging.push(resolve))
      if (state.kind === null) return perform()
      const { kind, cause } = state
      throw new StoreError({ kind, retry: 'yes', store: 'm', operation, message: 'no', cause })
    },
  })
  const breaker = new CircuitBreaker(BREAKER_DEFAULTS, () => state.at)
  const store = breakingStore(inner, { breaker })
  const ask = (times = 1) =>
    Promise.all(Array.from({ length: times }, () => store.list('c').catch(error => error)))
  return { state, breaker, store, ask }
}

describe('a breaking store', () => {
  it('stops asking a store that leaves half of its requests unanswered, and says unreachable at once', async () => {
    const { state, breaker, store, ask } = await breakable()
    await ask(5)
    state.kind = 'timeout'
    await ask(4)
    expect(breaker.isOpen).toBe(false)
    await ask(1)
    expect(breaker.isOpen).toBe(true)
    const failure = await expectFailure(store.head('c', 'k'), 'unreachable')
    expect(failure.retry).toBe('yes')
    expect(state.asked).toBe(10)
  })

  it('takes no single failure, and no answer that is an error, for a store that is away', async () => {
    const { state, breaker, ask } = await breakable()
    state.kind = 'unreachable'
    await ask(9)
    state.kind = 'throttled'
    await ask(20)
    state.kind = 'aborted'
    await ask(50)
    expect(breaker.isOpen).toBe(false)
  })

  it('counts a request that hung until its deadline', async () => {
    const { state, breaker, ask } = await breakable()
    state.kind = 'aborted'
    state.cause = new DOMException('over', 'TimeoutError')
    await ask(10)
    expect(breaker.isOpen).toBe(true)
  })

  it('forgets what was long ago', async () => {
    const { state, breaker, ask } = await breakable()
    state.kind = 'unreachable'
    await ask(9)
    state.at += 11_000
    await ask(9)
    expect(breaker.isOpen).toBe(false)
  })

  it('asks once after a while, and goes on only when that is answered', async () => {
    const { state, breaker, ask } = await breakable()
    state.kind = 'unreachable'
    await ask(10)
    state.at += 1_001
    await ask(8)
    expect(state.asked).toBe(11)
    state.at += 1_500
    await ask(8)
    expect(state.asked).toBe(11)
    state.at += 600
    state.kind = null
    await ask(1)
    expect(breaker.isOpen).toBe(false)
    await ask(8)
    expect(state.asked).toBe(20)
  })

  it('stops asking a store that is silent, before any request has failed', async () => {
    const { state, breaker, store } = await breakable()
    state.hangs = true
    const waiting = Promise.all(['a', 'b', 'c'].map(key => store.head('c', key).catch(error => error)))
    state.at += 4_999
    expect(breaker.isOpen).toBe(false)
    state.at += 1
    expect(breaker.isOpen).toBe(true)
    await expectFailure(store.head('c', 'k'), 'unreachable')
    expect(state.asked).toBe(3)
    state.answer()
    await waiting
    // What was sent before it was open tells nothing of now: the probe does.
    expect(breaker.isOpen).toBe(true)
    state.hangs = false
    state.at += 1_000
    await store.list('c')
    expect(breaker.isOpen).toBe(false)
  })

  it('takes a store for silent neither while it answers others nor for requests that take long anyway', async () => {
    const { state, breaker, store } = await breakable()
    state.hangs = true
    const waiting = Promise.all(['a', 'b', 'c'].map(key => store.head('c', key).catch(error => error)))
    state.at += 3_000
    state.hangs = false
    await store.list('c')
    state.at += 60_000
    expect(breaker.isOpen).toBe(false)
    state.answer()
    await waiting
    state.hangs = true
    const long = Promise.all([1, 2, 3].map(() => store.list('c')))
    state.at += 60_000
    expect(breaker.isOpen).toBe(false)
    state.answer()
    await long
  })

  it('looks for a store again while a former probe still hangs', async () => {
    const { state, breaker, store, ask } = await breakable()
    state.kind = 'unreachable'
    await ask(10)
    state.at += 1_001
    state.kind = null
    state.hangs = true
    const probe = store.head('c', 'a').catch(error => error)
    state.hangs = false
    state.at += 4_999
    await expectFailure(store.list('c'), 'unreachable')
    state.at += 1
    await store.list('c')
    expect(breaker.isOpen).toBe(false)
    state.answer()
    await probe
    expect(breaker.isOpen).toBe(false)
  })

  it('lets another probe through after one whose caller gave up', async () => {
    const { state, breaker, ask } = await breakable()
    state.kind = 'unreachable'
    await ask(10)
    state.at += 1_001
    state.kind = 'aborted'
    await ask(1)
    state.kind = null
    await ask(1)
    expect(breaker.isOpen).toBe(false)
  })
})
