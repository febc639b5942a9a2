import type { Bytes } from '../../domain/bytes.ts'
import type {
  CallOptions,
  MultipartStore,
  ObjectStore,
  PutBody,
  StoredObjectWithBody,
} from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** A method of a store that makes a request; those of uploads in parts have `multipart.` before their name. */
export type StoreOperationName =
  | Exclude<keyof ObjectStore, 'name' | 'capabilities' | 'close' | 'multipart'>
  | `multipart.${keyof MultipartStore}`

/** One request to a store, as a wrapper sees it before it is made. */
export interface StoreRequest {
  readonly operation: StoreOperationName
  readonly container: string
  /** Null where a request is about a container. */
  readonly key: string | null
  /** Whether it changes what the store keeps. */
  readonly isWrite: boolean
  /** Whether it can be made again: not when it carries a body that can be read only once. */
  readonly isRepeatable: boolean
  /** Of the body it carries; 0 when it carries none. */
  readonly bodySize: Bytes
  readonly signal: AbortSignal | undefined
}

/** What a wrapper does around the requests of a store. */
export interface Surroundings {
  /**
   * Makes the request with `perform`, once, several times or not at all. Given another signal, `perform` hands
   * on that one. Rejects with a `StoreError` and nothing else.
   */
  request<T>(request: StoreRequest, perform: (signal?: AbortSignal) => Promise<T>): Promise<T>
  /** The body of `get` as the caller reads it. Default: as it is. */
  received?(request: StoreRequest, found: StoredObjectWithBody): StoredObjectWithBody['body']
  /** A body as the store is given it, for each try anew. Default: as it is. */
  sent?(request: StoreRequest, body: PutBody): PutBody
}

/** The same store with something around each of its requests: what every wrapper is made with. */
export function aroundStore(inner: ObjectStore, surroundings: Surroundings): ObjectStore {
  const { received, sent } = surroundings
  const sentBody = (request: StoreRequest, body: PutBody) => sent?.(request, body) ?? body
  const plain = <T>(request: StoreRequest, call: (signal: AbortSignal | undefined) => Promise<T>) =>
    surroundings.request(request, (signal = request.signal) => call(signal))
  const sweepLeftovers = inner.sweepLeftovers?.bind(inner)
  const copyWithin = inner.copyWithin?.bind(inner)
  const changeStorageClass = inner.changeStorageClass?.bind(inner)
  const restore = inner.restore?.bind(inner)
  const multipart = inner.multipart === undefined ? {} : { multipart: aroundMultipart(inner.multipart) }

  function aroundMultipart(parts: MultipartStore): MultipartStore {
    const list = parts.list?.bind(parts)
    const listAll = parts.listAll?.bind(parts)
    return {
      create: (container, key, options) =>
        plain(requestOf('multipart.create', container, key, options, WRITE), signal =>
          parts.create(container, key, withSignal(options, signal)),
        ),
      putPart: (container, key, uploadId, partNumber, body, options) => {
        const request = requestOf('multipart.putPart', container, key, options, carrying(body, options.size))
        return plain(request, signal =>
          parts.putPart(
            container,
            key,
            uploadId,
            partNumber,
            sentBody(request, body),
            withSignal(options, signal),
          ),
        )
      },
      complete: (container, key, uploadId, given, options) =>
        plain(requestOf('multipart.complete', container, key, options, WRITE), signal =>
          parts.complete(container, key, uploadId, given, withSignal(options, signal)),
        ),
      abort: (container, key, uploadId, options) =>
        plain(requestOf('multipart.abort', container, key, options, WRITE), signal =>
          parts.abort(container, key, uploadId, withSignal(options, signal)),
        ),
      ...(list === undefined
        ? {}
        : {
            list: (container, key, options) =>
              plain(requestOf('multipart.list', container, key, options, READ), signal =>
                list(container, key, withSignal(options, signal)),
              ),
          }),
      ...(listAll === undefined
        ? {}
        : {
            listAll: (container, options) =>
              plain(requestOf('multipart.listAll', container, null, options, READ), signal =>
                listAll(container, withSignal(options, signal)),
              ),
          }),
    }
  }

  return {
    name: inner.name,
    capabilities: inner.capabilities,
    ensureContainer: (container, options) =>
      plain(requestOf('ensureContainer', container, null, options, WRITE), signal =>
        inner.ensureContainer(container, withSignal(options, signal)),
      ),
    head: (container, key, options) =>
      plain(requestOf('head', container, key, options, READ), signal =>
        inner.head(container, key, withSignal(options, signal)),
      ),
    async get(container, key, options) {
      const request = requestOf('get', container, key, options, READ)
      const found = await plain(request, signal => inner.get(container, key, withSignal(options, signal)))
      return received === undefined ? found : { ...found, body: received(request, found) }
    },
    put: (container, key, body, options) => {
      const request = requestOf('put', container, key, options, carrying(body, options.size))
      return plain(request, signal =>
        inner.put(container, key, sentBody(request, body), withSignal(options, signal)),
      )
    },
    delete: (container, key, options) =>
      plain(requestOf('delete', container, key, options, WRITE), signal =>
        inner.delete(container, key, withSignal(options, signal)),
      ),
    list: (container, options) =>
      plain(requestOf('list', container, null, options, READ), signal =>
        inner.list(container, withSignal(options, signal)),
      ),
    ...(sweepLeftovers === undefined
      ? {}
      : {
          sweepLeftovers: (container, options) =>
            plain(requestOf('sweepLeftovers', container, null, options, WRITE), signal =>
              sweepLeftovers(container, withSignal(options, signal)),
            ),
        }),
    ...(copyWithin === undefined
      ? {}
      : {
          copyWithin: (from, to, options) =>
            plain(requestOf('copyWithin', to.container, to.key, options, WRITE), signal =>
              copyWithin(from, to, withSignal(options, signal)),
            ),
        }),
    ...(changeStorageClass === undefined
      ? {}
      : {
          changeStorageClass: (container, key, storageClass, options) =>
            plain(requestOf('changeStorageClass', container, key, options, WRITE), signal =>
              changeStorageClass(container, key, storageClass, withSignal(options, signal)),
            ),
        }),
    ...(restore === undefined
      ? {}
      : {
          restore: (container, key, options) =>
            plain(requestOf('restore', container, key, options, WRITE), signal =>
              restore(container, key, withSignal(options, signal)),
            ),
        }),
    close: () => inner.close(),
    ...multipart,
  }
}

/** How the errors of a wrapper name a request. */
export function operationOf(store: ObjectStore, request: StoreRequest): StoreOperation {
  return { store: store.name, operation: request.operation, key: request.key }
}

/** The error of a request whose caller gave up while it waited for its turn: nothing was asked. */
export function gaveUpWaiting(store: ObjectStore, request: StoreRequest, cause: unknown) {
  return storeFailure(operationOf(store, request), 'aborted', 'the caller gave up', { retry: 'no', cause })
}

type Nature = Pick<StoreRequest, 'isWrite' | 'isRepeatable' | 'bodySize'>

const READ: Nature = { isWrite: false, isRepeatable: true, bodySize: 0 }
const WRITE: Nature = { isWrite: true, isRepeatable: true, bodySize: 0 }

function carrying(body: PutBody, size: Bytes): Nature {
  return { isWrite: true, isRepeatable: body instanceof Uint8Array, bodySize: size }
}

function requestOf(
  operation: StoreOperationName,
  container: string,
  key: string | null,
  options: CallOptions | undefined,
  nature: Nature,
): StoreRequest {
  return { operation, container, key, signal: options?.signal, ...nature }
}

/** The options a store is called with: the caller's own object unless a wrapper changed the signal. */
function withSignal<Options extends CallOptions | undefined>(
  options: Options,
  signal: AbortSignal | undefined,
): Options {
  if (options?.signal === signal) return options
  return { ...options, signal } as Options
}
