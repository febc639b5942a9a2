import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { joinSignals } from './join-signals.ts'

const HOUR_MS = 3_600_000

it('aborts with the reason of whichever signal aborts first, also through signals that were joined before', () => {
  for (const which of [0, 1, 2]) {
    const controllers = [new AbortController(), new AbortController(), new AbortController()]
    const [first, second, third] = controllers.map(({ signal }) => signal)
    const joined = joinSignals([joinSignals([first!, second!]), third!, AbortSignal.timeout(HOUR_MS)])
    expect(joined.aborted).toBe(false)
    controllers[which]!.abort('this one')
    expect(joined.reason).toBe('this one')
    controllers[(which + 1) % 3]!.abort('too late')
    expect(joined.reason).toBe('this one')
  }
})

it('is aborted from the beginning when one of the signals is', () => {
  const joined = joinSignals([AbortSignal.timeout(HOUR_MS), AbortSignal.abort('before')])
  expect(joinSignals([new AbortController().signal, joined]).reason).toBe('before')
})

it('aborts when the time is over', async () => {
  const joined = joinSignals([joinSignals([AbortSignal.timeout(1), new AbortController().signal])])
  await expect.poll(() => joined.aborted).toBe(true)
  expect(joined.reason).toMatchObject({ name: 'TimeoutError' })
})

it('keeps nothing of signals that nobody has any more, while what they were joined of lives on', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const lasting = [new AbortController().signal, AbortSignal.timeout(HOUR_MS)]
  const made = Array.from({ length: 100 }, () => {
    const inner = joinSignals(lasting)
    const outer = joinSignals([inner, AbortSignal.timeout(HOUR_MS)])
    const onAbort = () => undefined
    outer.addEventListener('abort', onAbort)
    outer.removeEventListener('abort', onAbort)
    return [new WeakRef(inner), new WeakRef(outer)]
  }).flat()
  await expect
    .poll(async () => {
      collect()
      await nextTurn()
      return made.filter(signal => signal.deref() !== undefined).length
    })
    .toBe(0)
  expect(lasting.some(signal => signal.aborted)).toBe(false)
})
