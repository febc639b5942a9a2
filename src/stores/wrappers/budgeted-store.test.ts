import { describe, expect, it } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import { withDeadline } from '../../domain/request-deadline.ts'
import { type BudgetRates, ratesAt } from '../../domain/store-budget.ts'
import { chunked, expectFailure, putBytes, readAll, sampleBytes } from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { BudgetGate } from './budget-gate.ts'
import { budgetedStore } from './budgeted-store.ts'
import { drawFrom, localTokenClock, type TokenClock } from './token-clock.ts'

/** A clock that jumps to where somebody sleeps to. */
function jumpingTime() {
  const time = { at: 0, draws: 0 }
  const sleep = async (ms: number) => {
    const until = time.at + ms
    await new Promise(resolve => setImmediate(resolve))
    time.at = Math.max(time.at, until)
  }
  const clock = localTokenClock(() => time.at)
  const counted: TokenClock = {
    advance: (by, urgent) => {
      time.draws++
      return clock.advance(by, urgent)
    },
  }
  return { time, sleep, clock: counted }
}

const rates = (change: Partial<BudgetRates>): BudgetRates => ({
  requestsPerSecond: null,
  bytesPerSecond: null,
  ...change,
})

async function budgeted(limits: Partial<BudgetRates>) {
  const { time, sleep, clock } = jumpingTime()
  const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: 200 * MIB } })
  await memory.ensureContainer('c')
  const process = () => {
    const gate = new BudgetGate({
      draw: drawFrom(clock, () => rates(limits)),
      sleep,
      failed: error => {
        throw error
      },
    })
    const options = { gate, nowMs: () => time.at }
    return {
      background: budgetedStore(memory, { ...options, mayWait: true }),
      first: budgetedStore(memory, { ...options, mayWait: false }),
    }
  }
  return { time, memory, process, ...process() }
}

describe('a budgeted store', () => {
  it('makes no more requests per second than it may', async () => {
    const { time, background } = await budgeted({ requestsPerSecond: 10 })
    for (let request = 0; request < 101; request++) await background.list('c')
    expect(time.at).toBeGreaterThan(9_400)
    expect(time.at).toBeLessThan(10_100)
  })

  it('carries no more bytes per second than it may, whole and in pieces, both ways', async () => {
    const { time, background } = await budgeted({ bytesPerSecond: MIB })
    await putBytes(background, 'c', 'k', sampleBytes(4 * MIB))
    await readAll((await background.get('c', 'k')).body)
    await background.put('c', 'long', chunked(sampleBytes(20 * MIB), MIB), { size: 20 * MIB })
    expect(time.at).toBeGreaterThan(26_000)
    expect(time.at).toBeLessThan(28_500)
  })

  it('lets a brief request pass what waits for bytes', async () => {
    const { time, background } = await budgeted({ bytesPerSecond: 1 })
    await putBytes(background, 'c', 'k', sampleBytes(10))
    const puts = [1, 2, 3].map(size => putBytes(background, 'c', `k${size}`, sampleBytes(100)))
    await background.head('c', 'k')
    expect(time.at).toBe(0)
    await Promise.all(puts)
    expect(time.at).toBeGreaterThan(200_000)
  })

  it('keeps brief and other requests together below its requests per second', async () => {
    const { time, background } = await budgeted({ requestsPerSecond: 10, bytesPerSecond: MIB })
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await putBytes(background, 'c', `k${index}`, sampleBytes(10))
        await background.head('c', `k${index}`)
      }),
    )
    expect(time.at).toBeGreaterThan(9_000)
    expect(time.at).toBeLessThan(10_500)
  })

  it('is shared by all processes, and costs the same few draws however many they are', async () => {
    const { time, process } = await budgeted({ requestsPerSecond: 100 })
    const processes = Array.from({ length: 20 }, process)
    await Promise.all(
      processes.map(async ({ background }) => {
        for (let request = 0; request < 50; request++) await background.list('c')
      }),
    )
    expect(time.at).toBeGreaterThan(9_000)
    expect(time.at).toBeLessThan(10_500)
    expect(time.draws).toBeLessThan(60)
  })

  it('asks nobody where nothing limits', async () => {
    const { time, background, first } = await budgeted({})
    await Promise.all([background.list('c'), first.list('c'), putBytes(background, 'c', 'k', sampleBytes(9))])
    expect([time.at, time.draws]).toEqual([0, 0])
  })

  it('never lets those wait who come first, and lets the others wait for them', async () => {
    const { time, background, first } = await budgeted({ requestsPerSecond: 10 })
    for (let request = 0; request < 40; request++) await first.list('c')
    expect(time.at).toBe(0)
    await expect.poll(() => time.draws).toBe(1)
    await background.list('c')
    await background.list('c')
    await background.list('c')
    await background.list('c')
    expect(time.at).toBeGreaterThan(4_000)
  })

  it('lets nobody wait for long after a flood of those who come first', async () => {
    const { time, background, first } = await budgeted({ requestsPerSecond: 1 })
    for (let request = 0; request < 10_000; request++) await first.list('c')
    await expect.poll(() => time.draws).toBe(1)
    await background.list('c')
    expect(time.at).toBeLessThan(8_000)
  })

  it('begins the deadline of a request when its turn has come', async () => {
    const { time, background } = await budgeted({ bytesPerSecond: 1 })
    const outer = new AbortController()
    const timers: AbortController[] = []
    const timeoutSignal = () => {
      timers.push(new AbortController())
      return timers.at(-1)!.signal
    }
    await putBytes(background, 'c', 'k', sampleBytes(10))
    const signal = withDeadline({ signal: outer.signal, ms: 1_000, timeoutSignal })
    timers[0]!.abort(new DOMException('over', 'TimeoutError'))
    await background.put('c', 'k', sampleBytes(10), { size: 10, signal })
    expect(time.at).toBeGreaterThanOrEqual(10_000)
    expect(timers).toHaveLength(2)
  })

  it('ends waiting when its caller gives up, whatever the deadline', async () => {
    const { background } = await budgeted({ bytesPerSecond: 1 })
    const outer = new AbortController()
    const signal = withDeadline({
      signal: outer.signal,
      ms: 1_000,
      timeoutSignal: () => new AbortController().signal,
    })
    await putBytes(background, 'c', 'k', sampleBytes(10))
    const put = background.put('c', 'k', sampleBytes(10), { size: 10, signal })
    outer.abort()
    expect((await expectFailure(put, 'aborted')).retry).toBe('no')
  })

  it('lets those draw anew who wait when the budget is changed', async () => {
    let afterMs = 3_600_000
    const gate = new BudgetGate({
      draw: async need => ({ ...need, afterMs }),
      sleep: () => new Promise(() => undefined),
      failed: () => undefined,
    })
    const waiting = Promise.all([
      gate.take({ requests: 1, bytes: 0 }, undefined, 'brief'),
      gate.take({ requests: 1, bytes: 10 }, undefined),
    ])
    await new Promise(resolve => setImmediate(resolve))
    expect(gate.waiting).toBe(2)
    afterMs = 0
    gate.reconsider()
    await waiting
    expect(gate.waiting).toBe(0)
  })

  it('goes on when tokens could not be drawn for a while', async () => {
    let failures = 3
    const { sleep, time } = jumpingTime()
    const gate = new BudgetGate({
      draw: async need => {
        if (failures-- > 0) throw new Error('the database is away')
        return { ...need, afterMs: 0 }
      },
      sleep,
      failed: () => undefined,
    })
    await gate.take({ requests: 1, bytes: 0 }, undefined)
    expect(time.at).toBe(3_000)
  })
})

describe('the windows of a budget', () => {
  const at = (time: string) => Date.parse(`2026-03-10T${time}:00Z`)
  const office = { from: '08:00', to: '18:00', timeZone: 'Europe/Berlin', bytesPerSecond: 10 }

  it('are open by the clock of their zone', () => {
    expect(ratesAt([office], at('06:59')).bytesPerSecond).toBe(null)
    expect(ratesAt([office], at('07:00'))).toEqual({ bytesPerSecond: 10, requestsPerSecond: null })
    expect(ratesAt([office], at('17:00')).bytesPerSecond).toBe(null)
  })

  it('may go over midnight, and the first that is open holds', () => {
    const night = { from: '22:00', to: '06:00', requestsPerSecond: 5 }
    const always = { requestsPerSecond: 1 }
    const rate = (time: string) => ratesAt([night, always], at(time)).requestsPerSecond
    expect([rate('21:59'), rate('22:00'), rate('05:59'), rate('06:00')]).toEqual([1, 5, 5, 1])
  })
})
