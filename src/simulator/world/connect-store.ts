import type {
  ObjectStore,
  PutBody,
  StoreCapabilities,
  StoredObjectWithBody,
} from '../../stores/object-store.ts'
import {
  abortFailure,
  type StoreOperation,
  storeFailure,
  throwIfAborted,
} from '../../stores/store-operation.ts'
import type { Chaos } from '../chaos/chaos.ts'
import type { Process } from '../clock/process.ts'
import type { Scheduler } from '../clock/scheduler.ts'
import { never, outcomeOf, unwrap } from './database.ts'
import type { ModelStore, StoredBytes } from './model-store.ts'

/** A request takes up to so many milliseconds each way. */
const LATENCY_MS_MAX = 20
/**
 * When a deletion, or a publication that nothing compares, lands that its sender has given up, at the latest: what
 * the mover and the gateway allow for.
 */
const LATE_MS = { min: 10_000, max: 24_000 } as const
/** For how long a look may show what was there before. */
const STALE_MS_MAX = 3_000
const PIECES_PER_BODY = 2

/** How one process reaches a store. */
export interface StoreConnection {
  readonly scheduler: Scheduler
  readonly chaos: Chaos
  readonly process: Process
  readonly store: ModelStore
  /** Told of each change of bytes in the moment it happens: what was there before. */
  readonly onChange: (change: StoreChange) => void
  /** Told what else happened. */
  readonly note: (line: string) => void
}

/** Bytes that were replaced or deleted by a process. */
export interface StoreChange {
  readonly process: Process
  readonly store: ModelStore
  readonly key: string
  readonly kind: 'put' | 'delete' | 'reclassify'
  readonly was: StoredBytes | null
  /** The sender was still there, waiting for the answer. */
  readonly isAwaited: boolean
}

/** The store as one process sees it through a network on which everything may go wrong. */
export function connectStore(connection: StoreConnection): ObjectStore {
  const { store, chaos, process, scheduler } = connection
  const { inner, capabilities } = store
  const multipart = capabilities.multipart === null ? null : inner.multipart

  async function request<T>(
    operation: StoreOperation,
    signal: AbortSignal | undefined,
    perform: (isAwaited: boolean) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(operation, signal)
    const fate = chaos.fateOf(isAnnounced(operation))
    const kind = chaos.pick(['throttled', 'unreachable', 'timeout', 'unexpected'] as const)
    let isGivenUp = false
    const answer = async () => {
      if (fate === 'refused') {
        await scheduler.turn(latency(), process)
        throw storeFailure(operation, kind, 'this did not happen', { retry: 'yes' })
      }
      if (fate === 'hangs') return never()
      await scheduler.turn(fate === 'lands-late' ? chaos.between(LATE_MS.min, LATE_MS.max) : latency(), null)
      if ((process.isDead || isGivenUp) && fate !== 'lands-late' && !chaos.isLucky()) return never()
      const outcome = await outcomeOf(() => perform(!process.isDead && !isGivenUp))
      await scheduler.turn(latency(), process)
      if (fate === 'answer-lost') {
        throw storeFailure(operation, kind, 'the answer got lost', { retry: 'unknown-outcome' })
      }
      return unwrap(outcome)
    }
    return orAborted(answer(), operation, signal, () => {
      isGivenUp = true
    })
  }

  /** What others keep away from for as long as it may land. */
  function isAnnounced({ operation }: StoreOperation): boolean {
    const isPublication = operation === 'put' || operation === 'multipart.complete'
    return operation === 'delete' || (isPublication && !capabilities.conditionalPut)
  }

  function latency(): number {
    return chaos.between(1, LATENCY_MS_MAX)
  }

  const on = (operation: string, key: string | null): StoreOperation => ({
    store: store.name,
    operation,
    key,
  })

  /** Changes bytes and tells what was there. */
  async function change<T>(
    key: string,
    kind: StoreChange['kind'],
    isAwaited: boolean,
    perform: () => Promise<T>,
  ): Promise<T> {
    const was = await store.remember(key)
    const result = await perform()
    connection.onChange({ process, store, key, kind, was, isAwaited })
    return result
  }

  async function staleLook(key: string): Promise<StoredBytes | null | 'fresh'> {
    const former = store.former.get(key)
    if (former === undefined || scheduler.now() - former.until > STALE_MS_MAX) return 'fresh'
    return chaos.happens(chaos.rates.stale) ? former.was : 'fresh'
  }

  return {
    name: store.name,
    capabilities,

    ensureContainer: (container, { signal } = {}) =>
      request(on('ensureContainer', null), signal, () => inner.ensureContainer(container)),

    head: (container, key, { signal, ...options } = {}) => {
      const operation = on('head', key)
      return request(operation, signal, async () => {
        const stale = await staleLook(key)
        if (stale === null) throw storeFailure(operation, 'not-found', 'there was nothing a moment ago')
        const found = stale === 'fresh' ? await inner.head(container, key, options) : stale.stored
        return {
          ...found,
          archive: store.archiveOf(found),
          digests: reported(capabilities, found.digests),
        }
      })
    },

    get: (container, key, { signal, ...options } = {}) => {
      const operation = on('get', key)
      return request(operation, signal, async () => {
        const stale = options.onlyIf === undefined ? await staleLook(key) : 'fresh'
        if (stale === null) throw storeFailure(operation, 'not-found', 'there was nothing a moment ago')
        const fresh = stale === 'fresh' ? await inner.get(container, key, options) : bodyOf(stale)
        const archive = store.archiveOf(fresh)
        if (archive !== null && archive.kind !== 'restored')
          throw storeFailure(operation, 'archived', `it is ${archive.kind}`)
        const rotten = store.rotten.get(fresh.identity.etag!)
        const found = rotten === undefined ? fresh : bodyOf({ stored: fresh, bytes: rotten })
        const body = travelling(connection, operation, found.body, signal)
        return { ...found, archive, digests: reported(capabilities, found.digests), body }
      })
    },

    async put(container, key, body, { signal, ...options }) {
      const operation = on('put', key)
      const sent = damaged(chaos, await collect(body))
      const { digests, ...unchecked } = options
      const checked = capabilities.reportedDigests.length > 0
      // A store that does not check keeps what arrives.
      const given = checked ? options : { ...unchecked, size: sent.byteLength }
      return request(operation, signal, isAwaited =>
        change(key, 'put', isAwaited, async () => {
          const { identity } = await inner.put(container, key, sent, given)
          return checked ? { identity, digests: reported(capabilities, digests ?? {}) } : { identity }
        }),
      )
    },

    delete: (container, key, { signal, ...options } = {}) =>
      request(on('delete', key), signal, isAwaited =>
        change(key, 'delete', isAwaited, () => inner.delete(container, key, options)),
      ),

    list: (container, { signal, ...options } = {}) =>
      request(on('list', null), signal, () => inner.list(container, options)),

    close: async () => undefined,

    ...(store.profile.restoreMs === null
      ? {}
      : {
          restore: (container, key, { onlyIf, signal }) =>
            request(on('restore', key), signal, async () => {
              const found = await inner.head(container, key, { onlyIf })
              if (store.archiveOf(found) !== null) store.restore(found.identity.etag!)
              connection.note(`${process.name} asks ${store.name} to restore ${key}`)
              return {
                ...found,
                archive: store.archiveOf(found),
                digests: reported(capabilities, found.digests),
              }
            }),
        }),

    ...(store.profile.hasClasses
      ? {
          changeStorageClass: (container, key, storageClass, { signal, ...options }) =>
            request(on('changeStorageClass', key), signal, isAwaited =>
              change(key, 'reclassify', isAwaited, async () => {
                const rotten = store.rotten.get(options.onlyIf.etag!)
                const changed = await inner.changeStorageClass(container, key, storageClass, options)
                if (rotten !== undefined) store.rotten.set(changed.identity.etag!, rotten)
                return { ...changed, digests: reported(capabilities, changed.digests) }
              }),
            ),
        }
      : {}),

    ...(multipart === null
      ? {}
      : {
          multipart: {
            create: (container, key, { signal, ...facts }) => {
              store.keys.add(key)
              return request(on('multipart.create', key), signal, async () => {
                const created = await multipart.create(container, key, facts)
                connection.note(`${process.name} begins ${store.name}/${key} ${created.uploadId}`)
                return created
              })
            },
            async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
              const given = await collect(body)
              const isHurt = given.byteLength > 0 && chaos.happens(chaos.rates.flips)
              const bytes = isHurt ? flipped(chaos, given, WRITTEN_BITS) : given
              return request(on('multipart.putPart', key), signal, () =>
                multipart.putPart(container, key, uploadId, partNumber, bytes, { size }),
              )
            },
            complete: (container, key, uploadId, parts, { signal, ...options } = {}) =>
              request(on('multipart.complete', key), signal, isAwaited =>
                change(key, 'put', isAwaited, () =>
                  multipart.complete(container, key, uploadId, parts, options),
                ),
              ),
            abort: (container, key, uploadId, { signal } = {}) =>
              request(on('multipart.abort', key), signal, () => {
                connection.note(`${process.name} aborts ${store.name}/${key} ${uploadId}`)
                return multipart.abort(container, key, uploadId)
              }),
            list: (container, key, { signal } = {}) =>
              request(on('multipart.list', key), signal, () => multipart.list!(container, key)),
          },
        }),
  }
}

/** Rejects at once when the signal aborts; nobody then waits for the answer. */
function orAborted<T>(
  answer: Promise<T>,
  operation: StoreOperation,
  signal: AbortSignal | undefined,
  giveUp: () => void,
): Promise<T> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      giveUp()
      reject(abortFailure(operation, signal, 'unknown-outcome'))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const end = () => signal.removeEventListener('abort', onAbort)
    answer.then(
      value => {
        end()
        resolve(value)
      },
      error => {
        end()
        reject(error)
      },
    )
  })
}

function reported<D extends object>(capabilities: StoreCapabilities, digests: D): D {
  const names: readonly string[] = capabilities.reportedDigests
  return Object.fromEntries(Object.entries(digests).filter(([name]) => names.includes(name))) as D
}

async function collect(body: PutBody): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What arrives of a body: now and then with another bit, or without its last byte. */
function damaged(chaos: Chaos, bytes: Buffer): Buffer {
  if (bytes.byteLength === 0) return bytes
  if (chaos.happens(chaos.rates.truncates)) return bytes.subarray(0, -1)
  return chaos.happens(chaos.rates.flips) ? flipped(chaos, bytes, WRITTEN_BITS) : bytes
}

/** Which bits of a byte flip: those that flip on the way in never flip back on the way out. */
const WRITTEN_BITS = { min: 0, max: 3 } as const
const READ_BITS = { min: 4, max: 7 } as const

function flipped(
  chaos: Chaos,
  bytes: Uint8Array,
  bits: { readonly min: number; readonly max: number },
): Buffer {
  const copy = Buffer.from(bytes)
  const index = chaos.between(0, copy.byteLength - 1)
  copy[index] = copy[index]! ^ (1 << chaos.between(bits.min, bits.max))
  return copy
}

function bodyOf({ stored, bytes }: StoredBytes): StoredObjectWithBody {
  async function* read() {
    yield bytes
  }
  return {
    ...stored,
    bodySize: bytes.byteLength,
    body: Object.assign(read(), { destroy: () => undefined }),
  }
}

/** A body on its way: in pieces, each at its turn, and not always to its end. */
function travelling(
  { chaos, process, scheduler }: StoreConnection,
  operation: StoreOperation,
  inner: StoredObjectWithBody['body'],
  signal: AbortSignal | undefined,
): StoredObjectWithBody['body'] {
  const breaksOff = chaos.happens(chaos.rates.truncates)
  const flips = chaos.happens(chaos.rates.flips)
  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of inner) {
      const size = Math.ceil(chunk.byteLength / PIECES_PER_BODY)
      for (let at = 0; at < chunk.byteLength; at += size) {
        await scheduler.turn(chaos.between(1, LATENCY_MS_MAX), process)
        throwIfAborted(operation, signal)
        if (breaksOff && at > 0) throw storeFailure(operation, 'truncated', 'broke off', { retry: 'yes' })
        const piece = chunk.subarray(at, at + size)
        yield flips && at === 0 ? flipped(chaos, piece, READ_BITS) : piece
      }
    }
  }
  return Object.assign(read(), { destroy: (error?: Error) => inner.destroy(error) })
}
