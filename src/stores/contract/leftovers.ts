import { expect } from 'vitest'
import type { ObjectStore, SweepOptions } from '../object-store.ts'
import type { Promised } from './promised.ts'
import { expectFailure, listKeys, putBytes, readObject, sampleBytes } from './samples.ts'

/** What sweeping leftovers promises, at stores that have any. */
export function describeLeftovers(promised: Promised): void {
  promised(
    'sweeps leftovers and no object and no upload that is needed',
    async ({ store, container, skip }) => {
      if (store.sweepLeftovers === undefined) return skip('it leaves nothing behind that it could sweep')
      await store.put(container, 'k', sampleBytes(10), { size: 10, metadata: { a: 'b' } })
      await putBytes(store, container, 'gone', sampleBytes(10))
      await store.delete(container, 'gone')
      const multipart = store.multipart!
      const needed = await multipart.create(container, 'needed', {})
      const part = await multipart.putPart(container, 'needed', needed.uploadId, 1, sampleBytes(10), {
        size: 10,
      })
      const unneeded = await multipart.create(container, 'unneeded', {})
      const parts = [{ partNumber: 1, etag: part.etag }]
      const neededUploads = async () => new Set([needed.uploadId])

      expect(await sweep(store, container, { unmodifiedSince: 0, neededUploads })).toBe(0)
      const unmodifiedSince = Date.now() + 60_000
      expect(await sweep(store, container, { unmodifiedSince, neededUploads })).toBe(1)
      expect(await sweep(store, container, { unmodifiedSince, neededUploads })).toBe(0)
      await expectFailure(
        multipart.putPart(container, 'unneeded', unneeded.uploadId, 1, sampleBytes(1), { size: 1 }),
        'upload-not-found',
      )
      await multipart.complete(container, 'needed', needed.uploadId, parts)
      expect(await listKeys(store, container)).toEqual(['k', 'needed'])
      expect((await readObject(store, container, 'k')).equals(sampleBytes(10))).toBe(true)
      expect((await store.head(container, 'k')).metadata).toEqual({ a: 'b' })
    },
  )
}

/** All pages of a sweep; resolves to how much they removed. */
export async function sweep(store: ObjectStore, container: string, options: SweepOptions): Promise<number> {
  let removed = 0
  let cursor: string | null = null
  do {
    const page = await store.sweepLeftovers!(container, {
      ...options,
      ...(cursor === null ? {} : { cursor }),
    })
    removed += page.removed
    cursor = page.cursor
  } while (cursor !== null)
  return removed
}
