import type { Bytes } from '../../domain/bytes.ts'
import { type Clock, wallClock } from '../../domain/clock.ts'
import type { StoreIdentity } from '../../domain/object.ts'
import {
  checkExtras,
  checkFacts,
  checkKey,
  checkRestore,
  checkSize,
  checkStorageClass,
  KEY_BYTES_MAX,
  listLimitOf,
  spanOf,
} from '../call-rules.ts'
import type { ListPage, MultipartStore, ObjectStore, StoredObject } from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { storedBody } from '../stored-body.ts'
import { MEMORY_CAPABILITIES } from './capabilities.ts'
import type { MemorySettings } from './config.ts'
import { archiveStateOf, beginRestore, type MemoryArchive, memoryCapabilitiesWith } from './memory-archive.ts'
import type { MemoryEntry } from './memory-container.ts'
import { createMemoryMultipart } from './memory-multipart.ts'
import { checkIdentity, checkNotHeld, MemoryState, roomOf } from './memory-state.ts'
import { syntheticContent } from './synthetic-content.ts'
import { translateMemoryError } from './translate-error.ts'

/** A store whose objects end with the process: for tests, simulations and benchmarks. */
export interface MemoryStore extends ObjectStore {
  readonly multipart: MultipartStore
  readonly copyWithin: NonNullable<ObjectStore['copyWithin']>
  readonly changeStorageClass: NonNullable<ObjectStore['changeStorageClass']>
  /**
   * Puts many objects into a container at once, without their bytes: those are computed when read (see
   * `synthetic-content.ts`), so a million objects of a gigabyte take no room. Makes the container.
   */
  seed(container: string, objects: Iterable<{ key: string; size: Bytes }>): void
  /** It takes so many bytes from now on; what is there stays. */
  setCapacity(bytes: Bytes): void
}

/** Makes an empty memory store. */
export function createMemoryStore(options: {
  name: string
  settings: MemorySettings
  clock?: Clock
  /** Default: it has none. */
  archive?: MemoryArchive
}): MemoryStore {
  const { archive, name, clock = wallClock } = options
  const capabilities = memoryCapabilitiesWith(archive)
  const state = new MemoryState({ name, clock, capacityBytes: options.settings.capacityBytes })

  function find(
    operation: StoreOperation,
    container: string,
    onlyIf: StoreIdentity | undefined,
  ): MemoryEntry {
    checkKey(operation, KEY_BYTES_MAX)
    const entry = state.containerOf(operation, container).get(operation.key!)
    if (!entry) throw storeFailure(operation, 'not-found', `there is no "${operation.key}"`)
    if (onlyIf) checkIdentity(operation, entry, onlyIf)
    return entry
  }

  /** Throws kind `archived` for bytes that have to be restored first. */
  function checkReadable(operation: StoreOperation, entry: MemoryEntry): void {
    const state = archiveStateOf(archive, entry, clock.now())
    if (state === null || state.kind === 'restored') return
    throw storeFailure(operation, 'archived', `"${operation.key}" is ${state.kind}`)
  }

  function storedObjectOf(entry: MemoryEntry): StoredObject {
    return { ...factsOf(entry), archive: archiveStateOf(archive, entry, clock.now()) }
  }

  return {
    name,
    capabilities,
    multipart: createMemoryMultipart(state),

    async ensureContainer(container, { signal } = {}) {
      throwIfAborted(state.operation('ensureContainer', null), signal)
      state.ensureContainer(container)
    },

    async head(container, key, { signal, onlyIf, withTags = false } = {}) {
      const operation = state.operation('head', key)
      throwIfAborted(operation, signal)
      const entry = find(operation, container, onlyIf)
      return { ...storedObjectOf(entry), tags: withTags ? (entry.facts.tags ?? {}) : null }
    },

    async get(container, key, { signal, onlyIf, range } = {}) {
      const operation = state.operation('get', key)
      throwIfAborted(operation, signal)
      const entry = find(operation, container, onlyIf)
      checkReadable(operation, entry)
      const span = spanOf(operation, entry.size, range)
      const source = {
        chunks:
          entry.content instanceof Uint8Array
            ? slicesOf(entry.content, span)
            : syntheticContent(entry.content.syntheticOf, span),
        release: () => undefined,
        translate: (error: unknown) => translateMemoryError(operation, error),
      }
      const body = storedBody(operation, source, span.length, signal)
      return { ...storedObjectOf(entry), bodySize: span.length, body }
    },

    async put(container, key, body, { signal, size, digests = {}, condition, ...facts }) {
      const operation = state.operation('put', key)
      throwIfAborted(operation, signal)
      checkKey(operation, KEY_BYTES_MAX)
      checkSize(operation, size, MEMORY_CAPABILITIES.putSizeMax)
      checkFacts(operation, facts, MEMORY_CAPABILITIES.metadataBytesMax)
      checkExtras(operation, MEMORY_CAPABILITIES, facts)
      state.containerOf(operation, container)
      const content = await state.collect(operation, body, { size, digests, signal })
      const entry = { size, content, facts, digests }
      return { identity: state.publish(operation, container, key, entry, condition) }
    },

    async delete(container, key, { signal, onlyIf } = {}) {
      const operation = state.operation('delete', key)
      throwIfAborted(operation, signal)
      checkKey(operation, KEY_BYTES_MAX)
      const objects = state.containerOf(operation, container)
      const entry = objects.get(key)
      if (!entry) return
      if (onlyIf) checkIdentity(operation, entry, onlyIf)
      checkNotHeld(operation, entry, state.now())
      objects.delete(key)
      state.giveRoomBack(roomOf(entry))
    },

    async copyWithin(from, to, { signal, size, condition, ...facts }) {
      const source = state.operation('copyWithin', from.key)
      throwIfAborted(source, signal)
      const entry = find(source, from.container, from.identity)
      checkReadable(source, entry)
      const { content, digests, size: length } = entry
      const operation = state.operation('copyWithin', to.key)
      checkKey(operation, KEY_BYTES_MAX)
      checkFacts(operation, facts, MEMORY_CAPABILITIES.metadataBytesMax)
      checkExtras(operation, MEMORY_CAPABILITIES, facts)
      if (length !== size)
        throw storeFailure(operation, 'truncated', `the object has ${length} bytes, not ${size}`)
      if (content instanceof Uint8Array) state.takeRoom(operation, size)
      const identity = state.publish(
        operation,
        to.container,
        to.key,
        { size, content, facts, digests },
        condition,
      )
      return { identity, digests }
    },

    async changeStorageClass(container, key, storageClass, { signal, onlyIf }) {
      const operation = state.operation('changeStorageClass', key)
      throwIfAborted(operation, signal)
      checkStorageClass(operation, capabilities, storageClass)
      const found = find(operation, container, onlyIf)
      checkReadable(operation, found)
      const { restore: _, ...entry } = found
      const moved = { ...entry, facts: { ...entry.facts, storageClass }, etag: state.nextEtag() }
      state.containerOf(operation, container).set(key, moved)
      return storedObjectOf(moved)
    },

    ...(archive === undefined
      ? {}
      : {
          async restore(container, key, restoreOptions) {
            const { onlyIf, readableDays, signal } = restoreOptions
            const operation = state.operation('restore', key)
            throwIfAborted(operation, signal)
            checkRestore(operation, restoreOptions)
            const entry = find(operation, container, onlyIf)
            const now = clock.now()
            if (archiveStateOf(archive, entry, now)?.kind !== 'archived') return storedObjectOf(entry)
            const restored = { ...entry, restore: beginRestore(archive, now, readableDays) }
            state.containerOf(operation, container).set(key, restored)
            return storedObjectOf(restored)
          },
        }),

    async list(container, listOptions = {}): Promise<ListPage> {
      const operation = state.operation('list', null)
      throwIfAborted(operation, listOptions.signal)
      const limit = listLimitOf(operation, listOptions)
      const found = state.containerOf(operation, container).page({
        prefix: listOptions.prefix ?? '',
        after: listOptions.cursor ?? listOptions.startAfter ?? null,
        limit: limit + 1,
      })
      const objects = found.slice(0, limit).map(({ key, entry }) => ({
        key,
        size: entry.size,
        etag: entry.etag,
        lastModified: entry.lastModified,
        storageClass: entry.facts.storageClass ?? null,
      }))
      return { objects, cursor: found.length > limit ? objects[objects.length - 1]!.key : null }
    },

    async close() {
      state.clear()
    },

    setCapacity: bytes => state.setCapacity(bytes),
    seed(container, objects) {
      const seeded = state.ensureContainer(container)
      const lastModified = clock.now()
      for (const { key, size } of objects) {
        checkKey(state.operation('seed', key), KEY_BYTES_MAX)
        const former = seeded.get(key)
        const etag = state.nextEtag()
        const content = { syntheticOf: key }
        seeded.set(key, { size, content, etag, lastModified, facts: {}, digests: {} })
        if (former) state.giveRoomBack(roomOf(former))
      }
    },
  }
}

function factsOf(entry: MemoryEntry): Omit<StoredObject, 'archive'> {
  return {
    size: entry.size,
    identity: { etag: entry.etag, versionId: null },
    lastModified: entry.lastModified,
    headers: entry.facts.headers ?? {},
    metadata: entry.facts.metadata ?? {},
    storageClass: entry.facts.storageClass ?? null,
    tags: null,
    encryption: entry.facts.encryption ?? null,
    lock: entry.facts.lock ?? null,
    digests: entry.digests,
  }
}

/** The largest piece a body is handed out in. */
const SLICE_BYTES_MAX = 1024 * 1024

async function* slicesOf(
  content: Uint8Array,
  span: { start: Bytes; length: Bytes },
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = span.start + span.length
  for (let offset = span.start; offset < end; offset += SLICE_BYTES_MAX) {
    yield content.subarray(offset, Math.min(offset + SLICE_BYTES_MAX, end))
  }
}
