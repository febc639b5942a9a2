import type { StoreErrorKind } from './object-store.ts'
import { StoreError } from './object-store.ts'

/** One call of a store's method, as its errors name it. */
export interface StoreOperation {
  readonly store: string
  /** The method, for example `put`. */
  readonly operation: string
  readonly key: string | null
}

/** Kinds after which the same call may succeed later, and which say that nothing happened. */
const PASSING_KINDS: ReadonlySet<StoreErrorKind> = new Set(['throttled', 'unreachable', 'timeout'])

/** The error with which an operation of a store ends. `retry` follows from the kind unless it is given. */
export function storeFailure(
  operation: StoreOperation,
  kind: StoreErrorKind,
  message: string,
  details: { retry?: StoreError['retry']; cause?: unknown } = {},
): StoreError {
  return new StoreError({
    ...operation,
    kind,
    retry: details.retry ?? (PASSING_KINDS.has(kind) ? 'yes' : 'no'),
    message: `${operation.store}: ${operation.operation}: ${message}`,
    ...(details.cause === undefined ? {} : { cause: details.cause }),
  })
}

/** Throws kind `aborted` when the caller has given up already. */
export function throwIfAborted(operation: StoreOperation, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortFailure(operation, signal)
}

/** The error of an operation its caller gave up; by default before anything happened. */
export function abortFailure(
  operation: StoreOperation,
  signal: AbortSignal,
  retry: StoreError['retry'] = 'no',
): StoreError {
  return storeFailure(operation, 'aborted', 'the caller gave up', { retry, cause: signal.reason })
}
