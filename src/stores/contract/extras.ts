import { expect } from 'vitest'
import type { PutFacts } from '../object-store.ts'
import type { Bench, Promised } from './promised.ts'
import { expectFailure, listKeys, putBytes, readObject, sampleBytes } from './samples.ts'

const TAGS = { project: 'Apollo 11', 'cost-center': '42', empty: '', 'a+b=c_d:e/f.g': 'x+y=z_1:2/3.4' }
const DAY_MS = 86_400_000

/** What `tags`, `encryption` and `lock` promise; stores without them must refuse, not ignore. */
export function describeExtras(promised: Promised): void {
  promised('keeps tags and tells them when asked', async bench => {
    const { store, container } = bench
    if (!store.capabilities.tags) return refuses(bench, { tags: TAGS })
    await store.put(container, 'k', sampleBytes(10), { size: 10, tags: TAGS })
    expect((await store.head(container, 'k', { withTags: true })).tags).toEqual(TAGS)
    expect((await store.head(container, 'k')).tags).toBeNull()
    await putBytes(store, container, 'k', sampleBytes(10))
    expect((await store.head(container, 'k', { withTags: true })).tags).toEqual({})
  })

  promised('keeps tags of an upload in parts', async ({ store, container, skip }) => {
    const { multipart, capabilities } = store
    if (multipart === undefined) return skip('it has no uploads in parts')
    if (!capabilities.tags) return skip('it keeps no tags')
    const { uploadId } = await multipart.create(container, 'k', { tags: TAGS })
    const part = await multipart.putPart(container, 'k', uploadId, 1, sampleBytes(10), { size: 10 })
    await multipart.complete(container, 'k', uploadId, [{ partNumber: 1, ...part }])
    expect((await store.head(container, 'k', { withTags: true })).tags).toEqual(TAGS)
  })

  promised('takes no tags for tags that are none', async ({ store, container }) => {
    await store.put(container, 'k', sampleBytes(10), { size: 10, tags: {} })
    const { tags } = await store.head(container, 'k', { withTags: true })
    expect(tags).toEqual(store.capabilities.tags ? {} : null)
  })

  promised('refuses more tags than are kept, and longer ones', async bench => {
    await refuses(bench, { tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, 'x'])) })
    await refuses(bench, { tags: { ['n'.repeat(129)]: 'x' } })
    await refuses(bench, { tags: { name: 'v'.repeat(257) } })
  })

  promised('encrypts when asked and says so', async bench => {
    const { store, container } = bench
    await refuses(bench, { encryption: { kind: 'client' } })
    if (store.capabilities.encryption === 'none') {
      return refuses(bench, { encryption: { kind: 'store' } })
    }
    await store.put(container, 'k', sampleBytes(10), { size: 10, encryption: { kind: 'store' } })
    expect((await store.head(container, 'k')).encryption).toEqual({ kind: 'store' })
  })

  promised('holds what is locked against overwriting and deleting', async bench => {
    const { store, container } = bench
    const until = Date.now() + DAY_MS
    const lock = { retention: { mode: 'governance', until }, legalHold: false } as const
    if (!store.capabilities.objectLock) return refuses(bench, { lock })
    const { identity } = await store.put(container, 'k', sampleBytes(10), { size: 10, lock })
    expect((await store.head(container, 'k')).lock).toEqual(lock)
    const onlyIf = store.capabilities.conditionalDelete ? { onlyIf: identity } : {}
    await expectFailure(store.delete(container, 'k', onlyIf), 'locked')
    if (!store.capabilities.versions) {
      await expectFailure(putBytes(store, container, 'k', sampleBytes(10, 'next')), 'locked')
    }
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10))).toBe(true)
  })

  promised('holds what is under a legal hold', async bench => {
    const { store, container } = bench
    const lock = { retention: null, legalHold: true }
    if (!store.capabilities.objectLock) return refuses(bench, { lock })
    const { identity } = await store.put(container, 'k', sampleBytes(10), { size: 10, lock })
    expect((await store.head(container, 'k')).lock).toEqual(lock)
    const onlyIf = store.capabilities.conditionalDelete ? { onlyIf: identity } : {}
    await expectFailure(store.delete(container, 'k', onlyIf), 'locked')
  })
}

/** What cannot be kept is refused, whole or in parts, and nothing is written. */
async function refuses({ store, container }: Bench, facts: PutFacts): Promise<void> {
  const put = store.put(container, 'refused', sampleBytes(10), { size: 10, ...facts })
  await expectFailure(put, 'unsupported')
  if (store.multipart) await expectFailure(store.multipart.create(container, 'refused', facts), 'unsupported')
  expect(await listKeys(store, container, { prefix: 'refused' })).toEqual([])
}
