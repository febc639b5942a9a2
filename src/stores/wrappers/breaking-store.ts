import { type ObjectStore, StoreError } from '../object-store.ts'
import { storeFailure } from '../store-operation.ts'
import { aroundStore, operationOf } from './around-store.ts'
import type { CircuitBreaker, RequestEnd } from './circuit-breaker.ts'

/**
 * The same store, which is not asked while its breaker is open: every request then fails at once with kind
 * `unreachable`, and readers go to another copy. One breaker may serve several wrappers of one store.
 */
export function breakingStore(inner: ObjectStore, options: { breaker: CircuitBreaker }): ObjectStore {
  return aroundStore(inner, {
    async request(request, perform) {
      const ended = options.breaker.enter()
      if (ended === null) {
        const message = 'it left most requests unanswered and is not asked for a moment'
        throw storeFailure(operationOf(inner, request), 'unreachable', message)
      }
      let end: RequestEnd = 'answered'
      try {
        return await perform()
      } catch (error) {
        end = endOf(error)
        throw error
      } finally {
        ended(end)
      }
    },
  })
}

function endOf(error: unknown): RequestEnd {
  if (!(error instanceof StoreError)) return 'unknown'
  if (error.kind === 'aborted') return isDeadline(error.cause) ? 'unanswered' : 'unknown'
  return error.kind === 'unreachable' || error.kind === 'timeout' ? 'unanswered' : 'answered'
}

/** A caller that gave up because its patience was over, not because it changed its mind. */
export function isDeadline(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
