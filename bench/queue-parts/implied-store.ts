import { createHash } from 'node:crypto'
import { startCrc64Nvme } from '../../src/domain/crc64-nvme.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../src/stores/object-store.ts'

/** How long every object of such a store is. */
export const OBJECT_BYTES = 64

/**
 * A store whose bytes are implied: every key holds the same 64 bytes, or only those that were put, of which it
 * remembers nothing but the metadata. For a million objects without their bytes.
 */
export function impliedStore(name: string, options: { readonly holdsAll: boolean }): ObjectStore {
  const memory = createMemoryStore({ name, settings: { capacityBytes: 0 } })
  const bytes = Buffer.alloc(OBJECT_BYTES, 'implied ')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const put = new Map<string, Readonly<Record<string, string>>>()
  const facts = async (key: string): Promise<StoredObject> => {
    const metadata = put.get(key) ?? (options.holdsAll ? {} : null)
    if (metadata === null) {
      throw new StoreError({
        kind: 'not-found',
        retry: 'no',
        store: name,
        operation: 'head',
        key,
        message: 'none',
      })
    }
    return {
      size: OBJECT_BYTES,
      identity: { etag: 'implied', versionId: null },
      lastModified: 0,
      headers: {},
      metadata,
      storageClass: null,
      archive: null,
      digests: { sha256, crc64nvme },
      tags: null,
      encryption: null,
      lock: null,
    }
  }
  const running = startCrc64Nvme()
  running.update(bytes)
  const crc64nvme = running.finish()
  return {
    ...memory,
    name,
    capabilities: { ...memory.capabilities, reportedDigests: ['sha256', 'crc64nvme'] },
    head: (_, key) => facts(key),
    get: async (_, key) => {
      async function* once() {
        yield bytes
      }
      const body = Object.assign(once(), { destroy: () => undefined })
      return { ...(await facts(key)), bodySize: OBJECT_BYTES, body }
    },
    put: async (_, key, _body, { metadata = {} }) => {
      put.set(key, metadata)
      const { identity, digests } = await facts(key)
      return { identity, digests }
    },
    delete: async (_, key) => void put.delete(key),
  }
}
