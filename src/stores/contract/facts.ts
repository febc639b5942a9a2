import fc from 'fast-check'
import { expect } from 'vitest'
import type { Promised } from './promised.ts'
import { expectFailure, listKeys, putBytes, sampleBytes } from './samples.ts'

const HEADERS = {
  contentType: 'text/plain; charset=utf-8',
  contentEncoding: 'gzip',
  contentDisposition: 'attachment; filename="a b.txt"',
  contentLanguage: 'de-CH',
  cacheControl: 'max-age=3600, private',
  expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
}

const UGLY_METADATA = {
  plain: 'value',
  empty: '',
  unicode: 'Grüße, 日本語 😀',
  spaces: '  two  spaces ',
  'looks-encoded': '=?UTF-8?B?eA==?=',
  percent: '100% %41',
  'dashes-and.dots_1': 'a, b; c="d"',
  lines: 'one\r\ntwo\tthree',
}

/** What stores promise about headers and metadata: they come back as they were given. */
export function describeFacts(promised: Promised): void {
  promised('keeps content headers', async ({ store, container }) => {
    await store.put(container, 'k', sampleBytes(10), { size: 10, headers: HEADERS })
    expect((await store.head(container, 'k')).headers).toEqual(HEADERS)
    const got = await store.get(container, 'k')
    got.body.destroy()
    expect(got.headers).toEqual(HEADERS)
  })

  promised('keeps user metadata of any text exactly', async ({ store, container, skip }) => {
    if (!store.capabilities.userMetadata) return skip('it keeps no metadata')
    await store.put(container, 'k', sampleBytes(10), { size: 10, metadata: UGLY_METADATA })
    expect((await store.head(container, 'k')).metadata).toEqual(UGLY_METADATA)
    const got = await store.get(container, 'k')
    got.body.destroy()
    expect(got.metadata).toEqual(UGLY_METADATA)
  })

  promised('keeps whatever metadata a generator thinks of', async ({ store, container, skip }) => {
    if (!store.capabilities.userMetadata) return skip('it keeps no metadata')
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/).filter(text => !text.endsWith('-'))
    const value = fc.string({ unit: 'binary', maxLength: 40 }).filter(text => text.isWellFormed())
    const metadata = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true })
    const round = fc.asyncProperty(metadata, async given => {
      await store.put(container, 'k', Buffer.from('x'), { size: 1, metadata: given })
      expect((await store.head(container, 'k')).metadata).toEqual(given)
    })
    await fc.assert(round, { numRuns: 60 })
  })

  promised('forgets the facts of an overwritten object', async ({ store, container }) => {
    const facts = { headers: HEADERS, metadata: { a: 'b' } }
    await store.put(container, 'k', sampleBytes(10), { size: 10, ...facts })
    await putBytes(store, container, 'k', sampleBytes(10, 'next'))
    const head = await store.head(container, 'k')
    expect(head.metadata).toEqual({})
    expect(head.headers).not.toMatchObject({ contentEncoding: 'gzip' })
  })

  promised('refuses more metadata than it keeps', async ({ store, container }) => {
    const metadata = { big: 'x'.repeat(store.capabilities.metadataBytesMax + 1) }
    await expectFailure(
      store.put(container, 'k', sampleBytes(1), { size: 1, metadata }),
      'metadata-too-large',
    )
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('refuses metadata that would not come back', async ({ store, container }) => {
    for (const metadata of [{ 'Upper-Case': 'x' }, { 'with space': 'x' }, { ok: 'broken \ud800' }]) {
      await expectFailure(store.put(container, 'k', sampleBytes(1), { size: 1, metadata }), 'unsupported')
    }
    expect(await listKeys(store, container)).toEqual([])
  })
}
