import { expect } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import type { Promised } from './promised.ts'
import { expectFailure, putBytes, readAll, sampleBytes } from './samples.ts'

/** What `head` and `get` promise. */
export function describeReads(promised: Promised): void {
  promised('tells size, identity and date alike by put, head, get and list', async ({ store, container }) => {
    const { identity } = await putBytes(store, container, 'k', sampleBytes(1234))
    const head = await store.head(container, 'k')
    const { body, ...got } = await store.get(container, 'k')
    body.destroy()
    const [listed] = (await store.list(container)).objects
    expect(head).toMatchObject({ size: 1234, identity })
    expect(got).toMatchObject({ size: 1234, identity, bodySize: 1234, lastModified: head.lastModified })
    expect(listed).toMatchObject({ key: 'k', size: 1234 })
    if (listed!.etag !== null) expect(listed!.etag).toBe(identity.etag)
    // Stores tell dates in whole seconds or finer.
    expect(Math.abs(listed!.lastModified - head.lastModified)).toBeLessThan(1000)
    expect(Math.abs(Date.now() - head.lastModified)).toBeLessThan(3_600_000)
  })

  promised('reads ranges', async ({ store, container }) => {
    const bytes = sampleBytes(300_000)
    await putBytes(store, container, 'k', bytes)
    const ranges = [
      { start: 0, end: 0 },
      { start: 0, end: 299_999 },
      { start: 299_999, end: 299_999 },
      { start: 65_535, end: 200_001 },
    ]
    for (const range of ranges) {
      const got = await store.get(container, 'k', { range })
      expect(got).toMatchObject({ size: 300_000, bodySize: range.end - range.start + 1 })
      expect((await readAll(got.body)).equals(bytes.subarray(range.start, range.end + 1))).toBe(true)
    }
  })

  promised('cuts a range at the end of the object', async ({ store, container }) => {
    const bytes = sampleBytes(1000)
    await putBytes(store, container, 'k', bytes)
    const got = await store.get(container, 'k', { range: { start: 990, end: 5000 } })
    expect(got.bodySize).toBe(10)
    expect((await readAll(got.body)).equals(bytes.subarray(990))).toBe(true)
  })

  promised('refuses a range past the end', async ({ store, container }) => {
    await putBytes(store, container, 'k', sampleBytes(1000))
    await putBytes(store, container, 'empty', sampleBytes(0))
    const range = { start: 1000, end: 1001 }
    await expectFailure(store.get(container, 'k', { range }), 'range-not-satisfiable')
    const first = { start: 0, end: 0 }
    await expectFailure(store.get(container, 'empty', { range: first }), 'range-not-satisfiable')
    await expectFailure(store.get(container, 'k', { range: { start: 5, end: 4 } }), 'range-not-satisfiable')
  })

  promised('lets a reader give a body up', async ({ store, container }) => {
    await putBytes(store, container, 'k', sampleBytes(8 * MIB))
    for (let round = 0; round < 3; round++) {
      const unread = await store.get(container, 'k')
      unread.body.destroy()
      await expectFailure(readAll(unread.body), 'aborted')
      const { body } = await store.get(container, 'k')
      for await (const chunk of body) {
        expect(chunk.byteLength).toBeGreaterThan(0)
        break
      }
    }
    expect(await readAll((await store.get(container, 'k')).body)).toHaveLength(8 * MIB)
  })

  promised('lends chunks to readers beside those who keep theirs', async ({ store, container }) => {
    const bytes = sampleBytes(3 * MIB + 7)
    await putBytes(store, container, 'k', bytes)
    const kept = async () => readAll((await store.get(container, 'k')).body)
    const lent = async () => {
      const read: Buffer[] = []
      const { body } = await store.get(container, 'k', { areChunksLent: true })
      for await (const chunk of body) read.push(Buffer.from(chunk))
      return Buffer.concat(read)
    }
    const reads = [kept, lent, lent, kept, lent, kept].map(read => read())
    for (const read of await Promise.all(reads)) expect(read.equals(bytes)).toBe(true)
  })

  promised('stops a body when the signal aborts', async ({ store, container }) => {
    await putBytes(store, container, 'k', sampleBytes(8 * MIB))
    const controller = new AbortController()
    const { body } = await store.get(container, 'k', { signal: controller.signal })
    const reading = (async () => {
      for await (const chunk of body) if (chunk.byteLength > 0) controller.abort()
    })()
    await expectFailure(reading, 'aborted')
  })

  promised('reads the bytes of one object while it is overwritten', async ({ store, container }) => {
    const former = sampleBytes(4 * MIB, 'former')
    const next = sampleBytes(4 * MIB, 'next')
    await putBytes(store, container, 'k', former)
    const { body } = await store.get(container, 'k')
    await putBytes(store, container, 'k', next)
    const read = await readAll(body)
    expect(read.equals(former) || read.equals(next)).toBe(true)
  })
}
