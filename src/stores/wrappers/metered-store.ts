import { type MultipartStore, type ObjectStore, StoreError, type StoreErrorKind } from '../object-store.ts'

/** One call to a store that was answered or failed. */
export interface StoreCall {
  readonly store: string
  readonly operation: keyof ObjectStore | `multipart.${keyof MultipartStore}`
  readonly outcome: 'ok' | StoreErrorKind
  /** Until the answer began; the time to stream a body is not in it. */
  readonly seconds: number
}

/** The same store; `report` hears of every call. It must neither throw nor wait. */
export function meteredStore(
  inner: ObjectStore,
  options: { report: (call: StoreCall) => void; nowMs: () => number },
): ObjectStore {
  async function measured<T>(operation: StoreCall['operation'], call: () => Promise<T>): Promise<T> {
    const startMs = options.nowMs()
    const report = (outcome: StoreCall['outcome']) =>
      options.report({ store: inner.name, operation, outcome, seconds: (options.nowMs() - startMs) / 1_000 })
    try {
      const result = await call()
      report('ok')
      return result
    } catch (error) {
      report(error instanceof StoreError ? error.kind : 'unexpected')
      throw error
    }
  }

  const { multipart } = inner
  const listUploads = multipart?.list?.bind(multipart)
  const sweepLeftovers = inner.sweepLeftovers?.bind(inner)
  const copyWithin = inner.copyWithin?.bind(inner)
  const changeStorageClass = inner.changeStorageClass?.bind(inner)
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    ensureContainer: (...given) => measured('ensureContainer', () => inner.ensureContainer(...given)),
    head: (...given) => measured('head', () => inner.head(...given)),
    get: (...given) => measured('get', () => inner.get(...given)),
    put: (...given) => measured('put', () => inner.put(...given)),
    delete: (...given) => measured('delete', () => inner.delete(...given)),
    list: (...given) => measured('list', () => inner.list(...given)),
    close: () => inner.close(),
    ...(sweepLeftovers === undefined
      ? {}
      : { sweepLeftovers: (...given) => measured('sweepLeftovers', () => sweepLeftovers(...given)) }),
    ...(copyWithin === undefined
      ? {}
      : { copyWithin: (...given) => measured('copyWithin', () => copyWithin(...given)) }),
    ...(changeStorageClass === undefined
      ? {}
      : {
          changeStorageClass: (...given) =>
            measured('changeStorageClass', () => changeStorageClass(...given)),
        }),
    ...(multipart === undefined
      ? {}
      : {
          multipart: {
            create: (...given) => measured('multipart.create', () => multipart.create(...given)),
            putPart: (...given) => measured('multipart.putPart', () => multipart.putPart(...given)),
            complete: (...given) => measured('multipart.complete', () => multipart.complete(...given)),
            abort: (...given) => measured('multipart.abort', () => multipart.abort(...given)),
            ...(listUploads === undefined
              ? {}
              : { list: (...given) => measured('multipart.list', () => listUploads(...given)) }),
          },
        }),
  }
}
