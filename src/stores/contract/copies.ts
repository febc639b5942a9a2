import { expect } from 'vitest'
import type { ObjectStore } from '../object-store.ts'
import type { Bench, Promised } from './promised.ts'
import { digestsOf, expectFailure, listKeys, putBytes, readObject, sampleBytes } from './samples.ts'

type CopyWithin = NonNullable<ObjectStore['copyWithin']>

const FACTS = {
  headers: { contentType: 'text/plain; charset=utf-8', cacheControl: 'max-age=60', contentEncoding: 'gzip' },
  metadata: { plain: 'value', unicode: 'Grüße 😀' },
}

/** What `copyWithin` and `changeStorageClass` promise. A store without them has not even the methods. */
export function describeCopies(promised: Promised): void {
  promised('copies and changes classes exactly when it says so', async ({ store }) => {
    expect(store.copyWithin !== undefined).toBe(store.capabilities.serverSideCopy)
    expect(store.changeStorageClass !== undefined).toBe(store.capabilities.storageClasses.length > 0)
  })

  const copying = (behaviour: string, test: (bench: Bench, copyWithin: CopyWithin) => Promise<void>) =>
    promised(behaviour, async bench => {
      const { store } = bench
      if (store.copyWithin === undefined) return bench.skip('it has no copies inside the store')
      await test(bench, store.copyWithin.bind(store))
    })

  copying('copies bytes and facts to other keys and containers', async ({ store, container }, copyWithin) => {
    const bytes = sampleBytes(100_003)
    const other = `${container}-2`
    await store.ensureContainer(other)
    const { identity } = await store.put(container, 'a/é +%', bytes, { size: bytes.length, ...FACTS })
    const from = { container, key: 'a/é +%', identity }
    const crc32c = (await digestsOf(bytes)).crc32c
    for (const to of [
      { container, key: 'b/ñ?&' },
      { container: other, key: 'a/é +%' },
    ]) {
      const copied = await copyWithin(from, to, { size: bytes.length, ...FACTS })
      const head = await store.head(to.container, to.key)
      expect(head).toMatchObject({ size: bytes.length, identity: copied.identity, metadata: FACTS.metadata })
      expect(head.headers).toEqual(FACTS.headers)
      const read = await readObject(store, to.container, to.key)
      expect((await digestsOf(read)).crc32c).toBe(crc32c)
      if (copied.digests !== undefined) expect(await digestsOf(bytes)).toMatchObject(copied.digests)
    }
    expect((await store.head(container, 'a/é +%')).identity).toEqual(identity)
  })

  copying('gives the copy the facts it is told, or refuses', async ({ store, container }, copyWithin) => {
    const { identity } = await store.put(container, 'a', sampleBytes(10), { size: 10, ...FACTS })
    const facts = { headers: { contentType: 'text/x' }, metadata: { other: 'one' } }
    const copied = await copyWithin(
      { container, key: 'a', identity },
      { container, key: 'b' },
      {
        size: 10,
        ...facts,
      },
    ).then(
      () => true,
      async error => {
        await expectFailure(Promise.reject(error), 'unsupported')
        return false
      },
    )
    if (!copied) return expect(await listKeys(store, container)).toEqual(['a'])
    const head = await store.head(container, 'b')
    expect(head.metadata).toEqual(facts.metadata)
    expect(head.headers).toEqual(facts.headers)
  })

  copying('copies tags where it keeps them', async ({ store, container, skip }, copyWithin) => {
    if (!store.capabilities.tags) return skip('it keeps no tags')
    const tags = { team: 'blue', of: 'two words' }
    const { identity } = await store.put(container, 'a', sampleBytes(10), { size: 10, tags: { old: 'x' } })
    const from = { container, key: 'a', identity }
    await copyWithin(from, { container, key: 'b' }, { size: 10, tags })
    expect((await store.head(container, 'b', { withTags: true })).tags).toEqual(tags)
    await copyWithin(from, { container, key: 'c' }, { size: 10 })
    expect((await store.head(container, 'c', { withTags: true })).tags).toEqual({})
  })

  copying('copies 0 bytes', async ({ store, container }, copyWithin) => {
    const { identity } = await putBytes(store, container, 'a', sampleBytes(0))
    await copyWithin({ container, key: 'a', identity }, { container, key: 'b' }, { size: 0 })
    expect((await store.head(container, 'b')).size).toBe(0)
  })

  copying('copies only the bytes with the given identity', async ({ store, container }, copyWithin) => {
    const { identity } = await putBytes(store, container, 'a', sampleBytes(10))
    await putBytes(store, container, 'a', sampleBytes(10, 'next'))
    const to = { container, key: 'b' }
    await expectFailure(
      copyWithin({ container, key: 'a', identity }, to, { size: 10 }),
      'precondition-failed',
    )
    const missing = copyWithin({ container, key: 'missing', identity }, to, { size: 10 })
    await expectFailure(missing, 'not-found', 'precondition-failed')
    expect(await listKeys(store, container)).toEqual(['a'])
  })

  copying('copies only where the condition holds', async ({ store, container, skip }, copyWithin) => {
    if (!store.capabilities.conditionalPut) return skip('it has no conditional writes')
    for (const size of [0, 10]) {
      const { identity } = await putBytes(store, container, 'a', sampleBytes(size))
      const from = { container, key: 'a', identity }
      const to = { container, key: `b${size}` }
      const absent = { size, condition: { kind: 'absent' } as const }
      const first = await copyWithin(from, to, absent)
      await expectFailure(copyWithin(from, to, absent), 'precondition-failed')
      const second = await putBytes(store, container, to.key, sampleBytes(10, 'second'))
      const over = (of: typeof first) => ({
        size,
        condition: { kind: 'identity', identity: of.identity } as const,
      })
      await expectFailure(copyWithin(from, to, over(first)), 'precondition-failed')
      expect((await readObject(store, container, to.key)).equals(sampleBytes(10, 'second'))).toBe(true)
      await copyWithin(from, to, over(second))
      expect((await readObject(store, container, to.key)).equals(sampleBytes(size))).toBe(true)
    }
  })

  copying('tells missing containers when it copies', async ({ store, container }, copyWithin) => {
    const { identity } = await putBytes(store, container, 'a', sampleBytes(10))
    const missing = `${container}-missing`
    const to = { container: missing, key: 'b' }
    await expectFailure(
      copyWithin({ container, key: 'a', identity }, to, { size: 10 }),
      'container-not-found',
    )
    const from = { container: missing, key: 'a', identity }
    await expectFailure(copyWithin(from, { container, key: 'b' }, { size: 10 }), 'container-not-found')
  })

  copying('copies nothing when the signal has aborted already', async ({ store, container }, copyWithin) => {
    const { identity } = await putBytes(store, container, 'a', sampleBytes(10))
    const signal = AbortSignal.abort()
    const copy = copyWithin({ container, key: 'a', identity }, { container, key: 'b' }, { size: 10, signal })
    await expectFailure(copy, 'aborted')
    expect(await listKeys(store, container)).toEqual(['a'])
  })

  promised('changes a storage class where the object lies', async ({ store, container, skip }) => {
    if (store.changeStorageClass === undefined) return skip('it has no storage classes')
    const [first, second] = store.capabilities.storageClasses
    const tags = store.capabilities.tags ? { team: 'blue' } : {}
    const isAskedToEncrypt = store.capabilities.encryption === 'on-request'
    const facts = {
      ...FACTS,
      tags,
      ...(first === undefined ? {} : { storageClass: first }),
      ...(isAskedToEncrypt ? { encryption: { kind: 'store' } as const } : {}),
    }
    const { identity } = await store.put(container, 'k', sampleBytes(1_000), { size: 1_000, ...facts })
    const next = second ?? first!
    const changed = await store.changeStorageClass(container, 'k', next, { onlyIf: identity })
    expect(changed).toMatchObject({ size: 1_000, storageClass: next, metadata: FACTS.metadata })
    const head = await store.head(container, 'k', { withTags: true })
    expect(head).toMatchObject({ identity: changed.identity, storageClass: next, metadata: FACTS.metadata })
    expect(head.headers).toEqual(FACTS.headers)
    if (store.capabilities.tags) expect(head.tags).toEqual(tags)
    if (isAskedToEncrypt) expect(head.encryption).toEqual({ kind: 'store' })
    expect((await readObject(store, container, 'k')).equals(sampleBytes(1_000))).toBe(true)
  })

  promised('changes no storage class of other bytes, nor to one it does not have', async bench => {
    const { store, container, skip } = bench
    if (store.changeStorageClass === undefined) return skip('it has no storage classes')
    const [first, second] = store.capabilities.storageClasses
    const { identity } = await putBytes(store, container, 'k', sampleBytes(10))
    const strange = store.changeStorageClass(container, 'k', 'NO_SUCH_CLASS', { onlyIf: identity })
    await expectFailure(strange, 'unsupported')
    const next = await putBytes(store, container, 'k', sampleBytes(10, 'next'))
    const change = store.changeStorageClass(container, 'k', (second ?? first)!, { onlyIf: identity })
    await expectFailure(change, 'precondition-failed')
    expect((await store.head(container, 'k')).identity).toEqual(next.identity)
    const missing = store.changeStorageClass(container, 'missing', first!, { onlyIf: identity })
    await expectFailure(missing, 'not-found')
  })
}
