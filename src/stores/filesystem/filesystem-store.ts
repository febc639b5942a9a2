import { mkdir } from 'node:fs/promises'
import { type Clock, wallClock } from '../../domain/clock.ts'
import { checkExtras, checkFacts, checkKey, checkSize, listLimitOf, spanOf } from '../call-rules.ts'
import { checkedBody } from '../checked-body.ts'
import type {
  LeftoverPage,
  MultipartStore,
  ObjectStore,
  StoredObject,
  SweepOptions,
} from '../object-store.ts'
import { throwIfAborted } from '../store-operation.ts'
import { FILESYSTEM_CAPABILITIES } from './capabilities.ts'
import type { FilesystemSettings } from './config.ts'
import { copyFileWithin } from './copy-within.ts'
import { fileBody } from './file-body.ts'
import { identityOf } from './file-identity.ts'
import { createFilesystemMultipart } from './filesystem-multipart.ts'
import { FilesystemState } from './filesystem-state.ts'
import { KeyListing } from './key-listing.ts'
import type { ObjectFacts } from './object-facts.ts'
import { checkIdentity, deleteFile, inspect, type ObjectFile, openObject } from './object-file.ts'
import { OpenListings } from './open-listings.ts'
import { stageFile } from './staged-file.ts'
import { sweepLeftovers } from './sweep-leftovers.ts'

/** A folder as a store: containers are its sub-folders, objects are files a person can find and read. */
export interface FilesystemStore extends ObjectStore {
  readonly multipart: MultipartStore
  readonly copyWithin: NonNullable<ObjectStore['copyWithin']>
  sweepLeftovers(container: string, options: SweepOptions): Promise<LeftoverPage>
}

/** Opens a folder as a store. The folder is made by the first `ensureContainer`. */
export function createFilesystemStore(options: {
  name: string
  settings: FilesystemSettings
  clock?: Clock
}): FilesystemStore {
  const { name, clock = wallClock } = options
  const state = new FilesystemState({ name, settings: options.settings })
  const listings = new OpenListings(clock)

  return {
    name,
    capabilities: FILESYSTEM_CAPABILITIES,
    multipart: createFilesystemMultipart(state, clock),

    async ensureContainer(container, { signal } = {}) {
      const operation = state.operation('ensureContainer', null)
      throwIfAborted(operation, signal)
      await state.run(operation, container, async folder => {
        await mkdir(folder.path, { recursive: true })
      })
    },

    async head(container, key, { signal, onlyIf, withTags = false } = {}) {
      const operation = state.operation('head', key)
      throwIfAborted(operation, signal)
      checkKey(operation, FILESYSTEM_CAPABILITIES.keyBytesMax)
      return state.run(operation, container, async folder => {
        const found = await inspect(operation, folder)
        if (onlyIf) checkIdentity(operation, found, onlyIf)
        const tags = withTags ? (found.object.facts.tags ?? {}) : null
        return { ...storedObjectOf(found, found.object), tags }
      })
    },

    async get(container, key, { signal, onlyIf, range, areChunksLent = false } = {}) {
      const operation = state.operation('get', key)
      throwIfAborted(operation, signal)
      checkKey(operation, FILESYSTEM_CAPABILITIES.keyBytesMax)
      return state.run(operation, container, async folder => {
        const { handle, stats, object } = await openObject(operation, folder)
        try {
          if (onlyIf) checkIdentity(operation, { stats }, onlyIf)
          const span = spanOf(operation, Number(stats.size), range)
          const body = await fileBody(operation, handle, span, { signal, areChunksLent })
          return { ...storedObjectOf({ stats }, object), bodySize: span.length, body }
        } catch (error) {
          await handle.close()
          throw error
        }
      })
    },

    async put(container, key, body, { signal, size, digests = {}, condition, ...facts }) {
      const operation = state.operation('put', key)
      throwIfAborted(operation, signal)
      checkKey(operation, FILESYSTEM_CAPABILITIES.keyBytesMax)
      checkSize(operation, size, FILESYSTEM_CAPABILITIES.putSizeMax)
      checkFacts(operation, facts, FILESYSTEM_CAPABILITIES.metadataBytesMax)
      checkExtras(operation, FILESYSTEM_CAPABILITIES, facts)
      return state.run(operation, container, async folder => {
        await state.prepare(operation, folder)
        const chunks = checkedBody(operation, body, { size, digests, signal })
        const staged = await stageFile(operation, folder.staging, chunks, state.isDurable)
        return { identity: await state.publish(operation, folder, staged, { facts, digests }, condition) }
      })
    },

    copyWithin: (from, to, copyOptions) => copyFileWithin(state, from, to, copyOptions),

    async delete(container, key, { signal, onlyIf } = {}) {
      const operation = state.operation('delete', key)
      throwIfAborted(operation, signal)
      checkKey(operation, FILESYSTEM_CAPABILITIES.keyBytesMax)
      await state.run(operation, container, folder =>
        state.locks.run(`${folder.path}/${key}`, async () => {
          await state.checkExists(operation, folder)
          await deleteFile(operation, folder, { onlyIf, isDurable: state.isDurable })
        }),
      )
    },

    async list(container, { prefix = '', startAfter, cursor, limit, signal } = {}) {
      const operation = state.operation('list', null)
      throwIfAborted(operation, signal)
      const request = {
        prefix,
        after: cursor ?? startAfter ?? null,
        limit: listLimitOf(operation, limit === undefined ? {} : { limit }),
      }
      return state.run(operation, container, async folder => {
        await state.checkExists(operation, folder)
        const nameOf = (after: string) => JSON.stringify([container, prefix, after])
        const open = (cursor === undefined ? null : listings.take(nameOf(cursor))) ?? {
          listing: await KeyListing.begin(folder, request),
          begunAt: clock.now(),
        }
        const page = await open.listing.page(request.limit)
        if (page.cursor !== null) listings.keep(nameOf(page.cursor), open)
        return page
      })
    },

    async close() {
      listings.clear()
    },

    async sweepLeftovers(container, sweep) {
      const operation = state.operation('sweepLeftovers', null)
      throwIfAborted(operation, sweep.signal)
      return state.run(operation, container, async folder => {
        await state.checkExists(operation, folder)
        return sweepLeftovers(state, folder, sweep)
      })
    },
  }
}

function storedObjectOf({ stats }: Pick<ObjectFile, 'stats'>, { facts, digests }: ObjectFacts): StoredObject {
  return {
    size: Number(stats.size),
    identity: identityOf(stats),
    lastModified: Number(stats.mtimeMs),
    headers: facts.headers ?? {},
    metadata: facts.metadata ?? {},
    storageClass: facts.storageClass ?? null,
    archive: null,
    tags: null,
    encryption: null,
    lock: null,
    digests,
  }
}
