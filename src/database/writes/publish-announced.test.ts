import { describe, expect, it } from 'vitest'
import { SECOND } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import type { AnnouncePublication } from './publications-in-flight.ts'
import { publishAnnounced } from './publish-announced.ts'

/** Time that passes when it is told to. */
class SlowClock {
  now = 0
  readonly #timers: { readonly at: number; readonly ring: () => void }[] = []

  timeoutSignal(ms: number): AbortSignal {
    const controller = new AbortController()
    const ring = () => controller.abort(new DOMException('too late', 'TimeoutError'))
    this.#timers.push({ at: this.now + ms, ring })
    return controller.signal
  }

  /** Second after second, with everything that follows from each. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.now += SECOND
      for (const timer of [...this.#timers]) {
        if (timer.at > this.now) continue
        this.#timers.splice(this.#timers.indexOf(timer), 1)
        timer.ring()
      }
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

describe('a publication under way', () => {
  function world(renewals: { readonly fail: boolean } = { fail: false }) {
    const clock = new SlowClock()
    const told = { announced: 0, renewed: 0, withdrawn: 0 }
    const announce: AnnouncePublication = async () => {
      told.announced++
      return {
        renew: async () => {
          told.renewed++
          if (renewals.fail) throw new Error('the database is away')
        },
        withdraw: async () => void told.withdrawn++,
      }
    }
    const run = <T>(send: (announced: AbortSignal) => Promise<T>, confirmLock = async () => undefined) =>
      publishAnnounced(
        {
          announce,
          place: { objectId: newId(), storeId: newId(), container: 'data' },
          confirmLock: async () => void (await confirmLock()),
          now: () => clock.now,
          timeoutSignal: ms => clock.timeoutSignal(ms),
          mayStillLand: () => true,
        },
        send,
      )
    return { clock, told, run }
  }

  const untilCut = (announced: AbortSignal) =>
    new Promise<never>((_, reject) =>
      announced.addEventListener('abort', () => reject(announced.reason as Error), { once: true }),
    )

  it('is announced for as long as it takes', async () => {
    const { clock, told, run } = world()
    let answer: (value: string) => void = () => undefined
    let isCut = false
    const published = run(announced => {
      announced.addEventListener('abort', () => (isCut = true))
      return new Promise<string>(resolve => (answer = resolve))
    })
    await clock.pass(60)
    expect(isCut).toBe(false)
    answer('done')
    expect(await published).toBe('done')
    const { renewed } = told
    expect(renewed).toBeGreaterThan(15)
    await clock.pass(60)
    expect(told).toEqual({ announced: 1, renewed, withdrawn: 1 })
    expect(isCut).toBe(false)
  })

  it('is given up when it cannot be renewed in time, and stays announced', async () => {
    const { clock, told, run } = world({ fail: true })
    let cutAt = 0
    const published = run(announced => {
      announced.addEventListener('abort', () => (cutAt = clock.now))
      return untilCut(announced)
    })
    const failed = expect(published).rejects.toThrow('too late')
    await clock.pass(30)
    await failed
    expect(cutAt).toBe(10 * SECOND)
    expect(told.withdrawn).toBe(0)
  })

  it('is announced anew by whoever slept while it was under way and gives it up', async () => {
    const { clock, told, run } = world({ fail: true })
    const published = run(untilCut)
    const failed = expect(published).rejects.toThrow('too late')
    await clock.pass(10)
    await failed
    expect(told).toMatchObject({ announced: 2, withdrawn: 0 })
  })

  it('is not begun by whoever slept after it was announced', async () => {
    const { clock, told, run } = world()
    let isSent = false
    const published = run(
      async () => {
        isSent = true
      },
      async () => {
        clock.now += 11 * SECOND
      },
    )
    await expect(published).rejects.toThrow('may still land')
    expect({ isSent, withdrawn: told.withdrawn }).toEqual({ isSent: false, withdrawn: 1 })
  })
})
