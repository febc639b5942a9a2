import type { Bytes } from '../domain/bytes.ts'
import type {
  ListOptions,
  PutFacts,
  RestoreOptions,
  StoreCapabilities,
  WriteCondition,
} from './object-store.ts'
import { type StoreOperation, storeFailure } from './store-operation.ts'

/** The largest and the default number of keys on one page of a listing, as at S3. */
const LIST_PAGE_KEYS_MAX = 1_000

/** The longest key S3 knows, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1_024

/** Throws kind `invalid-key` for a key no store keeps exactly: empty, too long, or not expressible in UTF-8. */
export function checkKey(operation: StoreOperation, keyBytesMax: number): void {
  const key = operation.key ?? ''
  if (key === '') throw storeFailure(operation, 'invalid-key', 'a key has at least one character')
  if (!key.isWellFormed()) throw storeFailure(operation, 'invalid-key', 'the key is not valid Unicode')
  const length = Buffer.byteLength(key)
  if (length > keyBytesMax) {
    throw storeFailure(
      operation,
      'invalid-key',
      `the key has ${length} bytes, at most ${keyBytesMax} are kept`,
    )
  }
}

/** Throws kind `unsupported` for a number of days that no store takes. */
export function checkRestore(operation: StoreOperation, { readableDays }: RestoreOptions): void {
  if (Number.isInteger(readableDays) && readableDays > 0) return
  throw storeFailure(operation, 'unsupported', `an object is not restored for ${readableDays} days`)
}

/** Throws kind `too-large` for a body that does not fit into one request. */
export function checkSize(operation: StoreOperation, size: Bytes, sizeMax: Bytes): void {
  if (size > sizeMax) {
    throw storeFailure(operation, 'too-large', `${size} bytes are more than the ${sizeMax} one request takes`)
  }
}

/** User metadata travels as HTTP headers at most stores: a name is a lower-case token (RFC 9110, 5.6.2). */
const METADATA_NAME = /^[a-z0-9!#$&'*+.^_`|~-]+$/

/** Throws for facts that would not come back as they were given. */
export function checkFacts(operation: StoreOperation, facts: PutFacts, metadataBytesMax: Bytes): void {
  let length = 0
  for (const [name, value] of Object.entries(facts.metadata ?? {})) {
    if (!METADATA_NAME.test(name)) {
      throw storeFailure(operation, 'unsupported', `the metadata name "${name}" is not a lower-case token`)
    }
    if (!value.isWellFormed()) {
      throw storeFailure(operation, 'unsupported', `the metadata "${name}" is not valid Unicode`)
    }
    length += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (length > metadataBytesMax) {
    throw storeFailure(
      operation,
      'metadata-too-large',
      `${length} bytes of user metadata are more than the ${metadataBytesMax} kept`,
    )
  }
}

/** Throws kind `unsupported` for a header of the content that would not travel as it is. */
export function checkHeaderValue(operation: StoreOperation, value: string): void {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return
  const message = `the header value ${JSON.stringify(value)} is not printable ASCII`
  throw storeFailure(operation, 'unsupported', message)
}

/** As S3 and Azure have them. */
const TAGS_MAX = 10
const TAG_NAME_MAX = 128
const TAG_VALUE_MAX = 256

/** Throws kind `unsupported` for tags, encryption or a lock that the store would not keep. */
export function checkExtras(
  operation: StoreOperation,
  capabilities: StoreCapabilities,
  { tags = {}, encryption, lock }: PutFacts,
): void {
  const refuse = (message: string) => storeFailure(operation, 'unsupported', message)
  const named = Object.entries(tags)
  if (named.length > 0 && !capabilities.tags) throw refuse('this store keeps no tags')
  if (named.length > TAGS_MAX) throw refuse(`${named.length} tags are more than the ${TAGS_MAX} kept`)
  for (const [name, value] of named) {
    const isKept = name !== '' && name.length <= TAG_NAME_MAX && value.length <= TAG_VALUE_MAX
    if (!isKept) throw refuse(`the tag "${name}" or its value is empty or too long`)
    if (!name.isWellFormed() || !value.isWellFormed()) throw refuse(`the tag "${name}" is not valid Unicode`)
  }
  if (encryption?.kind === 'client') throw refuse('a store does not encrypt for its clients')
  if (encryption !== undefined && capabilities.encryption === 'none') {
    throw refuse('this store was not found to encrypt what it keeps')
  }
  if (lock !== undefined && !capabilities.objectLock) throw refuse('this store locks no objects')
}

/** Throws kind `unsupported` for a storage class the store is not known to have. */
export function checkStorageClass(
  operation: StoreOperation,
  capabilities: StoreCapabilities,
  storageClass: string,
): void {
  const known = capabilities.storageClasses
  if (known.includes(storageClass)) return
  throw storeFailure(
    operation,
    'unsupported',
    `there is no storage class "${storageClass}"; there are ${known.join(', ')}`,
  )
}

/** Throws kind `unsupported` for a condition the store would silently ignore. */
export function checkConditions(
  operation: StoreOperation,
  capabilities: StoreCapabilities,
  conditions: { read?: object | undefined; write?: WriteCondition | undefined; delete?: object | undefined },
): void {
  const missing =
    (conditions.read !== undefined && !capabilities.conditionalRead && 'reads') ||
    (conditions.write !== undefined && !capabilities.conditionalPut && 'writes') ||
    (conditions.delete !== undefined && !capabilities.conditionalDelete && 'deletes')
  if (missing) throw storeFailure(operation, 'unsupported', `this store has no conditional ${missing}`)
}

/** The number of keys asked for. Throws kind `unsupported` outside 1 to {@link LIST_PAGE_KEYS_MAX}. */
export function listLimitOf(operation: StoreOperation, options: ListOptions): number {
  const limit = options.limit ?? LIST_PAGE_KEYS_MAX
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_PAGE_KEYS_MAX) {
    throw storeFailure(operation, 'unsupported', `a page has 1 to ${LIST_PAGE_KEYS_MAX} keys, not ${limit}`)
  }
  return limit
}

/** A range of bytes inside an object. */
export interface ByteSpan {
  readonly start: Bytes
  /** The number of bytes, which may be less than asked for at the end of the object. */
  readonly length: Bytes
}

/** The bytes of an object of this size that are asked for. Throws kind `range-not-satisfiable`. */
export function spanOf(
  operation: StoreOperation,
  size: Bytes,
  range: { readonly start: Bytes; readonly end: Bytes } | undefined,
): ByteSpan {
  if (range === undefined) return { start: 0, length: size }
  checkRange(operation, range)
  if (range.start >= size) {
    throw storeFailure(
      operation,
      'range-not-satisfiable',
      `the object has ${size} bytes, none from ${range.start}`,
    )
  }
  return { start: range.start, length: Math.min(range.end, size - 1) - range.start + 1 }
}

/** Throws kind `range-not-satisfiable` for a range that is none. */
export function checkRange(
  operation: StoreOperation,
  range: { readonly start: Bytes; readonly end: Bytes },
): void {
  const isRange = Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end)
  if (!isRange || range.start < 0 || range.end < range.start) {
    throw storeFailure(
      operation,
      'range-not-satisfiable',
      `${range.start} to ${range.end} is no range of bytes`,
    )
  }
}
