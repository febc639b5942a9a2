import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { sweep } from '../contract/leftovers.ts'
import {
  chunked,
  digestsOf,
  expectFailure,
  listKeys,
  putBytes,
  readObject,
  sampleBytes,
} from '../contract/samples.ts'
import { containerFolderOf } from './container-folder.ts'
import { identityOf } from './file-identity.ts'
import { createFilesystemStore } from './filesystem-store.ts'
import { publishFile } from './object-file.ts'

/** What the filesystem store promises about its files, beyond the contract of all stores. */

const run = promisify(execFile)
const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function newFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'dim-files-'))
  undo.push(() => rm(root, { recursive: true, force: true }))
  return root
}

async function newStore(durability: 'fsync' | 'none' = 'none', inRoot?: string) {
  const root = inRoot ?? (await newFolder())
  const store = createFilesystemStore({ name: 'files', settings: { root, durability } })
  await store.ensureContainer('c')
  const hidden = (...path: string[]) => join(root, 'c', '.data-in-motion', ...path)
  return { store, root, hidden }
}

/** A sweep that takes what has no age. */
const everything = () => ({
  unmodifiedSince: Date.now() + 60_000,
  neededUploads: async () => new Set<string>(),
})

/** Every file below a folder; an empty list when there is no folder. */
async function filesBelow(path: string): Promise<string[]> {
  if (!existsSync(path)) return []
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

describe('files of a filesystem store', () => {
  it('lie where a person expects them', async () => {
    const { store, root, hidden } = await newStore('fsync')
    await putBytes(store, 'c', 'photos/2026/a b%20.jpg', sampleBytes(10))
    await putBytes(store, 'c', 'o/../z', sampleBytes(11))
    expect(await readFile(join(root, 'c/photos/2026/a b%20.jpg'))).toHaveLength(10)
    expect(await readFile(hidden('keys/o%2F..%2Fz'))).toHaveLength(11)
    await store.delete('c', 'photos/2026/a b%20.jpg')
    expect(existsSync(join(root, 'c/photos'))).toBe(false)
  })

  it('that lie there already are objects, and nothing is written to find them', async () => {
    const { store, root } = await newStore()
    await mkdir(join(root, 'c/logs'), { recursive: true })
    await writeFile(join(root, 'c/logs/ü.log'), 'hello')
    await writeFile(join(root, 'c/readme'), 'there')
    expect(await listKeys(store, 'c')).toEqual(['logs/ü.log', 'readme'])
    const head = await store.head('c', 'logs/ü.log')
    expect(head).toMatchObject({ size: 5, headers: {}, metadata: {}, digests: {} })
    expect(head.identity.etag).toMatch(/^file-[0-9a-f]+-5$/)
    expect((await store.list('c')).objects[0]!.etag).toBe(head.identity.etag)
    expect(String(await readObject(store, 'c', 'logs/ü.log'))).toBe('hello')
    expect(await readdir(join(root, 'c'))).toEqual(['logs', 'readme'])
  })

  it('that others change get another identity and lose the facts of the former bytes', async () => {
    const { store, root } = await newStore()
    const bytes = sampleBytes(100)
    const digests = { sha256: (await digestsOf(bytes)).sha256 }
    const { identity } = await store.put('c', 'k', bytes, { size: 100, metadata: { a: 'b' }, digests })
    await writeFile(join(root, 'c/k'), sampleBytes(100, 'other'))
    const head = await store.head('c', 'k')
    expect(head).toMatchObject({ metadata: {}, digests: {} })
    expect(head.identity).not.toEqual(identity)
    await expectFailure(store.get('c', 'k', { onlyIf: identity }), 'precondition-failed')
    await expectFailure(store.delete('c', 'k', { onlyIf: identity }), 'precondition-failed')
  })

  it('keep facts and identity when the folder is restored with its times', async () => {
    const { store, root } = await newStore()
    const { identity } = await store.put('c', 'a/k', sampleBytes(10), {
      size: 10,
      metadata: { a: 'ü' },
      headers: { contentType: 'x/y' },
    })
    const copy = await newFolder()
    await run('cp', ['-a', join(root, 'c'), copy])
    const { store: copied } = await newStore('none', copy)
    expect(await copied.head('c', 'a/k')).toMatchObject({
      identity,
      metadata: { a: 'ü' },
      headers: { contentType: 'x/y' },
    })
    expect((await copied.list('c')).objects[0]!.etag).toBe(identity.etag)
    expect(String(await readObject(copied, 'c', 'a/k'))).toBe(String(sampleBytes(10)))
  })

  it('get another identity than the former bytes also where another process wrote in the same moment', async () => {
    const { store, root } = await newStore()
    const { identity } = await putBytes(store, 'c', 'k', sampleBytes(10))
    const path = join(root, 'c/k')
    const former = await stat(path, { bigint: true })
    const staged = join(root, 'staged')
    await writeFile(staged, sampleBytes(10, 'third'))
    await run('touch', ['-r', path, staged])
    const operation = { store: 'files', operation: 'put', key: 'k' }
    const folder = containerFolderOf(operation, root, 'c')
    const published = await publishFile(
      operation,
      folder,
      { path: staged, stats: await lstat(staged, { bigint: true }) },
      { facts: { metadata: { a: 'b' } }, digests: {} },
      { condition: { kind: 'identity', identity }, isDurable: false },
    )
    expect(published.mtimeNs).not.toBe(former.mtimeNs)
    expect(await store.head('c', 'k')).toMatchObject({
      identity: identityOf(published),
      metadata: { a: 'b' },
    })
  })

  it('are recognised by the identities of former installations, which held the inode', async () => {
    const { store, root } = await newStore()
    await putBytes(store, 'c', 'k', sampleBytes(10))
    const { ino, mtimeNs } = await stat(join(root, 'c/k'), { bigint: true })
    const etag = `file-${ino.toString(16)}-${mtimeNs.toString(16)}-a`
    await store.head('c', 'k', { onlyIf: { etag, versionId: null } })
    const other = `file-${ino.toString(16)}-${(mtimeNs + 1n).toString(16)}-a`
    const refused = store.head('c', 'k', { onlyIf: { etag: other, versionId: null } })
    await expectFailure(refused, 'precondition-failed')
  })

  it('have the facts of no other write after a crash between sidecar and file', async () => {
    const { store, hidden } = await newStore()
    await store.put('c', 'k', sampleBytes(10), { size: 10, metadata: { who: 'former' } })
    const [sidecar] = await filesBelow(hidden('facts'))
    // The next write got as far as its sidecar: the same key, other times.
    const next = sidecar!.replace(/-\d+-10\.json$/, '-1790000000000000000-10.json')
    await writeFile(next, JSON.stringify({ key: 'k', metadata: { who: 'next' } }))
    expect((await store.head('c', 'k')).metadata).toEqual({ who: 'former' })
    await utimes(next, 1, 1)
    expect(await sweep(store, 'c', everything())).toBe(1)
    expect(await filesBelow(hidden('facts'))).toEqual([sidecar])
    expect((await store.head('c', 'k')).metadata).toEqual({ who: 'former' })
  })

  it('leave nothing behind, whatever fails', async () => {
    const { store, hidden } = await newStore()
    const facts = { metadata: { a: 'b' } }
    await store.put('c', 'there', sampleBytes(10), { size: 10, ...facts })
    await expectFailure(store.put('c', 'k', chunked(sampleBytes(10)), { size: 11, ...facts }), 'truncated')
    const condition = { kind: 'absent' } as const
    await expectFailure(
      store.put('c', 'there', sampleBytes(5), { size: 5, condition, ...facts }),
      'precondition-failed',
    )
    const { uploadId } = await store.multipart.create('c', 'k', facts)
    await expectFailure(
      store.multipart.putPart('c', 'k', uploadId, 1, sampleBytes(1), { size: 2 }),
      'truncated',
    )
    await store.multipart.abort('c', 'k', uploadId)
    await store.put('c', 'there', sampleBytes(5), { size: 5, ...facts })
    expect(await filesBelow(hidden('staging'))).toEqual([])
    expect(await filesBelow(hidden('uploads'))).toEqual([])
    expect(await filesBelow(hidden('facts'))).toHaveLength(1)
    await store.delete('c', 'there')
    expect(await filesBelow(hidden())).toEqual([])
  })

  it('of dead processes are swept when they are old, and only then', async () => {
    const { store, hidden } = await newStore()
    await putBytes(store, 'c', 'k', sampleBytes(10))
    await store.multipart.create('c', 'k', {})
    await writeFile(hidden('staging', 'left.tmp'), 'half')
    const before = (await stat(hidden('staging', 'left.tmp'))).mtimeMs - 60_000
    expect(await sweep(store, 'c', { ...everything(), unmodifiedSince: before })).toBe(0)
    expect(await sweep(store, 'c', everything())).toBe(2)
    expect(await listKeys(store, 'c')).toEqual(['k'])
  })

  it('of a process killed while it wrote a sidecar are swept like all others', async () => {
    const { store, hidden } = await newStore()
    await store.put('c', 'k', sampleBytes(10), { size: 10, metadata: { a: 'b' } })
    const [described] = await filesBelow(hidden('facts'))
    for (const [index, text] of ['', '{"key":"o', 'null', '{"key":"other"}'].entries()) {
      const hash = createHash('sha256').update(`other ${index}`).digest('hex')
      await mkdir(hidden('facts', hash.slice(0, 2)), { recursive: true })
      await writeFile(hidden('facts', hash.slice(0, 2), `${hash}-1-1.json`), text)
    }
    await writeFile(hidden('staging', 'left.tmp'), 'half')
    expect(await sweep(store, 'c', everything())).toBe(5)
    expect(await filesBelow(hidden('staging'))).toEqual([])
    expect(await filesBelow(hidden('facts'))).toEqual([described])
    expect((await store.head('c', 'k')).metadata).toEqual({ a: 'b' })
  })

  it('are not taken for leftovers when a restore changed the times of their files', async () => {
    const { store, root, hidden } = await newStore()
    await store.put('c', 'k', sampleBytes(10), { size: 10, metadata: { a: 'b' } })
    await store.put('c', 'other', sampleBytes(10), { size: 10, metadata: { a: 'b' } })
    await utimes(join(root, 'c/k'), 1, 1)
    await writeFile(join(root, 'c/other'), sampleBytes(11))
    expect(await sweep(store, 'c', everything())).toBe(1)
    const [left] = await filesBelow(hidden('facts'))
    expect(JSON.parse(await readFile(left!, 'utf8'))).toMatchObject({ key: 'k' })
  })

  it('are swept in bounded pages, all of them', async () => {
    const { store, hidden } = await newStore()
    for (let index = 0; index < 1_300; index += 1) {
      const hash = createHash('sha256').update(String(index)).digest('hex')
      await mkdir(hidden('facts', hash.slice(0, 2)), { recursive: true })
      await writeFile(hidden('facts', hash.slice(0, 2), `${hash}-1-1.json`), '')
    }
    const first = await store.sweepLeftovers('c', everything())
    expect(first.removed).toBeGreaterThanOrEqual(500)
    expect(first.removed).toBeLessThan(600)
    expect(first.cursor).not.toBeNull()
    expect(await sweep(store, 'c', everything())).toBe(1_300 - first.removed)
    expect(await filesBelow(hidden('facts'))).toEqual([])
  })

  it('outside the container are out of reach by links', async () => {
    const { store, root } = await newStore()
    const outside = await newFolder()
    await writeFile(join(outside, 'secret'), 'secret')
    await symlink(join(outside, 'secret'), join(root, 'c/link'))
    await symlink(outside, join(root, 'c/folder'))
    await symlink(outside, join(root, 'linked'))
    await expectFailure(store.get('c', 'link'), 'not-found')
    await expectFailure(store.get('c', 'folder/secret'), 'access-denied')
    await expectFailure(store.head('c', 'folder/secret'), 'access-denied')
    await expectFailure(putBytes(store, 'c', 'folder/new', sampleBytes(1)), 'access-denied')
    await expectFailure(store.delete('c', 'folder/secret'), 'access-denied')
    await expectFailure(store.list('linked'), 'container-not-found')
    expect(await listKeys(store, 'c')).toEqual([])
    expect(await listKeys(store, 'c', { prefix: 'folder/' })).toEqual([])
    expect(await readdir(outside)).toEqual(['secret'])
    await expectFailure(store.list('..'), 'container-not-found')
    await expectFailure(store.list('c/../c'), 'container-not-found')
  })

  it('are listed as a sorted set of keys would be, whatever keys come and go', async () => {
    const segment = fc.constantFrom(
      'a',
      'b',
      'a.b',
      'a b',
      'é',
      '',
      '.',
      '..',
      '😀',
      '%',
      '.data-in-motion',
      'y'.repeat(70),
    )
    const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
    const step = fc.record({ key: key.filter(text => text !== ''), isPut: fc.boolean() })
    const model = fc.asyncProperty(fc.array(step, { maxLength: 25 }), key, async (steps, somewhere) => {
      const { store, root } = await newStore()
      const keys = new Set<string>()
      for (const { key, isPut } of steps) {
        if (isPut) await putBytes(store, 'c', key, Buffer.from(key))
        else await store.delete('c', key)
        if (isPut) keys.add(key)
        else keys.delete(key)
      }
      const sorted = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      const isAfter = (text: string) => Buffer.compare(Buffer.from(text), Buffer.from(somewhere)) > 0
      expect(await listKeys(store, 'c', { limit: 4 })).toEqual(sorted)
      expect(await listKeys(store, 'c', { prefix: somewhere })).toEqual(
        sorted.filter(text => text.startsWith(somewhere)),
      )
      expect(await listKeys(store, 'c', { startAfter: somewhere, limit: 3 })).toEqual(sorted.filter(isAfter))
      for (const kept of sorted) expect(String(await readObject(store, 'c', kept))).toBe(kept)
      await rm(root, { recursive: true })
    })
    await fc.assert(model, { numRuns: 60 })
  })

  it('refuse what does not fit on the disk and keep what is there', async context => {
    const root = await newFolder()
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]).then(
      () => true,
      () => false,
    )
    if (!mounted) return context.skip('needs the right to mount a small file system')
    undo.push(() => run('umount', [root]))
    const { store, hidden } = await newStore('fsync', root)
    await store.put('c', 'k', sampleBytes(600_000), { size: 600_000, metadata: { a: 'b' } })
    const body = chunked(sampleBytes(600_000, 'next'))
    await expectFailure(store.put('c', 'k', body, { size: 600_000 }), 'store-full')
    const { uploadId } = await store.multipart.create('c', 'k', {})
    const part = store.multipart.putPart('c', 'k', uploadId, 1, sampleBytes(600_000), { size: 600_000 })
    await expectFailure(part, 'store-full')
    await store.multipart.abort('c', 'k', uploadId)
    expect(await filesBelow(hidden('staging'))).toEqual([])
    expect((await readObject(store, 'c', 'k')).equals(sampleBytes(600_000))).toBe(true)
    expect((await store.head('c', 'k')).metadata).toEqual({ a: 'b' })
    await store.delete('c', 'k')
    await putBytes(store, 'c', 'k', sampleBytes(600_000, 'next'))
  })
})
