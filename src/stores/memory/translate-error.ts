import { StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

/** Turns whatever a memory store stumbled over into a {@link StoreError}. There is nothing vendor-made here. */
export function translateMemoryError(operation: StoreOperation, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  return storeFailure(operation, 'unexpected', error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}
