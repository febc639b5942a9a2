import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { GIB } from '../../domain/bytes.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { createFilesystemStore } from '../filesystem/filesystem-store.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import type { ObjectStore } from '../object-store.ts'
import { CHUNK_BYTES, clientKey, openedSize, openedSizeMax, sealedSize } from './chunk-cipher.ts'
import { clientEncryptedStore } from './client-encryption.ts'

const key = clientKey(Buffer.alloc(32, 7))
const wrap = (inner: ObjectStore) => clientEncryptedStore(inner, { keys: [key] })
const memory = () => createMemoryStore({ name: 'memory', settings: { capacityBytes: GIB } })
const skip = [
  {
    reason: 'the bytes are sealed before the store sees them, and a look says so whatever was asked for',
    tests: ['encrypts when asked and says so'],
  },
]

describeObjectStore({
  name: 'memory, encrypted by us',
  keepsEveryKey: true,
  skip,
  newStore: async () => ({ store: wrap(memory()), dispose: async () => undefined }),
})

describeObjectStore({
  name: 'filesystem, encrypted by us',
  keepsEveryKey: false,
  skip: [
    ...skip,
    {
      reason: 'the test begins an upload in parts, which a store of sealed bytes has not',
      tests: ['sweeps leftovers and no object and no upload that is needed'],
    },
  ],
  newStore: async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'dim-sealed-'))
    const store = createFilesystemStore({ name: 'folder', settings: { root, durability: 'none' } })
    return { store: wrap(store), dispose: () => rm(root, { recursive: true, force: true }) }
  },
})

describe('a store whose bytes we encrypt', () => {
  let inner: ObjectStore
  let store: ObjectStore
  beforeEach(async () => {
    inner = memory()
    store = wrap(inner)
    await store.ensureContainer('c')
  })

  const read = async (from: ObjectStore, range?: { start: number; end: number }) => {
    const { body } = await from.get('c', 'k', range === undefined ? {} : { range })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const put = (bytes: Buffer) =>
    store.put('c', 'k', bytes, { size: bytes.length, metadata: { colour: 'blue' } })
  const damage = async (change: (sealed: Buffer) => Buffer) => {
    const { metadata } = await inner.head('c', 'k')
    const sealed = change(await read(inner))
    await inner.put('c', 'k', sealed, { size: sealed.length, metadata })
  }

  it('shows it none of the content, and us its size, metadata and encryption', async () => {
    const bytes = Buffer.from('a secret '.repeat(10_000))
    await put(bytes)
    const sealed = await read(inner)
    expect(sealed.length).toBe(sealedSize(bytes.length))
    expect(sealed.includes('secret')).toBe(false)
    const { encryption, metadata, size } = await store.head('c', 'k')
    expect({ encryption, metadata, size }).toEqual({
      encryption: { kind: 'client', keyId: key.id },
      metadata: { colour: 'blue' },
      size: bytes.length,
    })
    expect((await store.list('c')).objects).toMatchObject([{ size: bytes.length }])
  })

  it('never seals equal content equally', async () => {
    await put(Buffer.alloc(100))
    const first = await read(inner)
    await put(Buffer.alloc(100))
    expect(await read(inner)).not.toEqual(first)
  })

  it('gives any range of any content back exactly', async () => {
    const size = fc.oneof(
      fc.nat({ max: 300 }),
      fc.integer({ min: CHUNK_BYTES - 2, max: 3 * CHUNK_BYTES + 2 }),
    )
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), async (bytes, one, other) => {
        const content = randomBytes(bytes)
        await put(content)
        expect(await read(store)).toEqual(content)
        if (bytes === 0) return
        const [start, end] = [one % bytes, other % (2 * bytes)].toSorted((a, b) => a - b) as [number, number]
        if (start < bytes) expect(await read(store, { start, end })).toEqual(content.subarray(start, end + 1))
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    ['a flipped bit', (sealed: Buffer) => sealed.with(CHUNK_BYTES + 30, sealed[CHUNK_BYTES + 30]! ^ 1)],
    ['chunks that were exchanged', exchanged],
    ['a last chunk that is gone', (sealed: Buffer) => sealed.subarray(0, 2 * (CHUNK_BYTES + 16))],
  ])('is not believed with %s', async (_, change) => {
    await put(randomBytes(3 * CHUNK_BYTES))
    await damage(sealed => Buffer.from(change(sealed)))
    await expect(read(store)).rejects.toMatchObject({ kind: 'digest-mismatch' })
  })

  it('opens what a former key sealed, and names the key it has not', async () => {
    await put(Buffer.from('old'))
    const next = clientKey(Buffer.alloc(32, 9))
    expect(await read(clientEncryptedStore(inner, { keys: [next, key] }))).toEqual(Buffer.from('old'))
    const without = clientEncryptedStore(inner, { keys: [next] })
    await expect(read(without)).rejects.toThrow(key.id)
    expect((await without.head('c', 'k')).size).toBe(3)
  })

  it('keeps sizes apart that a store of sealed bytes could confuse', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), size => {
        expect(openedSize(sealedSize(size))).toBe(size)
        expect(sealedSize(openedSizeMax(size))).toBeLessThanOrEqual(Math.max(16, size))
      }),
    )
  })
})

function exchanged(sealed: Buffer): Buffer {
  const chunk = CHUNK_BYTES + 16
  return Buffer.concat([
    sealed.subarray(chunk, 2 * chunk),
    sealed.subarray(0, chunk),
    sealed.subarray(2 * chunk),
  ])
}
