import path from 'node:path'
import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { sampleOf } from '../builders/moving-world.ts'
import { CONTAINER, measureMove } from './measured-move.ts'
import type { CaseContext, CaseResult } from './size-cases.ts'

/** Keys that paths, URLs, XML and databases trip over. All are valid for S3. */
export const ODD_KEYS: readonly string[] = [
  ...['/', '//', '///', '/leading', 'trailing/', 'a//b', 'a///b', 'a/', 'a', 'a/b', 'a/b/c'],
  ...['.', '..', './a', '../a', 'a/..', 'a/../b', 'a/.', '.../a', '..hidden', '.data-in-motion/x'],
  ...[
    'dot.',
    'dot./x',
    'space ',
    ' space',
    'space /x',
    ' ',
    '\t',
    'a\nb',
    'a\rb',
    'a\r\nb',
    '\u0001',
    '\u007f',
  ],
  ...['ä', 'a\u0308', '日本語/😀', '\u{10ffff}', '\u200b', '\ufeffx', '\u202egnp.exe', 'ﬀ', 'İ', 'ß', 'SS'],
  ...[
    '%',
    '%2F',
    '%2f',
    '%00',
    'a%20b',
    'a+b',
    'a b',
    '?',
    '#',
    '?a=b&c',
    '&amp;',
    '<key>',
    '"',
    "'",
    '\\',
    'a\\b',
  ],
  ...[
    'CON',
    'nul.txt',
    'COM1',
    'a:b',
    '*',
    '|',
    '~',
    '$HOME',
    '`ls`',
    ';',
    '{}',
    '[a]',
    '(b)',
    '!',
    '@',
    '=',
    ',',
  ],
  ...["'; drop table object; --", '$1', '__proto__', 'constructor', 'null', 'undefined', '0', '-', '--help'],
  ...['Case', 'case', 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(1_024), `${'y/'.repeat(511)}yy`],
  ...['é'.repeat(512), '😀'.repeat(256), `${'.'.repeat(1_023)}/`, '/'.repeat(1_024), '%'.repeat(1_024)],
]

/** Objects with odd keys from a folder to a folder; each is read there by its exact key. */
export async function moveOddKeys({ test, folder, isHere = false }: CaseContext): Promise<CaseResult> {
  const roots = [path.join(folder, 'source'), path.join(folder, 'target')] as const
  const [source, target] = roots.map(root =>
    createFilesystemStore({ name: 'odd', settings: { root, durability: 'none' } }),
  ) as [ObjectStore, ObjectStore]
  await source.ensureContainer(CONTAINER)
  let bytes = 0
  for (const key of ODD_KEYS) {
    const content = contentOf(key)
    await source.put(CONTAINER, key, content, { size: content.length })
    bytes += content.length
  }
  const measured = await measureMove({
    name: 'odd',
    test,
    source: { kind: 'filesystem', root: roots[0] },
    target: { kind: 'filesystem', root: roots[1] },
    objects: ODD_KEYS.length,
    bytes,
    isHere,
  })
  const differences: string[] = []
  for (const key of ODD_KEYS) {
    const found = await readAll(target, key).catch((error: Error) => error.message)
    if (typeof found === 'string' || !found.equals(contentOf(key))) differences.push(JSON.stringify(key))
  }
  const { objects } = await target.list(CONTAINER)
  if (objects.length !== ODD_KEYS.length) differences.push(`${objects.length} objects are listed`)
  const left = (await source.list(CONTAINER)).objects.length
  if (left > 0) differences.push(`${left} objects are still at the source`)
  await source.close()
  await target.close()
  return { ...measured, parts: 0, differences }
}

function contentOf(key: string): Buffer {
  return sampleOf(Buffer.byteLength(key), key)
}

async function readAll(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await store.get(CONTAINER, key)).body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
