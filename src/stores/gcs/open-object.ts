import type { StoreIdentity } from '../../domain/object.ts'
import { type ByteSpan, spanOf } from '../call-rules.ts'
import { type GetOptions, type StoredObjectWithBody, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { storedBody } from '../stored-body.ts'
import { type GcsConnection, isSame } from './gcs-connection.ts'
import { objectPath, type WireAnswer } from './gcs-wire.ts'
import { type ObjectResource, storedObjectOf } from './object-fields.ts'
import { translateGcsError } from './translate-error.ts'

/** How often an object may be overwritten between the two requests that open it. */
const OVERWRITES_MAX = 5

/**
 * An object's facts and bytes, by two requests at once: the JSON API tells metadata exactly in its documents
 * only. When they speak of different generations, both are asked again.
 */
export async function openObject(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  options: GetOptions,
): Promise<StoredObjectWithBody> {
  for (let overwrites = 0; overwrites < OVERWRITES_MAX; overwrites++) {
    const opened = await openOnce(connection, operation, container, options)
    if (opened !== null) return opened
  }
  const message = `the object was overwritten ${OVERWRITES_MAX} times while it was being opened`
  throw storeFailure(operation, 'unexpected', message, { retry: 'yes' })
}

async function openOnce(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  options: GetOptions,
): Promise<StoredObjectWithBody | null> {
  const [looked, asked] = await Promise.allSettled([
    connection.readResource(operation, container, options.signal),
    askForBytes(connection, operation, container, options),
  ])
  const answer = asked.status === 'fulfilled' ? asked.value : null
  try {
    if (looked.status === 'rejected') throw looked.reason
    const resource = looked.value
    checkIdentity(operation, resource, options.onlyIf)
    const span = spanOf(operation, Number(resource.size), options.range)
    if (answer === null) {
      if (isOverwritten((asked as PromiseRejectedResult).reason)) return null
      throw (asked as PromiseRejectedResult).reason
    }
    if (answer.headers['x-goog-generation'] !== resource.generation) {
      answer.body.destroy()
      return null
    }
    checkAnswer(operation, answer, span, options)
    return {
      ...storedObjectOf(resource, connection.capabilities.encryption === 'always'),
      bodySize: span.length,
      body: bodyOf(operation, answer, span, options),
    }
  } catch (error) {
    answer?.body.destroy()
    throw error
  }
}

/** Throws kind `precondition-failed` when other bytes are there than the ones that are meant. */
export function checkIdentity(
  operation: StoreOperation,
  resource: ObjectResource,
  identity: StoreIdentity | undefined,
): void {
  if (identity === undefined || isSame(resource, identity)) return
  throw storeFailure(operation, 'precondition-failed', 'other bytes are there than the ones that are meant')
}

function askForBytes(
  { wire }: GcsConnection,
  operation: StoreOperation,
  container: string,
  { range, onlyIf, signal }: GetOptions,
): Promise<WireAnswer> {
  return wire.send(operation, {
    method: 'GET',
    path: objectPath(container, operation.key!),
    query: { alt: 'media', generation: onlyIf?.versionId ?? undefined },
    headers: {
      // Without it, Google unpacks what was stored with this encoding.
      'accept-encoding': 'gzip',
      ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` }),
    },
    as: 'read',
    signal,
  })
}

/** There are facts but not these bytes: they came or went between the two requests. */
function isOverwritten(error: unknown): boolean {
  return error instanceof StoreError && ['not-found', 'range-not-satisfiable'].includes(error.kind)
}

/** Throws kind `unexpected` when the answer is not the bytes that were asked for. */
function checkAnswer(
  operation: StoreOperation,
  { status, headers }: WireAnswer,
  span: ByteSpan,
  { range }: GetOptions,
): void {
  const length = headers['content-length']
  if (length !== undefined && Number(length) !== span.length) {
    throw storeFailure(operation, 'unexpected', `asked for ${span.length} bytes, ${length} are coming`)
  }
  if (range === undefined) return
  const [, start] = /^bytes (\d+)-\d+\/\d+$/.exec(headers['content-range'] ?? '') ?? []
  if (status === 206 && Number(start) === span.start) return
  const message = `asked for bytes from ${span.start}, got "${headers['content-range']}"`
  throw storeFailure(operation, 'unexpected', message)
}

function bodyOf(
  operation: StoreOperation,
  answer: WireAnswer,
  span: ByteSpan,
  { signal }: GetOptions,
): StoredObjectWithBody['body'] {
  const source = {
    chunks: answer.body as AsyncIterable<Uint8Array>,
    release: () => void answer.body.destroy(),
    translate: (error: unknown) => brokenBody(operation, error),
  }
  return storedBody(operation, source, span.length, signal)
}

/** A connection that breaks after the answer began: the bytes that came are not all. */
function brokenBody(operation: StoreOperation, error: unknown): StoreError {
  const failure = translateGcsError(operation, error, { mayHaveHappened: false })
  if (failure.kind === 'timeout') return failure
  return storeFailure(operation, 'truncated', `the body broke off: ${failure.message}`, {
    retry: 'yes',
    cause: failure.cause,
  })
}
