import { describe, expect, it } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import { type FaultRule, problemOfFaultRule } from '../../domain/fault.ts'
import {
  chunked,
  digestsOf,
  expectFailure,
  listKeys,
  putBytes,
  readObject,
  sampleBytes,
} from '../contract/samples.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { faultyStore } from './faulty-store.ts'

const BYTES = sampleBytes(1_000)

async function faulty(...rules: FaultRule[]) {
  const honest = createMemoryStore({ name: 'm', settings: { capacityBytes: 10 * MIB } })
  await honest.ensureContainer('c')
  await putBytes(honest, 'c', 'old', BYTES)
  const happened: string[] = []
  const active = { is: true }
  let state = 1
  const random = () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
  const store = faultyStore(honest, {
    rules,
    random,
    happened: (rule, operation) => happened.push(`${rule.fault} ${operation}`),
    isActive: () => active.is,
  })
  return { honest, store, happened, active }
}

/** Bits in which two bodies of one length differ. */
function differingBits(left: Buffer, right: Buffer): number {
  let bits = 0
  for (let index = 0; index < left.length; index++) {
    for (let rest = left[index]! ^ right[index]!; rest > 0; rest >>= 1) bits += rest & 1
  }
  return bits
}

describe('a faulty store', () => {
  it('flips one bit of what is read, and of what is kept', async () => {
    const reads = await faulty({ fault: 'flips', on: ['get'] })
    expect(differingBits(await readObject(reads.store, 'c', 'old'), BYTES)).toBe(1)
    const writes = await faulty({ fault: 'flips', on: ['put'] })
    const digests = await digestsOf(BYTES)
    await writes.store.put('c', 'k', chunked(BYTES, 64), { size: BYTES.length, digests })
    expect(differingBits(await readObject(writes.honest, 'c', 'k'), BYTES)).toBe(1)
  })

  it('loses the last byte of what is read, and of what is kept', async () => {
    const { store, honest } = await faulty({ fault: 'truncates' })
    expect(await readObject(store, 'c', 'old')).toEqual(BYTES.subarray(0, -1))
    await putBytes(store, 'c', 'k', BYTES)
    expect(await readObject(honest, 'c', 'k')).toEqual(BYTES.subarray(0, -1))
    await putBytes(store, 'c', 'empty', Buffer.alloc(0))
  })

  it('damages parts of an upload', async () => {
    const { store, honest } = await faulty({ fault: 'flips', on: ['multipart.putPart'] })
    const { uploadId } = await store.multipart!.create('c', 'k', {})
    const part = await store.multipart!.putPart('c', 'k', uploadId, 1, BYTES, { size: BYTES.length })
    await store.multipart!.complete('c', 'k', uploadId, [{ partNumber: 1, etag: part.etag }])
    expect(differingBits(await readObject(honest, 'c', 'k'), BYTES)).toBe(1)
  })

  it('cuts a connection in the middle of a body and keeps nothing of it', async () => {
    const { store, honest } = await faulty({ fault: 'cut' })
    await expectFailure(readObject(store, 'c', 'old'), 'truncated')
    await expectFailure(putBytes(store, 'c', 'k', BYTES), 'truncated')
    await expectFailure(honest.head('c', 'k'), 'not-found')
  })

  it('refuses before anything happens', async () => {
    const { store, honest } = await faulty({ fault: 'refused', refusal: 'unreachable' })
    expect((await expectFailure(putBytes(store, 'c', 'k', BYTES), 'unreachable')).retry).toBe('yes')
    await expectFailure(honest.head('c', 'k'), 'not-found')
  })

  it('loses the answer of what happened', async () => {
    const { store, honest } = await faulty({ fault: 'answer-lost' })
    const failure = await expectFailure(putBytes(store, 'c', 'k', BYTES), 'unreachable')
    expect(failure.retry).toBe('unknown-outcome')
    expect(await readObject(honest, 'c', 'k')).toEqual(BYTES)
  })

  it('reports success for what it did not keep', async () => {
    const { store, honest } = await faulty({ fault: 'write-lost' })
    const { identity } = await putBytes(store, 'c', 'k', BYTES)
    expect(identity.etag).toMatch(/^[0-9a-f]{32}$/)
    await expectFailure(honest.head('c', 'k'), 'not-found')
    await store.delete('c', 'old')
    expect(await readObject(honest, 'c', 'old')).toEqual(BYTES)
  })

  it('shows what was there before the last change', async () => {
    const { store } = await faulty({ fault: 'stale' })
    await putBytes(store, 'c', 'old', sampleBytes(5))
    await putBytes(store, 'c', 'new', sampleBytes(5))
    expect(await readObject(store, 'c', 'old')).toEqual(BYTES)
    expect((await store.head('c', 'old')).size).toBe(1_000)
    await expectFailure(store.head('c', 'new'), 'not-found')
    expect(await listKeys(store, 'c')).toEqual(['old'])
  })

  it('reports digests that the bytes do not have', async () => {
    const { store } = await faulty({ fault: 'wrong-digest' })
    const digests = await digestsOf(BYTES)
    await store.put('c', 'k', BYTES, { size: BYTES.length, digests })
    const reported = (await store.head('c', 'k')).digests
    expect(reported.sha256).not.toBe(digests.sha256)
    expect(reported.sha256).toHaveLength(64)
  })

  it('hangs until its caller gives up, and never asks', async () => {
    const { store, honest } = await faulty({ fault: 'hangs' })
    const controller = new AbortController()
    const put = store.put('c', 'k', BYTES, { size: BYTES.length, signal: controller.signal })
    setImmediate(() => controller.abort())
    expect((await expectFailure(put, 'aborted')).retry).toBe('unknown-outcome')
    await expectFailure(honest.head('c', 'k'), 'not-found')
  })

  it('takes longer', async () => {
    const { store } = await faulty({ fault: 'delayed', delayMs: 1 })
    expect(await readObject(store, 'c', 'old')).toEqual(BYTES)
  })

  it('hits what its rules name and nothing else, and tells of each fault', async () => {
    const { store, happened } = await faulty(
      { fault: 'refused', on: ['head'], keyPrefix: 'logs/', nth: 2 },
      { fault: 'refused', on: ['list'], probability: 0 },
    )
    await expectFailure(store.head('c', 'logs/1'), 'not-found')
    await store.head('c', 'old')
    await expectFailure(store.head('c', 'logs/2'), 'throttled')
    await expectFailure(store.head('c', 'logs/3'), 'not-found')
    await store.list('c')
    expect(happened).toEqual(['refused head'])
  })

  it('makes the same faults from the same numbers', async () => {
    const fates = async () => {
      const { store } = await faulty({ fault: 'refused', probability: 0.5 })
      const asked = Array.from({ length: 50 }, () =>
        store.list('c').then(
          () => 1,
          () => 0,
        ),
      )
      return Promise.all(asked)
    }
    const first = await fates()
    expect(await fates()).toEqual(first)
    expect(new Set(first).size).toBe(2)
  })

  it('is a plain store as soon as its time is over', async () => {
    const { store, active } = await faulty({ fault: 'refused' })
    await expectFailure(store.list('c'), 'throttled')
    active.is = false
    await store.list('c')
  })

  it('refuses rules that make no sense', () => {
    expect(problemOfFaultRule({ fault: 'stale', on: ['put'] })).toMatch(/cannot happen to put/)
    expect(problemOfFaultRule({ fault: 'flips', probability: 2 })).toMatch(/between 0 and 1/)
    expect(problemOfFaultRule({ fault: 'flips', nth: 0 })).toMatch(/whole number/)
    expect(problemOfFaultRule({ fault: 'delayed', delayMs: -1 })).toMatch(/milliseconds/)
    expect(problemOfFaultRule({ fault: 'flips' })).toBe(null)
  })
})
