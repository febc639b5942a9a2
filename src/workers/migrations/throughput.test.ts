import { describe, expect, it } from 'vitest'
import type { ThroughputSample } from '../../database/migrations/migration-throughput.ts'
import type { Migration } from '../../domain/migration.ts'
import { ThroughputCounter } from './throughput.ts'

/** A counter whose every sleep is one round: `rounds` are done while it sleeps, one each. */
async function told(rounds: readonly (() => void)[], make: (counter: ThroughputCounter) => void) {
  let now = 0
  const samples: (readonly ThroughputSample[])[] = []
  const counter = new ThroughputCounter({ now: () => now, tell: async one => void samples.push(one) })
  make(counter)
  const controller = new AbortController()
  const waiting = [...rounds]
  await counter.run(controller.signal, {
    sleep: async () => {
      now += 2_000
      waiting.shift()?.()
      if (waiting.length === 0) controller.abort()
    },
    timeoutSignal: () => controller.signal,
  })
  return samples
}

const at = (state: string, bytesCopied?: number, planId: string | null = 'plan') =>
  ({ state, planId, evidence: bytesCopied === undefined ? {} : { bytesCopied } }) as unknown as Migration

describe('what a mover did', () => {
  it('counts bytes while they are copied and the object at its switch, by plan', async () => {
    const job = { migration: at('planned') }
    const other = { migration: at('copying', 5, null) }
    let end: () => void = () => undefined
    const samples = await told(
      [
        () => {
          job.migration = at('copying', 100)
        },
        () => {
          job.migration = at('grace', 150)
          other.migration = at('copying', 7, null)
          end()
        },
      ],
      counter => {
        end = counter.begin(job)
        counter.begin(other)
      },
    )
    expect(samples).toEqual([
      [{ planId: 'plan', seconds: 2, objects: 0, bytes: 100 }],
      [
        { planId: 'plan', seconds: 2, objects: 1, bytes: 50 },
        { planId: null, seconds: 2, objects: 0, bytes: 2 },
      ],
    ])
  })

  it('counts neither what ended without a switch nor the end of grace', async () => {
    const aborted = { migration: at('copying', 0) }
    const ended = { migration: at('grace', 100) }
    const ends: (() => void)[] = []
    const samples = await told(
      [
        () => {
          aborted.migration = at('aborted', 0)
          ended.migration = at('done', 100)
          for (const end of ends) end()
        },
      ],
      counter => ends.push(counter.begin(aborted), counter.begin(ended)),
    )
    expect(samples).toEqual([])
  })
})
