import { type Bytes, GIB } from '../../domain/bytes.ts'
import { checkConditions, checkExtras, checkFacts, checkStorageClass } from '../call-rules.ts'
import type {
  ChangeStorageClassOptions,
  CopySource,
  CopyTarget,
  CopyWithinOptions,
  MultipartStore,
  ObjectStore,
  PutResult,
  StoredObject,
} from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { asFailedCondition, conditionHeaders, copySourceHeaders } from './conditions.ts'
import {
  digestsOf,
  digestsOfDocument,
  encodedMetadata,
  factHeadersOf,
  identityOf,
  unquote,
} from './object-fields.ts'
import type { S3Connection } from './s3-connection.ts'
import { partTagOf } from './s3-multipart.ts'
import { AnsweredError, documentOf, type S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'
import { translateS3Error } from './translate-error.ts'
import { elementOf } from './xml-elements.ts'

/** The largest object one CopyObject takes. */
const COPY_SIZE_MAX = 5 * GIB
/** Larger ones are copied in parts of this size, unless that would be too many. */
const PART_BYTES = GIB
const PARTS_AT_ONCE = 4

/** What copies need of the store they are part of. */
export interface CopyingStore {
  readonly connection: S3Connection
  readonly wire: S3Wire
  readonly multipart: MultipartStore
  readonly head: ObjectStore['head']
  readonly put: ObjectStore['put']
}

/** Copies an object inside the server: by one request, or in parts where it is too large for one. */
export async function copyWithinS3(
  store: CopyingStore,
  from: CopySource,
  to: CopyTarget,
  copyOptions: CopyWithinOptions,
): Promise<PutResult> {
  const { connection } = store
  const { capabilities, settings } = connection
  const operation = connection.operation('copyWithin', to.key)
  const { signal, size, condition, ...facts } = copyOptions
  throwIfAborted(operation, signal)
  connection.checkKey(connection.operation('copyWithin', from.key))
  connection.checkKey(operation)
  checkFacts(operation, facts, Number.POSITIVE_INFINITY)
  checkFacts(operation, { metadata: encodedMetadata(facts) }, capabilities.metadataBytesMax)
  checkExtras(operation, capabilities, facts)
  checkConditions(operation, capabilities, { write: condition })
  // Servers that take conditions with a put may ignore them with a copy; those of a completion are the same.
  const isPutTogether = condition !== undefined && settings.capabilities.conditionalCopy !== true
  if (size > COPY_SIZE_MAX || (isPutTogether && size > 0)) {
    return copyInParts(store, from, to, copyOptions, partBytesOf(size))
  }
  if (isPutTogether) return putNothing(store, from, to, copyOptions)
  return copyAtOnce(store, operation, from, to, {
    headers: {
      ...factHeadersOf(operation, facts),
      ...conditionHeaders(condition),
      'x-amz-metadata-directive': 'REPLACE',
      ...(capabilities.tags ? { 'x-amz-tagging-directive': 'REPLACE' } : {}),
    },
    signal,
  }).catch((error: unknown) => {
    throw asFailedCondition(operation, error, condition)
  })
}

/**
 * Puts an object into another storage class by copying it onto itself. Where the server compares, a client's
 * write in the same moment wins; where it does not, the object's lock is all there is.
 */
export async function changeS3StorageClass(
  store: CopyingStore,
  place: CopyTarget,
  storageClass: string,
  { signal, onlyIf }: ChangeStorageClassOptions,
): Promise<StoredObject> {
  const { connection, head } = store
  const { capabilities, settings } = connection
  const operation = connection.operation('changeStorageClass', place.key)
  checkStorageClass(operation, capabilities, storageClass)
  const call = signal === undefined ? {} : { signal }
  const found = await head(place.container, place.key, { onlyIf, withTags: capabilities.tags, ...call })
  if (found.lock !== null) {
    throw storeFailure(operation, 'locked', 'a lock holds the object, which would stay beside its copy')
  }
  const from = { ...place, identity: found.identity }
  const comparesCopies = settings.capabilities.conditionalCopy === true
  const condition = { kind: 'identity', identity: found.identity } as const
  const facts = {
    headers: found.headers,
    metadata: found.metadata,
    storageClass,
    ...(found.tags === null ? {} : { tags: found.tags }),
    ...(found.encryption === null || capabilities.encryption === 'none'
      ? {}
      : { encryption: found.encryption }),
  }
  const { identity } =
    found.size > COPY_SIZE_MAX || !comparesCopies
      ? await copyWithinS3(store, from, place, {
          ...facts,
          ...call,
          size: found.size,
          ...(capabilities.conditionalPut ? { condition } : {}),
        })
      : await copyAtOnce(store, operation, from, place, {
          headers: { ...factHeadersOf(operation, facts), ...conditionHeaders(condition), ...REPLACING },
          signal,
        })
  return head(place.container, place.key, { onlyIf: identity, ...call })
}

const REPLACING = { 'x-amz-metadata-directive': 'REPLACE' } as const

async function copyAtOnce(
  { wire, connection }: CopyingStore,
  operation: StoreOperation,
  from: CopySource,
  to: CopyTarget,
  { headers, signal }: { headers: Readonly<Record<string, string>>; signal: AbortSignal | undefined },
): Promise<PutResult> {
  const answer = await wire
    .send(operation, {
      method: 'PUT',
      container: to.container,
      headers: {
        ...headers,
        ...copySourceHeaders(from.container, from.key, from.identity),
        'content-length': '0',
      },
      as: 'upload',
      signal,
    })
    .then(async ({ headers: answered, body }) => ({ answered, document: await documentOf({ body }) }))
    .catch(async (error: unknown) => {
      throw await missingOf(connection, operation, from, to, error, signal)
    })
  const { answered, document } = answer
  // A copy is refused with status 200, too, when it failed after it began.
  if (document.includes('<Error>')) {
    throw translateS3Error(operation, new AnsweredError(500, document), { mayHaveHappened: true })
  }
  const etag = elementOf(document, 'ETag')
  if (etag === null) {
    const message = 'the server did not say what the copy became'
    throw storeFailure(operation, 'unexpected', message, { retry: 'unknown-outcome' })
  }
  return {
    identity: identityOf({ ...answered, etag }, connection.capabilities.versions),
    digests: { ...digestsOf(answered), ...digestsOfDocument(document) },
  }
}

/** Copies ranges of an object as the parts of another one. */
export async function copyInParts(
  store: CopyingStore,
  from: CopySource,
  to: CopyTarget,
  { size, condition, signal, ...facts }: CopyWithinOptions,
  partBytes: Bytes,
): Promise<PutResult> {
  const { connection, multipart } = store
  const operation = connection.operation('copyWithin', to.key)
  const call = signal === undefined ? {} : { signal }
  if (size > partBytes) {
    const found = await store.head(from.container, from.key, { onlyIf: from.identity, ...call })
    const message = `the object has ${found.size} bytes, not ${size}`
    if (found.size !== size) throw storeFailure(operation, 'truncated', message)
  }
  const { uploadId } = await multipart.create(to.container, to.key, { ...facts, ...call })
  try {
    const parts: { partNumber: number; etag: string }[] = []
    const count = Math.ceil(size / partBytes)
    for (let first = 1; first <= count; first += PARTS_AT_ONCE) {
      const numbers = Array.from({ length: Math.min(PARTS_AT_ONCE, count - first + 1) }, (_, i) => first + i)
      const copied = numbers.map(async partNumber => {
        const start = (partNumber - 1) * partBytes
        const range = count === 1 ? null : { start, end: Math.min(start + partBytes, size) - 1 }
        const etag = await copyPart(store, operation, from, to, { uploadId, partNumber, range, signal })
        return { partNumber, etag }
      })
      // All of them are waited for: an abort must not race with a part that still comes.
      const outcomes = await Promise.allSettled(copied)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') throw outcome.reason
        parts.push(outcome.value)
      }
    }
    return await multipart.complete(to.container, to.key, uploadId, parts, {
      ...call,
      ...(condition === undefined ? {} : { condition }),
    })
  } catch (error) {
    const failure = await missingOf(connection, operation, from, to, error, signal)
    // A completion that may still be going on is not disturbed.
    if (failure.retry !== 'unknown-outcome' || failure.operation !== 'multipart.complete') {
      await multipart.abort(to.container, to.key, uploadId).catch((problem: unknown) => problem)
    }
    throw failure
  }
}

async function copyPart(
  { wire }: CopyingStore,
  operation: StoreOperation,
  from: CopySource,
  to: CopyTarget,
  part: {
    uploadId: string
    partNumber: number
    /** Null for all of it. */
    range: { start: Bytes; end: Bytes } | null
    signal: AbortSignal | undefined
  },
): Promise<string> {
  const { uploadId, partNumber, range, signal } = part
  const answer = await wire.send(operation, {
    method: 'PUT',
    container: to.container,
    query: `partNumber=${partNumber}&uploadId=${encodeForS3(uploadId)}`,
    headers: {
      ...copySourceHeaders(from.container, from.key, from.identity),
      ...(range === null ? {} : { 'x-amz-copy-source-range': `bytes=${range.start}-${range.end}` }),
      'content-length': '0',
    },
    as: 'upload',
    signal,
  })
  const document = await documentOf(answer)
  if (document.includes('<Error>')) throw new AnsweredError(500, document)
  const etag = unquote(elementOf(document, 'ETag') ?? undefined)
  if (etag !== null) return partTagOf(etag, elementOf(document, 'ChecksumCRC64NVME'))
  throw storeFailure(operation, 'unexpected', 'the server gave the copied part no ETag')
}

/** An empty object has no range that could be copied: what it is, is looked at, and written anew. */
async function putNothing(
  { head, put }: CopyingStore,
  from: CopySource,
  to: CopyTarget,
  copyOptions: CopyWithinOptions,
): Promise<PutResult> {
  const call = copyOptions.signal === undefined ? {} : { signal: copyOptions.signal }
  await head(from.container, from.key, { onlyIf: from.identity, ...call })
  return put(to.container, to.key, new Uint8Array(), copyOptions)
}

/** Says of the failure of a copy which of its two ends is missing. */
async function missingOf(
  connection: S3Connection,
  operation: StoreOperation,
  from: CopySource,
  to: CopyTarget,
  error: unknown,
  signal: AbortSignal | undefined,
) {
  const failure = translateS3Error(operation, error, { mayHaveHappened: true })
  if (failure.kind !== 'not-found') return failure
  for (const { container } of [from, to]) {
    const refined = await connection.refine(operation, container, failure, signal)
    if (refined.kind === 'container-not-found') return refined
  }
  return failure
}

function partBytesOf(size: Bytes): Bytes {
  return Math.max(PART_BYTES, Math.ceil(size / 10_000))
}
