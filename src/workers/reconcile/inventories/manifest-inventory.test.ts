import { mkdtempSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type InventoriedObject,
  type InventoryKind,
  writeVendorInventory,
} from '../../../../test/builders/vendor-inventories.ts'
import { createMemoryStore } from '../../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../../stores/object-store.ts'
import type { Inventory, InventoryEntry } from './inventory.ts'
import { openManifestInventory } from './manifest-inventory.ts'

const TAKEN_AT = Date.UTC(2026, 10, 1)
const KEYS = ['plain', 'with space + plus', 'über/ordner/ö.txt', 'comma,"quote"', '100%', 'line\nbreak', '🦀']
const READ: readonly InventoryKind[] = [
  's3-csv',
  's3-parquet',
  'azure-csv',
  'azure-parquet',
  'gcs-csv',
  'gcs-parquet',
]

describe('an inventory that a vendor wrote', () => {
  let store: ObjectStore
  let temporaryFolder: string
  const signal = new AbortController().signal
  beforeEach(async () => {
    store = createMemoryStore({ name: 'reports', settings: { capacityBytes: 2 ** 26 } })
    await store.ensureContainer('reports')
    temporaryFolder = mkdtempSync(path.join(tmpdir(), 'dim-test-'))
  })

  const objectsOf = (count: number): InventoriedObject[] =>
    Array.from({ length: count }, (_, index) => ({
      key: index < KEYS.length ? KEYS[index]! : `object-${index}`,
      size: index,
      etag: `etag${index}`,
      lastModified: TAKEN_AT - index * 1_000,
    }))
  const write = (kind: InventoryKind, objects: InventoriedObject[], files = 1) =>
    writeVendorInventory(
      { store, container: 'reports' },
      { kind, source: 'data', objects, takenAt: TAKEN_AT, files },
    )
  const open = (key: string, container = 'data') =>
    openManifestInventory({ store, container: 'reports', key }, { container, temporaryFolder, signal })
  async function read(inventory: Inventory, from: string | null = null) {
    const pages: { entries: readonly InventoryEntry[]; position: string }[] = []
    for await (const page of inventory.pages(from, signal)) pages.push(page)
    return pages
  }
  const replace = async (key: string, change: (text: string) => string) => {
    const { body } = await store.get('reports', key)
    const bytes = Buffer.from(change(Buffer.concat(await chunksOf(body)).toString('latin1')), 'latin1')
    await store.put('reports', key, bytes, { size: bytes.length })
  }

  it.each(READ)('of kind %s shows every current object exactly, and leaves nothing behind', async kind => {
    const objects = objectsOf(30)
    const key = await write(kind, [...objects, { ...objects[3]!, key: 'old', isCurrent: false }], 3)
    const inventory = await open(key)
    expect(inventory.takenAt).toBe(TAKEN_AT)
    const entries = (await read(inventory)).flatMap(page => page.entries)
    expect(entries.map(({ key, size, etag, lastModified }) => ({ key, size, etag, lastModified }))).toEqual(
      objects,
    )
    expect(await readdir(temporaryFolder)).toEqual([])
  })

  it.each(['s3-csv', 's3-parquet'] as const)('of kind %s goes on where reading was given up', async kind => {
    const inventory = await open(await write(kind, objectsOf(2_500), 2))
    const pages = await read(inventory)
    expect(pages.length).toBeGreaterThan(3)
    for (const [index, page] of pages.entries()) {
      const rest = pages.slice(index + 1).flatMap(({ entries }) => entries)
      expect((await read(inventory, page.position)).flatMap(({ entries }) => entries)).toEqual(rest)
    }
  })

  it('is not believed when a file is not the one its manifest names', async () => {
    const key = await write('s3-csv', objectsOf(10))
    await replace('reports/part-0.csv.gz', text => `${text.slice(0, -1)}\x01`)
    await expect(read(await open(key))).rejects.toMatchObject({
      kind: 'damaged',
      message: expect.stringMatching(/MD5/),
    })
  })

  it('is not believed when its manifest was changed', async () => {
    const key = await write('azure-csv', objectsOf(10))
    await replace(key, text => text.replace('Succeeded', 'succeeded'))
    await expect(open(key)).rejects.toMatchObject({ kind: 'damaged', message: expect.stringMatching(/MD5/) })
  })

  it('is not believed when rows are missing that its manifest counts', async () => {
    const key = await write('gcs-csv', objectsOf(10))
    await replace('reports/part-0.csv', text => text.slice(0, text.trimEnd().lastIndexOf('\n') + 1))
    await expect(read(await open(key))).rejects.toMatchObject({
      kind: 'damaged',
      message: expect.stringMatching(/9 rows/),
    })
  })

  it('in the format ORC is refused with what to do', async () => {
    const key = await write('s3-orc', objectsOf(1))
    await expect(open(key)).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/CSV or Parquet/),
    })
  })

  it('of another container is refused', async () => {
    const key = await write('s3-csv', objectsOf(1))
    await expect(open(key, 'other')).rejects.toMatchObject({ kind: 'wrong-container' })
  })

  it('that no vendor wrote is refused', async () => {
    await store.put('reports', 'x.json', Buffer.from('{"a":1}'), { size: 7 })
    await expect(open('x.json')).rejects.toMatchObject({ kind: 'unsupported' })
    await store.put('reports', 'x.json', Buffer.from('{'), { size: 1 })
    await expect(open('x.json')).rejects.toMatchObject({ kind: 'damaged' })
  })
})

async function chunksOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks
}
