import type { ResolvedObject } from '../../database/catalog/objects.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { StoreError } from '../../stores/object-store.ts'
import type { RequestContext } from '../request-context.ts'
import type { ByteRange } from './byte-range.ts'
import { type OpenedContent, openContent } from './open-content.ts'

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
  let current = opened
  for (let resumptions = 0; ; resumptions++) {
    try {
      await pump(context, current)
      return current.copy.locationId
    } catch (error) {
      if (context.response.destroyed) return current.copy.locationId
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

/** One piece is read ahead while the client takes the one before. */
async function pump(context: RequestContext, opened: OpenedContent): Promise<void> {
  const { response } = context
  const { body } = opened
  const stop = () => body.destroy()
  response.once('close', stop)
  const pieces = body[Symbol.asyncIterator]()
  try {
    let next = pieces.next()
    for (;;) {
      const { done, value } = await next
      if (done === true || response.destroyed) return
      next = pieces.next()
      // Its failure is met when it is awaited, which may be after the client took this piece.
      next.catch(ignoreForNow)
      const flows = response.write(value)
      context.bytesSent += value.length
      if (!flows) await drained(response)
    }
  } finally {
    response.off('close', stop)
    if (response.destroyed) body.destroy()
  }
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
