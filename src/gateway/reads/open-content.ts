import { listReadableCopies, type ReadableCopy, type ResolvedObject } from '../../database/catalog/objects.ts'
import { type StoredObjectWithBody, StoreError } from '../../stores/object-store.ts'
import { GatewayError, isDatabaseAway } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import type { ByteRange } from './byte-range.ts'
import { mayBeContentOf } from './content-check.ts'

/** Bytes of an object on their way, and the copy they come from. */
export interface OpenedContent {
  readonly body: StoredObjectWithBody['body']
  readonly copy: ReadableCopy
  readonly storeName: string
}

/**
 * Opens the bytes of a resolved object: from its primary copy, or from another whole copy of the same
 * generation when the primary cannot be read. Null when no copy holds what the catalog said: the object
 * changed meanwhile, and the caller resolves it again. Throws when the stores that hold it cannot be asked.
 *
 * Where others write, a primary that is not what the catalog says is not replaced by another copy at once
 * (`give-up`): it may be the object's new content. A primary whose bytes were found corrupt is not given to readers.
 */
export async function openContent(
  services: GatewayServices,
  resolved: ResolvedObject,
  range: ByteRange | null,
  signal: AbortSignal | undefined,
  changedPrimary: 'give-up' | 'fail-over' = 'fail-over',
): Promise<OpenedContent | null> {
  let failure: unknown = null
  if (resolved.copy?.isCorrupt === true) {
    failure = new GatewayError('InternalError', 'The object is quarantined: its bytes failed their check.')
  } else if (resolved.copy !== null) {
    try {
      return await openCopy(services, resolved, resolved.copy, range, signal)
    } catch (error) {
      if (isClientGone(error)) throw error
      if (changedPrimary === 'give-up' && isOutdated(error)) return null
      failure = error
    }
  }
  return openOther(services, resolved, { failure, range, signal })
}

/** What was tried before another copy is: why it could not be read, and the copy that gave wrong bytes. */
interface TriedBefore {
  readonly failure: unknown
  readonly wrong?: ReadableCopy
  readonly range: ByteRange | null
  readonly signal: AbortSignal | undefined
}

/**
 * Opens the bytes of another whole copy than the primary one. Null when the object changed meanwhile; rejects with
 * the first failure when no other copy can be read.
 */
export async function openOther(
  services: GatewayServices,
  resolved: ResolvedObject,
  { failure: before, range, signal, wrong }: TriedBefore,
): Promise<OpenedContent | null> {
  let failure = before
  const others = await otherCopies(services, resolved)
  for (const copy of others.filter(({ id }) => id !== wrong?.id)) {
    try {
      const opened = await openCopy(services, resolved, copy, range, signal)
      services.options.metrics?.readFailedOver?.()
      return opened
    } catch (error) {
      if (isClientGone(error)) throw error
      // What lies in an archive stays there for hours; a store that does not answer may do so in a moment.
      if (failure === null || isOutdated(failure) || isArchived(failure)) failure = error
    }
  }
  if (failure === null || isOutdated(failure)) return null
  services.options.log.warn(
    { error: failure, objectId: resolved.id, copy: resolved.copy?.id },
    'no copy of an object could be read',
  )
  throw failure instanceof StoreError && !isArchived(failure)
    ? new GatewayError('SlowDown', 'The store that holds the object cannot be read just now.', {
        cause: failure,
      })
    : failure
}

async function openCopy(
  services: GatewayServices,
  resolved: ResolvedObject,
  copy: ReadableCopy,
  range: ByteRange | null,
  signal: AbortSignal | undefined,
): Promise<OpenedContent> {
  const opened = services.options.openStore(copy.storeId)
  const store = opened instanceof Promise ? await opened : opened
  const isKnown = copy.identity.etag !== null || copy.identity.versionId !== null
  const found = await store.get(copy.container, copy.nativeKey, {
    ...(range === null ? {} : { range }),
    ...(isKnown && store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}),
    ...(signal === undefined ? {} : { signal }),
  })
  const isReplaced = isKnown
    ? !store.capabilities.conditionalRead &&
      copy.identity.etag !== null &&
      found.identity.etag !== copy.identity.etag
    : !mayBeContentOf(resolved, found)
  const lengthWanted = range === null ? resolved.size : range.end - range.start + 1
  if (isReplaced || found.bodySize !== lengthWanted) {
    found.body.destroy()
    throw new StoreError({
      kind: 'precondition-failed',
      retry: 'no',
      store: store.name,
      operation: 'get',
      key: copy.nativeKey,
      message: 'the store holds other bytes than the catalog knows',
    })
  }
  return { body: found.body, copy, storeName: store.name }
}

/** A database that is away takes the other copies with it, not the answer. */
async function otherCopies(services: GatewayServices, resolved: ResolvedObject): Promise<ReadableCopy[]> {
  try {
    const copies = await listReadableCopies(services.options.database, resolved.id, resolved.generation)
    // A copy whose storage class is being changed may have got another identity just now.
    const isTried = (copy: ReadableCopy) => copy.id === resolved.copy?.id && copy.identity.etag !== null
    return copies.filter(copy => !isTried(copy))
  } catch (error) {
    if (isDatabaseAway(error)) return []
    throw error
  }
}

/** Whether the store says that these are not, or no longer, the bytes the catalog knows. */
function isOutdated(error: unknown): boolean {
  return (
    error instanceof StoreError &&
    (error.kind === 'not-found' ||
      error.kind === 'precondition-failed' ||
      error.kind === 'range-not-satisfiable')
  )
}

function isArchived(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'archived'
}

function isClientGone(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'aborted'
}
