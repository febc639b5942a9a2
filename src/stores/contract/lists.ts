import { expect } from 'vitest'
import type { Promised } from './promised.ts'
import { expectFailure, listKeys, putBytes } from './samples.ts'

/** What `list` promises. */
export function describeLists(promised: Promised): void {
  promised('lists nothing in an empty container', async ({ store, container }) => {
    expect(await store.list(container)).toEqual({ objects: [], cursor: null })
    expect(await store.list(container, { prefix: 'a/', startAfter: 'b' })).toEqual({
      objects: [],
      cursor: null,
    })
  })

  promised('lists 1,001 keys on two pages, each once, in order', async ({ store, container }) => {
    const keys = Array.from({ length: 1001 }, (_, index) => `${index % 7}/${String(index).padStart(5, '0')}`)
    for (let first = 0; first < keys.length; first += 50) {
      const batch = keys.slice(first, first + 50)
      await Promise.all(batch.map(key => putBytes(store, container, key, Buffer.from('x'))))
    }
    const page = await store.list(container)
    expect(page.objects).toHaveLength(1000)
    expect(page.cursor).not.toBeNull()
    expect(await listKeys(store, container)).toEqual(keys.sort())
    // A cursor can be used again after its answer got lost.
    const again = await store.list(container, { cursor: page.cursor! })
    expect(again.objects.map(object => object.key)).toEqual([keys[1000]])
    expect(again.cursor).toBeNull()
    expect(await listKeys(store, container, { limit: 100, prefix: '3/' })).toEqual(
      keys.filter(key => key.startsWith('3/')),
    )
    expect((await store.list(container, { limit: 1001 - 1 })).objects).toHaveLength(1000)
  })

  promised('lists in the order of UTF-8 bytes', async ({ store, container }) => {
    const keys = [
      'A',
      'a',
      'a b',
      'a-b',
      'a.b',
      'a/b',
      'a/b c/d',
      'a/b/c',
      'a0',
      'aa',
      'b',
      'é',
      '\uffee',
      '😀',
    ]
    for (const key of [...keys].reverse()) {
      await putBytes(store, container, key, Buffer.from('x')).catch((error: { kind: string }) => {
        // `a` and `a/b` at once are too much for some stores; the others still have their order.
        expect(error.kind).toBe('invalid-key')
      })
    }
    const listed = await listKeys(store, container)
    expect(listed).toEqual(keys.filter(key => listed.includes(key)))
    expect(listed.length).toBeGreaterThanOrEqual(keys.length - 3)
    expect(await listKeys(store, container, { limit: 1 })).toEqual(listed)
    expect(await listKeys(store, container, { limit: 3 })).toEqual(listed)
  })

  promised('lists by prefix', async ({ store, container }) => {
    const keys = ['a/1', 'a/2', 'a2/1', 'ab', 'b/a/1', 'dir/sub/x', 'dir/sub/y', 'dir/subway', '%/x', 'p q/r']
    for (const key of keys) await putBytes(store, container, key, Buffer.from('x'))
    const byPrefix = (prefix: string) => listKeys(store, container, { prefix })
    expect(await byPrefix('a')).toEqual(['a/1', 'a/2', 'a2/1', 'ab'])
    expect(await byPrefix('a/')).toEqual(['a/1', 'a/2'])
    expect(await byPrefix('a/2')).toEqual(['a/2'])
    expect(await byPrefix('dir/sub')).toEqual(['dir/sub/x', 'dir/sub/y', 'dir/subway'])
    expect(await byPrefix('dir/sub/')).toEqual(['dir/sub/x', 'dir/sub/y'])
    expect(await byPrefix('p q')).toEqual(['p q/r'])
    expect(await byPrefix('%/')).toEqual(['%/x'])
    expect(await byPrefix('none')).toEqual([])
    expect(await byPrefix('a//')).toEqual([])
    expect(await byPrefix('../')).toEqual([])
    expect(await byPrefix('/')).toEqual([])
  })

  promised('starts after any key, present or not', async ({ store, container }) => {
    for (const key of ['a', 'b/1', 'b/2', 'b/c/3', 'd'])
      await putBytes(store, container, key, Buffer.from('x'))
    const after = (startAfter: string, prefix = '') => listKeys(store, container, { startAfter, prefix })
    expect(await after('a')).toEqual(['b/1', 'b/2', 'b/c/3', 'd'])
    expect(await after('b')).toEqual(['b/1', 'b/2', 'b/c/3', 'd'])
    expect(await after('b/')).toEqual(['b/1', 'b/2', 'b/c/3', 'd'])
    expect(await after('b/1')).toEqual(['b/2', 'b/c/3', 'd'])
    expect(await after('b/15')).toEqual(['b/2', 'b/c/3', 'd'])
    expect(await after('b/c/3')).toEqual(['d'])
    expect(await after('b0')).toEqual(['d'])
    expect(await after('d')).toEqual([])
    expect(await after('b/1', 'b/')).toEqual(['b/2', 'b/c/3'])
    expect(await after('a', 'b/c')).toEqual(['b/c/3'])
    expect(await after('z', 'b/')).toEqual([])
  })

  promised('goes on while keys come and go between pages', async ({ store, container }) => {
    for (let index = 0; index < 30; index++) {
      await putBytes(store, container, `k/${String(index).padStart(2, '0')}`, Buffer.from('x'))
    }
    const first = await store.list(container, { limit: 10 })
    await store.delete(container, 'k/09')
    await store.delete(container, 'k/10')
    await putBytes(store, container, 'k/005', Buffer.from('x'))
    const second = await store.list(container, { limit: 10, cursor: first.cursor! })
    const third = await store.list(container, { limit: 20, cursor: second.cursor! })
    const keys = [...first.objects, ...second.objects, ...third.objects].map(object => object.key)
    expect(keys).toEqual([...keys].sort())
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys).toEqual(expect.arrayContaining(['k/00', 'k/08', 'k/11', 'k/29']))
    expect(keys).not.toContain('k/10')
    expect(third.cursor).toBeNull()
  })

  promised('refuses a page of 0 or 1,001 keys', async ({ store, container }) => {
    for (const limit of [0, 1001, -1, 1.5])
      await expectFailure(store.list(container, { limit }), 'unsupported')
  })
}
