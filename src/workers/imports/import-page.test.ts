import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ListedObject } from '../../stores/object-store.ts'
import { cataloguePage } from './import-page.ts'

const standard = { id: 'standard-id', storeId: 'store', container: 'c', storageClass: null }
const page = {
  bucketId: '0190b5a0-0000-7000-8000-000000000000',
  imported: standard,
  byStorageClass: new Map([
    ['', standard.id],
    ['GLACIER_IR', 'cold-id'],
  ]),
  previousKey: null,
}

function listed(facts: Partial<ListedObject>): ListedObject {
  return { key: 'k', size: 1, etag: 'e', lastModified: 0, storageClass: null, ...facts }
}

test('keeps a foreign multipart ETag as the ETag that clients see', () => {
  const etag = 'd41d8cd98f00b204e9800998ecf8427e-17'
  const { listed: entries } = cataloguePage([listed({ etag })], page)
  expect(entries[0]).toMatchObject({ etag, nativeEtag: etag })
})

test('makes an ETag that no client takes for an MD5 where the store keeps none', () => {
  const [entry] = cataloguePage([listed({ etag: null })], page).listed
  expect(entry!.etag).toMatch(/^[0-9a-f]{32}-1$/)
  expect(entry!.nativeEtag).toBeNull()
  const [changed] = cataloguePage([listed({ etag: null, lastModified: 5 })], page).listed
  expect(changed!.etag).not.toBe(entry!.etag)
})

test('puts an object into the location of its storage class', () => {
  const { listed: entries, skipped } = cataloguePage(
    [
      listed({ key: 'a' }),
      listed({ key: 'b', storageClass: 'STANDARD' }),
      listed({ key: 'c', storageClass: 'GLACIER_IR' }),
      listed({ key: 'd', storageClass: 'DEEP_ARCHIVE' }),
    ],
    page,
  )
  expect(entries.map(entry => entry.locationId)).toEqual(['standard-id', 'standard-id', 'cold-id'])
  expect(skipped).toEqual({ 'no-location-for-storage-class': { count: 1, example: 'd' } })
})

test('leaves out keys the catalog cannot keep, and says why with an example', () => {
  const long = 'é'.repeat(513)
  const { listed: entries, skipped } = cataloguePage(
    [
      listed({ key: 'a\0b' }),
      listed({ key: 'x'.repeat(1024) }),
      listed({ key: 'x'.repeat(1025) }),
      listed({ key: long }),
      listed({ key: '\ud800' }),
    ],
    page,
  )
  expect(entries.map(entry => entry.key)).toEqual(['x'.repeat(1024)])
  expect(skipped).toEqual({
    'key-not-storable': { count: 2, example: 'a\ufffdb' },
    'key-too-long': { count: 2, example: 'x'.repeat(200) },
  })
})

test('leaves the copies alone that other buckets keep in this container', () => {
  const { listed: entries, skipped } = cataloguePage([listed({ key: 'dim-bucket=films/a' })], page)
  expect(entries).toEqual([])
  expect(skipped['copy-of-another-bucket']?.count).toBe(1)
})

test('does not enter a key twice that a store repeats at a page boundary', () => {
  const { listed: entries, skipped } = cataloguePage([listed({ key: 'a' }), listed({ key: 'b' })], {
    ...page,
    previousKey: 'a',
  })
  expect(entries.map(entry => entry.key)).toEqual(['b'])
  expect(skipped['listed-twice']).toEqual({ count: 1, example: 'a' })
})

test('enters or counts every key of a page', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 1200 })), keys => {
      const { listed: entries, skipped } = cataloguePage(
        keys.map(key => listed({ key })),
        page,
      )
      const left = Object.values(skipped).reduce((sum, { count }) => sum + count, 0)
      expect(entries.length + left).toBe(keys.length)
    }),
  )
})
