import { expect, it } from 'vitest'
import { whileHeld } from './held-lease.ts'

class Lost extends Error {}
const live = new AbortController().signal

/** A lease whose renewals a test answers one by one, without time passing. */
function aLease(answers: readonly ('renewed' | 'failed' | 'lost')[]) {
  const renewals: string[] = []
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const lease = {
    seconds: 30,
    isLost: (error: unknown) => error instanceof Lost,
    async renew() {
      const answer = answers[renewals.length] ?? 'renewed'
      renewals.push(answer)
      if (renewals.length === answers.length) end()
      if (answer === 'lost') throw new Lost('taken over')
      if (answer === 'failed') throw new Error('the database is away')
    },
    timers: {
      timeoutSignal: () => live,
      sleep: (ms: number, signal: AbortSignal) => {
        expect(ms).toBe(10_000)
        return renewals.length < answers.length
          ? Promise.resolve()
          : new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      },
    },
  }
  return { lease, over, renewals }
}

it('renews while the work goes on, also after a renewal that failed, and ends with it', async () => {
  const { lease, over, renewals } = aLease(['renewed', 'failed', 'renewed'])
  expect(await whileHeld(lease, live, () => over.then(() => 'done'))).toBe('done')
  expect(renewals).toEqual(['renewed', 'failed', 'renewed'])
})

it('aborts the work of a lease that was lost, and says so', async () => {
  const { lease } = aLease(['renewed', 'lost'])
  const work = (signal: AbortSignal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')))
    })
  await expect(whileHeld(lease, live, work)).rejects.toBeInstanceOf(Lost)
})

it('rejects as the work does, and aborts what it left under way', async () => {
  const { lease } = aLease([])
  let left: AbortSignal | undefined
  const work = async (signal: AbortSignal) => {
    left = signal
    throw new Error('the store is away')
  }
  await expect(whileHeld(lease, live, work)).rejects.toThrow('the store is away')
  expect(left!.aborted).toBe(true)
})
