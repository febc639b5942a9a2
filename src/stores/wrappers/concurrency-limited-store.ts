import { type ObjectStore, StoreError } from '../object-store.ts'
import type { AdaptiveLimit, LoadSign } from './adaptive-limit.ts'
import { aroundStore, gaveUpWaiting, type StoreRequest } from './around-store.ts'
import { isDeadline } from './breaking-store.ts'

/**
 * A limit for reads and one for writes. Two, so that a write whose body is being read from the same store never
 * waits for itself: reads wait for reads only.
 */
export interface ConcurrencyLimits {
  readonly reads: AdaptiveLimit
  readonly writes: AdaptiveLimit
}

/**
 * The same store, asked by no more requests at once than its limits say. A place is held until the answer; a
 * body that is read takes none. `mayWait` false is for those who come first: they enter at once and
 * take their place from the others.
 */
export function concurrencyLimitedStore(
  inner: ObjectStore,
  options: { limits: ConcurrencyLimits; mayWait: boolean; nowMs: () => number },
): ObjectStore {
  const { limits, mayWait, nowMs } = options
  return aroundStore(inner, {
    async request(request, perform) {
      const limit = request.isWrite ? limits.writes : limits.reads
      if (mayWait) {
        await limit.enter(request.signal).catch(reason => {
          throw gaveUpWaiting(inner, request, reason)
        })
      } else {
        limit.enterAtOnce()
      }
      const startMs = nowMs()
      let sign: LoadSign = 'fine'
      try {
        return await perform()
      } catch (error) {
        sign = signOf(error)
        throw error
      } finally {
        limit.leave(sign, tellsOfLoad(request) ? nowMs() - startMs : null)
      }
    },
  })
}

function signOf(error: unknown): LoadSign {
  if (!(error instanceof StoreError)) return 'none'
  if (error.kind === 'aborted') return isDeadline(error.cause) ? 'overloaded' : 'none'
  const { kind } = error
  return kind === 'throttled' || kind === 'timeout' || kind === 'unreachable' ? 'overloaded' : 'fine'
}

/** How long a list or an upload takes tells of its size. */
function tellsOfLoad({ operation }: StoreRequest): boolean {
  return operation === 'head' || operation === 'get' || operation === 'delete'
}
