import { describe, expect, it } from 'vitest'
import { GIB } from '../../domain/bytes.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { expectFailure, listKeys, putBytes, readAll, sampleBytes } from '../contract/samples.ts'
import { createMemoryStore } from './memory-store.ts'

describeObjectStore({
  name: 'memory',
  keepsEveryKey: true,
  newStore: async () => ({
    store: createMemoryStore({
      name: 'memory',
      settings: { capacityBytes: GIB },
      archive: { classes: ['DEEP_ARCHIVE'], restoreMs: 20 },
    }),
    dispose: async () => undefined,
  }),
})

describe('memory store', () => {
  const newStore = async (capacityBytes: number) => {
    const store = createMemoryStore({ name: 'memory', settings: { capacityBytes } })
    await store.ensureContainer('c')
    return store
  }

  it('refuses what does not fit, keeps what is there, and takes it once there is room', async () => {
    const store = await newStore(100)
    await putBytes(store, 'c', 'a', sampleBytes(60))
    await expectFailure(putBytes(store, 'c', 'b', sampleBytes(41)), 'store-full')
    expect(await listKeys(store, 'c')).toEqual(['a'])
    await store.delete('c', 'a')
    await putBytes(store, 'c', 'b', sampleBytes(41))
  })

  it('gives room back after refused writes, overwrites and aborted uploads', async () => {
    const store = await newStore(100)
    for (let round = 0; round < 5; round++) {
      await expectFailure(store.put('c', 'k', sampleBytes(59), { size: 60 }), 'truncated')
      const condition = { kind: 'identity', identity: { etag: 'none', versionId: null } } as const
      await expectFailure(
        store.put('c', 'k', sampleBytes(40), { size: 40, condition }),
        'precondition-failed',
      )
      await putBytes(store, 'c', 'k', sampleBytes(40))
      const { uploadId } = await store.multipart.create('c', 'k', {})
      await store.multipart.putPart('c', 'k', uploadId, 1, sampleBytes(50), { size: 50 })
      await store.multipart.putPart('c', 'k', uploadId, 1, sampleBytes(10), { size: 10 })
      await store.multipart.abort('c', 'k', uploadId)
      const { uploadId: next } = await store.multipart.create('c', 'k', {})
      const { etag } = await store.multipart.putPart('c', 'k', next, 1, sampleBytes(30), { size: 30 })
      await store.multipart.complete('c', 'k', next, [{ partNumber: 1, etag }])
      await store.delete('c', 'k')
    }
    await putBytes(store, 'c', 'all', sampleBytes(100))
  })

  it('seeds objects whose bytes are computed when read', async () => {
    const store = await newStore(1)
    const keys = Array.from({ length: 2500 }, (_, index) => `seed/${String(index).padStart(6, '0')}`)
    store.seed(
      'c',
      keys.map(key => ({ key, size: 100_000 })),
    )
    expect(await listKeys(store, 'c')).toEqual(keys)
    const whole = await readAll((await store.get('c', keys[7]!)).body)
    const part = await readAll(
      (await store.get('c', keys[7]!, { range: { start: 70_001, end: 70_100 } })).body,
    )
    expect(whole).toHaveLength(100_000)
    expect(part.equals(whole.subarray(70_001, 70_101))).toBe(true)
    expect(whole.equals(await readAll((await store.get('c', keys[8]!)).body))).toBe(false)
  })
})
