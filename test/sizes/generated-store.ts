import type { Bytes } from '../../src/domain/bytes.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../src/stores/object-store.ts'
import { impliedContent } from './implied-content.ts'

/** Objects of one size whose keys and bytes are implied. */
export interface GeneratedObjects {
  readonly count: number
  readonly size: Bytes
  readonly seed: string
}

const LIST_KEYS_MAX = 1_000
const PREFIX = 'data/'
const DIGITS = 9

/**
 * A store full of objects that are nowhere: keys, facts and bytes, ranges too, are computed when asked for.
 * It remembers only which ones were deleted, a bit each.
 */
export function generatedStore(name: string, objects: GeneratedObjects): ObjectStore {
  const memory = createMemoryStore({ name, settings: { capacityBytes: 0 } })
  const deleted = Buffer.alloc(Math.ceil(objects.count / 8))
  const isDeleted = (index: number) => (deleted[index >> 3]! & (1 << (index & 7))) !== 0

  function find(operation: string, key: string): number {
    const index = indexOf(key)
    if (index >= 0 && index < objects.count && !isDeleted(index)) return index
    const message = `there is no "${key}"`
    throw new StoreError({ kind: 'not-found', retry: 'no', store: name, operation, key, message })
  }

  const facts: StoredObject = {
    size: objects.size,
    identity: { etag: 'implied', versionId: null },
    lastModified: 0,
    headers: {},
    metadata: {},
    storageClass: null,
    archive: null,
    digests: {},
    tags: {},
    encryption: null,
    lock: null,
  }

  return {
    ...memory,
    ensureContainer: async () => undefined,
    async head(_, key) {
      find('head', key)
      return facts
    },
    async get(_, key, { range, areChunksLent = false } = {}) {
      find('get', key)
      const { start, end } = range ?? { start: 0, end: objects.size - 1 }
      const length = end - start + 1
      const chunks = impliedContent(`${objects.seed}/${key}`).read({ start, length, areLent: areChunksLent })
      return {
        ...facts,
        bodySize: length,
        body: Object.assign(chunks, { destroy: () => undefined }),
      }
    },
    async delete(_, key) {
      const index = indexOf(key)
      deleted[index >> 3]! |= 1 << (index & 7)
    },
    async list(_, { startAfter, cursor, limit = LIST_KEYS_MAX } = {}) {
      const after = cursor ?? startAfter
      const first = after === undefined ? 0 : indexOf(after) + 1
      const found = []
      let index = first
      for (; index < objects.count && found.length < limit; index++) {
        if (isDeleted(index)) continue
        const key = keyOf(index)
        found.push({ key, size: objects.size, etag: 'implied', lastModified: 0, storageClass: null })
      }
      return { objects: found, cursor: index < objects.count ? keyOf(index - 1) : null }
    },
  }
}

function keyOf(index: number): string {
  return `${PREFIX}${String(index).padStart(DIGITS, '0')}`
}

function indexOf(key: string): number {
  return Number(key.slice(PREFIX.length))
}
