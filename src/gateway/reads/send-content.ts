import { doubtCopy } from '../../database/catalog/copies.ts'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { StoreError } from '../../stores/object-store.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import type { ByteRange } from './byte-range.ts'
import { type OpenedContent, openContent, openOther } from './open-content.ts'
import { type SentDigest, startSentDigest } from './sent-digest.ts'

/** How often a body that breaks off is taken up again from another copy. */
const RESUMPTIONS_MAX = 3

/**
 * Sends a body as fast as the client takes it and no faster. When the copy it comes from breaks off, it goes
 * on from where it was with another copy of the same generation. Resolves to the location that served it;
 * a client that hangs up ends it early, and `context.bytesSent` says how much left.
 */
export async function sendContent(
  context: RequestContext,
  resolved: ResolvedObject,
  opened: OpenedContent,
  range: ByteRange | null,
): Promise<Uuid> {
  const start = range?.start ?? 0
  const length = range === null ? resolved.size : range.end - range.start + 1
  let digest = range === null ? startSentDigest(resolved) : null
  let current = opened
  for (let resumptions = 0; ; resumptions++) {
    try {
      await pump(context, resolved, { opened: current, digest })
      return current.copy.locationId
    } catch (error) {
      if (context.response.destroyed) return current.copy.locationId
      if (error instanceof WrongBytes && context.bytesSent === 0 && resumptions < RESUMPTIONS_MAX) {
        const { services, signal } = context
        const tried = { failure: error, wrong: current.copy, range, signal }
        const another = await openOther(services, resolved, tried)
        if (another === null) throw error
        current = another
        digest = startSentDigest(resolved)
        continue
      }
      if (!(error instanceof StoreError) || resumptions >= RESUMPTIONS_MAX) throw error
      const again = await resume(context, resolved, {
        start: start + context.bytesSent,
        end: start + length - 1,
      })
      if (again === null) throw error
      current = again
    }
  }
}

async function resume(
  context: RequestContext,
  resolved: ResolvedObject,
  rest: ByteRange,
): Promise<OpenedContent | null> {
  const now = await context.services.resolutions.resolve(resolved.id)
  if (now === null || now.generation !== resolved.generation) return null
  return openContent(context.services, now, rest, context.signal)
}

/** The bytes of a copy are not the content, and the last of them was held back. */
class WrongBytes extends GatewayError {
  constructor() {
    super('InternalError', 'The bytes that the store gave are not the object.')
  }
}

/**
 * One piece is read ahead while the client takes the one before. Where a digest of the whole is known, the last
 * piece is held back until the digest is right: a client never gets all bytes of a wrong content.
 */
async function pump(
  context: RequestContext,
  resolved: ResolvedObject,
  { opened, digest }: { readonly opened: OpenedContent; readonly digest: SentDigest | null },
): Promise<void> {
  const { response } = context
  const { body } = opened
  const stop = () => body.destroy()
  response.once('close', stop)
  const pieces = body[Symbol.asyncIterator]()
  try {
    let next = pieces.next()
    for (let last: Uint8Array | null = null; ; ) {
      const { done, value } = await next
      if (response.destroyed) return
      if (done !== true) {
        next = pieces.next()
        // Its failure is met when it is awaited, which may be after the client took this piece.
        next.catch(ignoreForNow)
      }
      const ready = digest === null ? value : last
      if (digest !== null && last !== null) digest.update(last)
      if (digest !== null && done === true && digest.differs())
        throw await wrongBytes(context, resolved, opened)
      if (ready != null) {
        const flows = response.write(ready)
        context.bytesSent += ready.length
        if (!flows) await drained(response)
      }
      if (done === true) return
      last = value
    }
  } finally {
    response.off('close', stop)
    if (response.destroyed) body.destroy()
  }
}

/** Nobody vouches for the copy until it was read again: what it took the place of is not deleted before. */
async function wrongBytes(
  { services }: RequestContext,
  { id }: ResolvedObject,
  { copy, storeName }: OpenedContent,
): Promise<WrongBytes> {
  const { database, log } = services.options
  const facts = { copyId: copy.id, store: storeName }
  log.error(facts, 'a store gave bytes that are not the object')
  await doubtCopy(database, id, copy.id).catch((error: Error) =>
    log.error({ ...facts, error }, 'a copy that gave wrong bytes could not be marked'),
  )
  return new WrongBytes()
}

function ignoreForNow(_error: unknown): void {
  return
}

/** Resolves when more can be written, or when nobody is there to read it. */
function drained(response: RequestContext['response']): Promise<void> {
  return new Promise(resolve => {
    if (response.destroyed || !response.writableNeedDrain) return resolve()
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
