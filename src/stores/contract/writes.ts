import { expect } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import type { Promised } from './promised.ts'
import { chunked, digestsOf, expectFailure, listKeys, putBytes, readObject, sampleBytes } from './samples.ts'

/** What `put`, `delete` and `ensureContainer` promise. */
export function describeWrites(promised: Promised): void {
  promised('keeps 0 bytes', async ({ store, container }) => {
    await putBytes(store, container, 'empty', Buffer.alloc(0))
    expect((await store.head(container, 'empty')).size).toBe(0)
    expect(await readObject(store, container, 'empty')).toHaveLength(0)
  })

  promised('keeps a streamed body of several chunks', async ({ store, container }) => {
    const bytes = sampleBytes(3 * MIB + 17)
    await store.put(container, 'streamed', chunked(bytes), { size: bytes.length })
    expect((await readObject(store, container, 'streamed')).equals(bytes)).toBe(true)
  })

  promised('keeps a streamed body of 0 bytes', async ({ store, container }) => {
    await store.put(container, 'empty', chunked(Buffer.alloc(0)), { size: 0 })
    expect((await store.head(container, 'empty')).size).toBe(0)
  })

  promised('keeps its own copy of the bytes it was given', async ({ store, container }) => {
    const bytes = sampleBytes(100)
    const before = Buffer.from(bytes)
    await putBytes(store, container, 'own', bytes)
    bytes.fill(0)
    expect((await readObject(store, container, 'own')).equals(before)).toBe(true)
  })

  promised('overwrites whole objects', async ({ store, container }) => {
    const first = await putBytes(store, container, 'twice', sampleBytes(1000, 'first'))
    const second = await putBytes(store, container, 'twice', sampleBytes(10, 'second'))
    expect(second.identity).not.toEqual(first.identity)
    expect((await readObject(store, container, 'twice')).equals(sampleBytes(10, 'second'))).toBe(true)
  })

  promised('refuses a body that ends early and keeps the former bytes', async ({ store, container }) => {
    const former = sampleBytes(10, 'former')
    await putBytes(store, container, 'short', former)
    const body = chunked(sampleBytes(200_000))
    await expectFailure(store.put(container, 'short', body, { size: 200_001 }), 'truncated')
    await expectFailure(store.put(container, 'short', sampleBytes(9), { size: 10 }), 'truncated')
    expect((await readObject(store, container, 'short')).equals(former)).toBe(true)
  })

  promised(
    'refuses a body that ends early though its digests are those of the whole',
    async ({ store, container }) => {
      const whole = sampleBytes(300_000)
      const digests = await digestsOf(whole)
      for (const given of [
        digests,
        { sha256: digests.sha256 },
        { md5: digests.md5 },
        { crc64nvme: digests.crc64nvme },
        { crc32c: digests.crc32c },
      ]) {
        const body = chunked(whole.subarray(0, 200_000))
        await expectFailure(
          store.put(container, 'short', body, { size: 300_000, digests: given }),
          'truncated',
        )
      }
      expect(await listKeys(store, container)).toEqual([])
    },
  )

  promised('refuses a body that is too long and shows nothing of it', async ({ store, container }) => {
    await expectFailure(
      store.put(container, 'long', chunked(sampleBytes(200_000)), { size: 199_999 }),
      'truncated',
    )
    await expectFailure(store.put(container, 'long', sampleBytes(10), { size: 9 }), 'truncated')
    await expectFailure(store.put(container, 'long', sampleBytes(10), { size: 0 }), 'truncated')
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('refuses a body that fails and shows nothing of it', async ({ store, container }) => {
    async function* broken() {
      yield sampleBytes(70_000)
      throw new Error('the source went away')
    }
    const error = await expectFailure(
      store.put(container, 'broken', broken(), { size: 140_000 }),
      'truncated',
    )
    expect(error.cause).toBeInstanceOf(Error)
    expect(await listKeys(store, container)).toEqual([])
  })

  for (const name of ['sha256', 'md5', 'crc64nvme', 'crc32c'] as const) {
    promised(`checks a given ${name} before the object becomes visible`, async ({ store, container }) => {
      const bytes = sampleBytes(200_000)
      const right = { [name]: (await digestsOf(bytes))[name] }
      const wrong = { [name]: (await digestsOf(sampleBytes(200_000, 'other')))[name] }
      const size = bytes.length
      await expectFailure(
        store.put(container, 'k', chunked(bytes), { size, digests: wrong }),
        'digest-mismatch',
      )
      await expectFailure(store.put(container, 'k', bytes, { size, digests: wrong }), 'digest-mismatch')
      expect(await listKeys(store, container)).toEqual([])
      await store.put(container, 'k', chunked(bytes), { size, digests: right })
      await store.put(container, 'k', bytes, { size, digests: right })
      expect((await readObject(store, container, 'k')).equals(bytes)).toBe(true)
    })
  }

  promised('reports the digests it says it reports', async ({ store, container }) => {
    const bytes = sampleBytes(100_000)
    const all = await digestsOf(bytes)
    for (const name of store.capabilities.reportedDigests) {
      await store.put(container, name, bytes, { size: bytes.length, digests: { [name]: all[name] } })
      expect((await store.head(container, name)).digests).toMatchObject({ [name]: all[name] })
    }
  })

  promised('shows nothing of a cancelled upload', async ({ store, container }) => {
    const controller = new AbortController()
    async function* endless() {
      yield sampleBytes(70_000)
      yield sampleBytes(70_000)
      controller.abort()
      await new Promise(() => undefined)
    }
    const upload = store.put(container, 'cancelled', endless(), {
      size: 1_000_000,
      signal: controller.signal,
    })
    await expectFailure(upload, 'aborted')
    expect(await listKeys(store, container)).toEqual([])
    await expectFailure(store.head(container, 'cancelled'), 'not-found')
  })

  promised('does nothing when the signal has aborted already', async ({ store, container }) => {
    await putBytes(store, container, 'there', sampleBytes(10))
    const signal = AbortSignal.abort()
    await expectFailure(store.put(container, 'k', sampleBytes(10), { size: 10, signal }), 'aborted')
    await expectFailure(store.head(container, 'there', { signal }), 'aborted')
    await expectFailure(store.get(container, 'there', { signal }), 'aborted')
    await expectFailure(store.delete(container, 'there', { signal }), 'aborted')
    await expectFailure(store.list(container, { signal }), 'aborted')
    await expectFailure(store.ensureContainer(container, { signal }), 'aborted')
    expect(await listKeys(store, container)).toEqual(['there'])
  })

  promised(
    'gives one or the other after concurrent overwrites, never a mix',
    async ({ store, container }) => {
      const bodies = Array.from({ length: 8 }, (_, index) => sampleBytes(300_000 + index, `writer ${index}`))
      const writes = bodies.map(bytes =>
        store.put(container, 'raced', chunked(bytes), { size: bytes.length }),
      )
      // Reads during the race see nothing yet or one whole body.
      const early = await readObject(store, container, 'raced').catch(() => null)
      const outcomes = await Promise.all(writes)
      const late = await readObject(store, container, 'raced')
      if (early !== null) expect(bodies.some(bytes => bytes.equals(early))).toBe(true)
      const winner = bodies.findIndex(bytes => bytes.equals(late))
      expect(winner).toBeGreaterThanOrEqual(0)
      expect((await store.head(container, 'raced')).identity).toEqual(outcomes[winner]!.identity)
    },
  )

  promised('keeps concurrent writes of different keys apart', async ({ store, container }) => {
    const keys = Array.from({ length: 40 }, (_, index) => `a/${index % 4}/${index}`)
    await Promise.all(keys.map(key => putBytes(store, container, key, Buffer.from(key))))
    const read = await Promise.all(keys.map(key => readObject(store, container, key)))
    expect(read.map(String)).toEqual(keys)
  })

  promised('deletes, and deleting what is not there is no error', async ({ store, container }) => {
    await putBytes(store, container, 'a/b', sampleBytes(10))
    await store.delete(container, 'a/b')
    await store.delete(container, 'a/b')
    await store.delete(container, 'never/was/there')
    await expectFailure(store.head(container, 'a/b'), 'not-found')
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('makes a container again without an error or a loss', async ({ store, container }) => {
    await putBytes(store, container, 'kept', sampleBytes(10))
    await store.ensureContainer(container)
    expect(await listKeys(store, container)).toEqual(['kept'])
  })

  promised('tells a missing container from a missing object', async ({ store, container }) => {
    const missing = `${container}-missing`
    await expectFailure(store.head(missing, 'k'), 'container-not-found')
    await expectFailure(store.get(missing, 'k'), 'container-not-found')
    await expectFailure(putBytes(store, missing, 'k', sampleBytes(10)), 'container-not-found')
    await expectFailure(store.delete(missing, 'k'), 'container-not-found')
    await expectFailure(store.list(missing), 'container-not-found')
    await expectFailure(store.head(container, 'k'), 'not-found')
    await expectFailure(store.get(container, 'k'), 'not-found')
  })
}
