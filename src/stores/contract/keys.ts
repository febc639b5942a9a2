import { expect } from 'vitest'
import type { Bench, Promised } from './promised.ts'
import { expectFailure, listKeys, putBytes, readObject } from './samples.ts'

/** Keys that are unlike paths, URLs or plain text in some way. */
const UGLY_KEYS: Readonly<Record<string, readonly string[]>> = {
  'with spaces': [' ', 'a b', ' leading', 'trailing ', 'a/ /b'],
  'with signs that URLs, XML and shells treat specially': [
    'a+b',
    'a%20b',
    '%',
    '%2F',
    '100%',
    'a?b#c',
    'a&b<c>"d\'',
    'a\\b',
    '~',
    '*',
    'a:b|c',
    '$HOME`x`',
    '=?UTF-8?B?eA==?=',
  ],
  'with control characters': ['tab\there', 'line\nbreak', '\u0001', '\u007f', 'return\rhere'],
  'with a NUL': ['nul\u0000here'],
  'in unicode': ['ä', 'a\u0308', '日本語/ファイル', '😀', '\uffee', '\u{10ffff}', 'é/è/ê'],
  'with `..` and `.` segments': ['..', '.', 'a/../b', './a', 'a/.', '../../etc/passwd', 'a/./b', '...'],
  'with empty segments': ['a//b', '//', 'a///b', 'x//y//z'],
  'with a leading slash': ['/a', '/', '//a'],
  'with a trailing slash': ['a/', 'a/b/'],
  'that differ in case only': ['Case', 'case', 'CASE'],
  'that look like what stores keep for themselves': [
    '.data-in-motion/facts/x',
    '.data-in-motion',
    '.sgwtmp/x',
    '.git/config',
    'x.tmp',
  ],
}

/** Keys of exactly 1,024 bytes: one segment, many segments, many bytes a character. */
const LONG_KEYS: readonly string[] = [
  'x'.repeat(1024),
  `${'segment/'.repeat(127)}12345678`,
  `${'日'.repeat(341)}x`,
  `${'s'.repeat(255)}/${'t'.repeat(255)}/${'u'.repeat(255)}/${'v'.repeat(256)}`,
]

/** What stores promise about keys: kept and listed exactly, or refused; never two keys for one object. */
export function describeKeys(promised: Promised): void {
  for (const [family, keys] of Object.entries(UGLY_KEYS)) {
    promised(`keeps keys ${family}, or refuses them`, bench => keepsOrRefuses(bench, keys))
  }

  promised('keeps keys of 1,024 bytes, or refuses them', bench => keepsOrRefuses(bench, LONG_KEYS))

  promised('refuses keys of 1,025 bytes, empty keys and broken Unicode', async ({ store, container }) => {
    for (const key of ['x'.repeat(1025), `${'日'.repeat(341)}xx`, '', 'a\ud800b', '\udc00']) {
      await expectFailure(putBytes(store, container, key, Buffer.from('x')), 'invalid-key')
      await expectFailure(store.head(container, key), 'invalid-key')
      await expectFailure(store.get(container, key), 'invalid-key')
      await expectFailure(store.delete(container, key), 'invalid-key')
    }
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('keeps `c` beside `c/d` in either order, or refuses the second', async bench => {
    await keepsOrRefuses(bench, ['c', 'c/d', 'c/d/e', 'f/g/h', 'f/g', 'f'])
  })

  promised('keeps `c` beside `c/d` while either comes and goes', async bench => {
    const { store, container } = bench
    if (!bench.keepsEveryKey) return bench.skip('it may refuse keys, and such keys among them')
    await putBytes(store, container, 'c', Buffer.from('1'))
    await putBytes(store, container, 'c/d', Buffer.from('2'))
    await store.delete(container, 'c')
    expect(await listKeys(store, container)).toEqual(['c/d'])
    await putBytes(store, container, 'c/d', Buffer.from('3'))
    await putBytes(store, container, 'c/e', Buffer.from('4'))
    await putBytes(store, container, 'c', Buffer.from('5'))
    await store.delete(container, 'c/d')
    expect(await listKeys(store, container)).toEqual(['c', 'c/e'])
    expect(String(await readObject(store, container, 'c'))).toBe('5')
    await store.delete(container, 'c/e')
    await store.delete(container, 'c')
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('finds nothing under keys that only resemble one that is there', async ({ store, container }) => {
    await putBytes(store, container, 'a/b', Buffer.from('x'))
    for (const key of [
      'a',
      'a/',
      'a/b/',
      '/a/b',
      'a//b',
      './a/b',
      'a/./b',
      'a/c/../b',
      'A/b',
      'a%2Fb',
      'a/b/c',
    ]) {
      const error = await store.head(container, key).then(
        () => null,
        (problem: unknown) => problem,
      )
      expect(error, key).toMatchObject({ name: 'StoreError' })
      expect(['not-found', 'invalid-key'], key).toContain((error as { kind: string }).kind)
      await store.delete(container, key).catch((problem: { kind: string }) => {
        expect(problem.kind, key).toBe('invalid-key')
      })
    }
    expect(await listKeys(store, container)).toEqual(['a/b'])
  })
}

/** Puts all keys, each with itself as its bytes, and expects those that were taken back exactly. */
async function keepsOrRefuses(
  { store, container, keepsEveryKey }: Bench,
  keys: readonly string[],
): Promise<void> {
  const kept: string[] = []
  for (const key of keys) {
    const refusal = await putBytes(store, container, key, Buffer.from(key)).then(
      () => null,
      (error: unknown) => error,
    )
    if (refusal === null) kept.push(key)
    else expect(refusal, JSON.stringify(key)).toMatchObject({ name: 'StoreError', kind: 'invalid-key' })
  }
  if (keepsEveryKey) expect(kept).toEqual(keys)
  expect(await listKeys(store, container)).toEqual(inByteOrder(kept))
  for (const key of kept) {
    expect((await store.head(container, key)).size, JSON.stringify(key)).toBe(Buffer.byteLength(key))
    expect(String(await readObject(store, container, key))).toBe(key)
  }
  for (const key of kept) await store.delete(container, key)
  expect(await listKeys(store, container)).toEqual([])
}

function inByteOrder(keys: readonly string[]): string[] {
  return [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}
