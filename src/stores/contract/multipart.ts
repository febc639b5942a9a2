import { expect } from 'vitest'
import type { MultipartStore, ObjectStore } from '../object-store.ts'
import type { Bench, Promised } from './promised.ts'
import { chunked, digestsOf, expectFailure, listKeys, putBytes, readObject, sampleBytes } from './samples.ts'

/** Part lengths that every store takes: all but the last as long as the store's shortest. */
function partLengths(store: ObjectStore): readonly [number, number, number] {
  const shortest = store.capabilities.multipart!.partSizeMin
  return [shortest, shortest + 3, 7]
}

/** What uploads in parts promise. A store without them has neither the capability nor the member. */
export function describeMultipart(promised: Promised): void {
  promised('has uploads in parts exactly when it says so', async ({ store }) => {
    expect(store.multipart !== undefined).toBe(store.capabilities.multipart !== null)
  })

  const inParts = (behaviour: string, test: (bench: Bench, multipart: MultipartStore) => Promise<void>) =>
    promised(behaviour, async bench => {
      if (bench.store.multipart === undefined) return bench.skip('it has no uploads in parts')
      await test(bench, bench.store.multipart)
    })

  inParts('makes one object of parts that came in any order', async ({ store, container }, multipart) => {
    const pieces = partLengths(store).map((length, index) => sampleBytes(length, `part ${index}`))
    const facts = { headers: { contentType: 'text/x' }, metadata: { a: 'Grüße' } }
    const { uploadId } = await multipart.create(container, 'k', facts)
    const parts = []
    for (const index of [2, 0, 1]) {
      const bytes = pieces[index]!
      const body = index === 1 ? bytes : chunked(bytes)
      const { etag } = await multipart.putPart(container, 'k', uploadId, index + 1, body, {
        size: bytes.length,
      })
      parts.push({ partNumber: index + 1, etag })
    }
    expect(await listKeys(store, container)).toEqual([])
    await expectFailure(store.head(container, 'k'), 'not-found')
    parts.sort((left, right) => left.partNumber - right.partNumber)
    const { identity } = await multipart.complete(container, 'k', uploadId, parts)
    const head = await store.head(container, 'k')
    expect(head.identity).toEqual(identity)
    expect(head.metadata).toEqual(facts.metadata)
    expect(head.headers).toMatchObject(facts.headers)
    expect((await readObject(store, container, 'k')).equals(Buffer.concat(pieces))).toBe(true)
    expect(await listKeys(store, container)).toEqual(['k'])
  })

  inParts('reports the digests of parts it can be trusted with', async ({ store, container }, multipart) => {
    const { reportedDigests } = store.capabilities.multipart!
    const pieces = partLengths(store).map((length, index) => sampleBytes(length, `part ${index}`))
    const { uploadId } = await multipart.create(container, 'k', {})
    const parts = []
    for (const [index, bytes] of pieces.entries()) {
      const { crc64nvme } = await digestsOf(bytes)
      const options = { size: bytes.length, digests: { crc64nvme } }
      const { etag } = await multipart.putPart(container, 'k', uploadId, index + 1, bytes, options)
      parts.push({ partNumber: index + 1, etag })
    }
    await multipart.complete(container, 'k', uploadId, parts)
    const { digests } = await store.head(container, 'k')
    const expected = await digestsOf(Buffer.concat(pieces))
    for (const name of reportedDigests)
      expect({ name, digest: digests[name] }).toEqual({ name, digest: expected[name] })
    expect(reportedDigests.filter(name => !store.capabilities.reportedDigests.includes(name))).toEqual([])
    const claimed = store.capabilities.reportedDigests.filter(name => digests[name] !== undefined)
    for (const name of claimed) expect(digests[name]).toBe(expected[name])
  })

  inParts(
    'uses the parts that are named, the last upload of each',
    async ({ store, container }, multipart) => {
      const { uploadId } = await multipart.create(container, 'k', {})
      const former = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10, 'a'), { size: 10 })
      const next = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(12, 'b'), { size: 12 })
      await multipart.putPart(container, 'k', uploadId, 2, sampleBytes(10, 'unused'), { size: 10 })
      const stale = [{ partNumber: 1, etag: former.etag }]
      await expectFailure(multipart.complete(container, 'k', uploadId, stale), 'invalid-part')
      await multipart.complete(container, 'k', uploadId, [{ partNumber: 1, etag: next.etag }])
      expect((await readObject(store, container, 'k')).equals(sampleBytes(12, 'b'))).toBe(true)
    },
  )

  inParts(
    'refuses wrong, missing and disordered parts and stays open',
    async ({ store, container }, multipart) => {
      const [length] = partLengths(store)
      const { uploadId } = await multipart.create(container, 'k', {})
      const one = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(length, '1'), {
        size: length,
      })
      const two = await multipart.putPart(container, 'k', uploadId, 2, sampleBytes(length, '2'), {
        size: length,
      })
      const first = { partNumber: 1, etag: one.etag }
      const second = { partNumber: 2, etag: two.etag }
      const wrong = { partNumber: 2, etag: '00000000000000000000000000000000' }
      for (const parts of [[first, wrong], [second, first], [first, { partNumber: 3, etag: two.etag }], []]) {
        await expectFailure(multipart.complete(container, 'k', uploadId, parts), 'invalid-part')
      }
      expect(await listKeys(store, container)).toEqual([])
      await multipart.complete(container, 'k', uploadId, [first, second])
      expect((await store.head(container, 'k')).size).toBe(2 * length)
    },
  )

  inParts('refuses a part that ends early, is too long or is cancelled', async ({ container }, multipart) => {
    const { uploadId } = await multipart.create(container, 'k', {})
    const putPart = (length: number, size: number) =>
      multipart.putPart(container, 'k', uploadId, 1, chunked(sampleBytes(length)), { size })
    await expectFailure(putPart(99_999, 100_000), 'truncated')
    await expectFailure(putPart(100_001, 100_000), 'truncated')
    const signal = AbortSignal.abort()
    const cancelled = multipart.putPart(container, 'k', uploadId, 1, sampleBytes(9), { size: 9, signal })
    await expectFailure(cancelled, 'aborted')
    await expectFailure(multipart.complete(container, 'k', uploadId, []), 'invalid-part')
    await multipart.abort(container, 'k', uploadId)
  })

  inParts('forgets an aborted upload', async ({ store, container }, multipart) => {
    const { uploadId } = await multipart.create(container, 'k', {})
    const { etag } = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10), { size: 10 })
    await multipart.abort(container, 'k', uploadId)
    await multipart.abort(container, 'k', uploadId)
    const late = multipart.putPart(container, 'k', uploadId, 2, sampleBytes(10), { size: 10 })
    await expectFailure(late, 'upload-not-found')
    const parts = [{ partNumber: 1, etag }]
    await expectFailure(multipart.complete(container, 'k', uploadId, parts), 'upload-not-found')
    expect(await listKeys(store, container)).toEqual([])
  })

  inParts('lists the uploads at a key until they end', async ({ container, skip }, multipart) => {
    if (multipart.list === undefined) return skip('it cannot list uploads in parts')
    const begin = async (key: string) => (await multipart.create(container, key, {})).uploadId
    const listed = async (key: string) =>
      (await multipart.list!(container, key)).map(({ uploadId }) => uploadId).sort()
    const key = 'a b+ü'
    expect(await listed(key)).toEqual([])
    const [one, two, longer] = [await begin(key), await begin(key), await begin(`${key}/longer`)]
    expect(await listed(key)).toEqual([one, two].sort())
    for (const { startedAt } of await multipart.list(container, key)) {
      expect(Math.abs(startedAt - Date.now())).toBeLessThan(3_600_000)
    }
    await multipart.abort(container, key, one!)
    const { etag } = await multipart.putPart(container, key, two!, 1, sampleBytes(10), { size: 10 })
    expect(await listed(key)).toEqual([two])
    await multipart.complete(container, key, two!, [{ partNumber: 1, etag }])
    expect(await listed(key)).toEqual([])
    expect(await listed(`${key}/longer`)).toEqual([longer])
    await expectFailure(multipart.list(`${container}-missing`, key), 'container-not-found')
    const all = await multipart.listAll!(container)
    expect(all.uploads.map(upload => [upload.key, upload.uploadId])).toEqual([[`${key}/longer`, longer]])
    expect(all.cursor).toBeNull()
  })

  inParts('completes an upload once', async ({ store, container }, multipart) => {
    const { uploadId } = await multipart.create(container, 'k', {})
    const { etag } = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10), { size: 10 })
    await multipart.complete(container, 'k', uploadId, [{ partNumber: 1, etag }])
    await putBytes(store, container, 'k', sampleBytes(5))
    // A store may answer a repeated completion as if it were the first, but may not bring the bytes back.
    await multipart
      .complete(container, 'k', uploadId, [{ partNumber: 1, etag }])
      .catch((error: { kind: string }) => {
        expect(error.kind).toBe('upload-not-found')
      })
    expect((await readObject(store, container, 'k')).equals(sampleBytes(5))).toBe(true)
  })

  inParts(
    'completes under a condition and stays open when it fails',
    async ({ store, container }, multipart) => {
      const { uploadId } = await multipart.create(container, 'k', {})
      const { etag } = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10), { size: 10 })
      const parts = [{ partNumber: 1, etag }]
      const condition = { kind: 'absent' } as const
      if (!store.capabilities.conditionalPut) {
        await expectFailure(multipart.complete(container, 'k', uploadId, parts, { condition }), 'unsupported')
        return
      }
      await putBytes(store, container, 'k', sampleBytes(5))
      await expectFailure(
        multipart.complete(container, 'k', uploadId, parts, { condition }),
        'precondition-failed',
      )
      expect((await readObject(store, container, 'k')).equals(sampleBytes(5))).toBe(true)
      await store.delete(container, 'k')
      await multipart.complete(container, 'k', uploadId, parts, { condition })
      expect((await readObject(store, container, 'k')).equals(sampleBytes(10))).toBe(true)
    },
  )

  inParts('completes only over the bytes with the given identity', async (bench, multipart) => {
    const { store, container, skip } = bench
    if (!store.capabilities.conditionalPut) return skip('it has no conditional writes')
    const former = await putBytes(store, container, 'k', sampleBytes(5, 'former'))
    const { identity } = await putBytes(store, container, 'k', sampleBytes(5))
    const begun = async () => {
      const { uploadId } = await multipart.create(container, 'k', {})
      const part = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10), { size: 10 })
      const parts = [{ partNumber: 1, ...part }]
      return (over: typeof identity) =>
        multipart.complete(container, 'k', uploadId, parts, {
          condition: { kind: 'identity', identity: over },
        })
    }
    const complete = await begun()
    await expectFailure(complete(former.identity), 'precondition-failed')
    expect((await readObject(store, container, 'k')).equals(sampleBytes(5))).toBe(true)
    await complete(identity)
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10))).toBe(true)
  })

  inParts('reports digests of the whole that are right, if any', async ({ store, container }, multipart) => {
    const pieces = partLengths(store).map((length, index) => sampleBytes(length, `part ${index}`))
    const { uploadId } = await multipart.create(container, 'k', {})
    const parts = []
    for (const [index, bytes] of pieces.entries()) {
      const options = { size: bytes.length }
      const sent = await multipart.putPart(container, 'k', uploadId, index + 1, bytes, options)
      parts.push({ partNumber: index + 1, ...sent })
    }
    const { digests = {} } = await multipart.complete(container, 'k', uploadId, parts)
    const right = await digestsOf(Buffer.concat(pieces))
    expect(right).toMatchObject(digests)
    expect(right).toMatchObject((await store.head(container, 'k')).digests)
  })

  inParts(
    'refuses uploads for keys, uploads and containers that are not there',
    async ({ container }, multipart) => {
      await expectFailure(multipart.create(container, '', {}), 'invalid-key')
      await expectFailure(multipart.create(`${container}-missing`, 'k', {}), 'container-not-found')
      const { uploadId } = await multipart.create(container, 'k', {})
      const part = multipart.putPart(container, 'other', uploadId, 1, sampleBytes(1), { size: 1 })
      await expectFailure(part, 'upload-not-found')
      for (const partNumber of [0, 10_001]) {
        const bad = multipart.putPart(container, 'k', uploadId, partNumber, sampleBytes(1), { size: 1 })
        await expectFailure(bad, 'invalid-part')
      }
      await multipart.abort(container, 'k', uploadId)
    },
  )
}
