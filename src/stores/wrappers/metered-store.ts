import type { Bytes } from '../../domain/bytes.ts'
import { type ObjectStore, type PutBody, StoreError, type StoreErrorKind } from '../object-store.ts'
import { aroundStore, type StoreOperationName } from './around-store.ts'
import { passingThrough } from './passing-body.ts'

/** One call to a store that was answered or failed. */
export interface StoreCall {
  readonly store: string
  readonly operation: StoreOperationName
  readonly outcome: 'ok' | StoreErrorKind
  /** Until the answer began; the time to stream a body is not in it. */
  readonly seconds: number
}

/** Bytes of content on their way to (`sent`) or from (`received`) a store. */
export interface StoreTraffic {
  readonly store: string
  readonly direction: 'sent' | 'received'
  readonly bytes: Bytes
}

/** The same store; `report` hears of every call, `carried` of the bytes. They must neither throw nor wait. */
export function meteredStore(
  inner: ObjectStore,
  options: {
    report: (call: StoreCall) => void
    carried?: (traffic: StoreTraffic) => void
    nowMs: () => number
  },
): ObjectStore {
  const { carried, nowMs, report } = options
  const store = inner.name
  return aroundStore(inner, {
    async request({ operation }, perform) {
      const startMs = nowMs()
      let outcome: StoreCall['outcome'] = 'ok'
      try {
        return await perform()
      } catch (error) {
        outcome = error instanceof StoreError ? error.kind : 'unexpected'
        throw error
      } finally {
        report({ store, operation, outcome, seconds: (nowMs() - startMs) / 1_000 })
      }
    },
    ...(carried === undefined ? {} : countingBodies(store, carried)),
  })
}

function countingBodies(store: string, carried: (traffic: StoreTraffic) => void) {
  const count = (direction: StoreTraffic['direction']) => (chunk: Uint8Array) => {
    carried({ store, direction, bytes: chunk.byteLength })
    return chunk
  }
  const countSent = count('sent')
  const countReceived = count('received')
  return {
    sent(_: unknown, body: PutBody): PutBody {
      if (!(body instanceof Uint8Array)) return passingThrough(body, countSent)
      countSent(body)
      return body
    },
    received: (_: unknown, { body }: Awaited<ReturnType<ObjectStore['get']>>) => ({
      ...passingThrough(body, countReceived),
      destroy: (error?: Error) => body.destroy(error),
    }),
  }
}
