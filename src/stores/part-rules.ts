import { type StoreOperation, storeFailure } from './store-operation.ts'

/** Throws kind `invalid-part` for a part number outside 1 to `partsMax`. */
export function checkPartNumber(operation: StoreOperation, partNumber: number, partsMax: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= partsMax) return
  throw storeFailure(operation, 'invalid-part', `part numbers are 1 to ${partsMax}, not ${partNumber}`)
}

/** Throws kind `invalid-part` unless there is a part and the numbers ascend. */
export function checkPartOrder(operation: StoreOperation, parts: readonly { partNumber: number }[]): void {
  if (parts.length === 0) throw storeFailure(operation, 'invalid-part', 'an upload has at least one part')
  for (let index = 1; index < parts.length; index++) {
    if (parts[index]!.partNumber <= parts[index - 1]!.partNumber) {
      throw storeFailure(operation, 'invalid-part', 'the parts are not in ascending order')
    }
  }
}
