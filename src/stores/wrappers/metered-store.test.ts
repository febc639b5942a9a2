import { describe, expect, it } from 'vitest'
import { GIB } from '../../domain/bytes.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { meteredStore, type StoreCall } from './metered-store.ts'

const inner = () => createMemoryStore({ name: 'memory', settings: { capacityBytes: GIB } })

describeObjectStore({
  name: 'memory, metered',
  keepsEveryKey: true,
  newStore: async () => ({
    store: meteredStore(inner(), { report: () => undefined, nowMs: () => 0 }),
    dispose: async () => undefined,
  }),
})

describe('a metered store', () => {
  it('reports each call with its outcome and its seconds', async () => {
    const calls: StoreCall[] = []
    let now = 0
    const store = meteredStore(inner(), {
      report: call => calls.push(call),
      nowMs: () => {
        now += 250
        return now
      },
    })
    await store.ensureContainer('c')
    await expect(store.head('c', 'nothing')).rejects.toThrow()
    expect(calls).toEqual([
      { store: 'memory', operation: 'ensureContainer', outcome: 'ok', seconds: 0.25 },
      { store: 'memory', operation: 'head', outcome: 'not-found', seconds: 0.25 },
    ])
  })
})
