import { KIB } from '../../domain/bytes.ts'
import { type ObjectStore, StoreError } from '../object-store.ts'
import { storeFailure } from '../store-operation.ts'
import { aroundStore, operationOf, type StoreOperationName, type StoreRequest } from './around-store.ts'
import type { CircuitBreaker, RequestEnd } from './circuit-breaker.ts'

/**
 * The same store, which is not asked while its breaker is open: every request then fails at once with kind
 * `unreachable`, and readers go to another copy. One breaker may serve several wrappers of one store.
 */
export function breakingStore(inner: ObjectStore, options: { breaker: CircuitBreaker }): ObjectStore {
  return aroundStore(inner, {
    async request(request, perform) {
      const ended = options.breaker.enter({ isBrief: isBrief(request) })
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

/** Bytes that a store which is well takes in far less than the time after which silence counts. */
const BRIEF_BYTES_MAX = 64 * KIB

/** Copies inside a store, class changes, completions and whole lists may take a well store minutes. */
const BRIEF_OPERATIONS: ReadonlySet<StoreOperationName> = new Set([
  'head',
  'get',
  'put',
  'delete',
  'ensureContainer',
  'multipart.create',
])

function isBrief({ operation, bodySize }: StoreRequest): boolean {
  return BRIEF_OPERATIONS.has(operation) && bodySize <= BRIEF_BYTES_MAX
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
