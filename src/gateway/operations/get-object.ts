import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import { judgeConditions, readConditionsOf } from '../reads/conditions.ts'
import {
  areForeignChangesExpected,
  FOREIGN_CHANGE_HEADER,
  settleForeignRead,
} from '../reads/foreign-changes.ts'
import { checkVersionId, type WantedBytes, wantedBytesOf } from '../reads/locate-content.ts'
import { addChecksumHeaders, httpDate, objectHeaders } from '../reads/object-headers.ts'
import { type OpenedContent, openContent } from '../reads/open-content.ts'
import { resolveSettled } from '../reads/resolve-settled.ts'
import { sendContent } from '../reads/send-content.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'

/** How often a read looks again when the object changes under it; the last look takes any copy. */
const RESOLUTIONS_MAX = 6

/**
 * GetObject: the catalog says where the bytes are and what readers see of them; the store is asked only for
 * exactly those bytes, so that a move or an overwrite in between is noticed and resolved again. Where others
 * write, what they did at the store is the object's new content, and is noticed in the same way.
 */
export async function getObject(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  checkVersionId(context, bucket)
  const objectId = objectIdOf(bucket.id, context.key)
  const othersWrite = areForeignChangesExpected(bucket)
  for (let attempt = 1; attempt <= RESOLUTIONS_MAX; attempt++) {
    // The first look is cheap; later ones wait for writes in progress.
    const resolved =
      attempt <= 2
        ? await context.services.resolutions.resolve(objectId)
        : await resolveSettled(context.services, objectId)
    if (resolved === null) throw new GatewayError('NoSuchKey', undefined, { details: { Key: context.key } })
    if (answeredByConditions(context, resolved)) return
    const wanted = wantedBytesOf(context, resolved)
    // Whether an empty object is still empty only its store can tell.
    if (wanted.length === 0 && !(othersWrite && resolved.size === 0))
      return sendNothing(context, bucket.id, resolved, wanted)
    const changedPrimary = othersWrite && attempt < RESOLUTIONS_MAX ? 'give-up' : 'fail-over'
    const opened = await openContent(context.services, resolved, wanted.range, undefined, changedPrimary)
    if (opened === null) {
      context.services.options.metrics?.readResolvedAgain?.()
      if (othersWrite && attempt % 2 === 0) await settleChange(context, { bucket, resolved })
      continue
    }
    context.store = opened.storeName
    return send(context, bucket.id, resolved, wanted, opened)
  }
  context.services.options.log.error({ objectId }, 'no copy holds the bytes that the catalog knows')
  throw new GatewayError('SlowDown', 'The object is changing, or its bytes cannot be found just now.')
}

/** Lets the catalog follow what others did, and tells the reader in a header. */
async function settleChange(
  context: RequestContext,
  changed: { readonly bucket: BucketWithTarget; readonly resolved: ResolvedObject },
): Promise<void> {
  const { services, key } = context
  const met = await settleForeignRead(services, { ...changed, key })
  if (met !== null) context.response.setHeader(FOREIGN_CHANGE_HEADER, met)
}

/** Answers 304 or throws 412; false when the read goes on. */
export function answeredByConditions(context: RequestContext, resolved: ResolvedObject): boolean {
  const conditions = readConditionsOf(context.request.headers)
  const verdict = judgeConditions(conditions, resolved.etag, resolved.lastModified)
  if (verdict === 'precondition-failed') throw new GatewayError('PreconditionFailed')
  if (verdict === 'go-on') return false
  sendEmpty(context, 304, { ETag: `"${resolved.etag}"`, 'Last-Modified': httpDate(resolved.lastModified) })
  return true
}

/** The headers of the answer to a GET or HEAD. */
export function headersOf(context: RequestContext, resolved: ResolvedObject, wanted: WantedBytes) {
  const headers = objectHeaders(context, resolved)
  headers['Content-Length'] = wanted.length
  if (wanted.contentRange !== null) headers['Content-Range'] = wanted.contentRange
  else addChecksumHeaders(headers, context, resolved)
  if (wanted.partsCount !== null) headers['x-amz-mp-parts-count'] = wanted.partsCount
  return headers
}

async function send(
  context: RequestContext,
  bucketId: string,
  resolved: ResolvedObject,
  wanted: WantedBytes,
  opened: OpenedContent,
): Promise<void> {
  const { response } = context
  response.writeHead(wanted.status, headersOf(context, resolved, wanted))
  context.answeredAt = performance.now()
  let locationId: string | null = opened.copy.locationId
  try {
    locationId = await sendContent(context, resolved, opened, wanted.range)
    response.end()
  } finally {
    // What still waits in the socket of a client that hung up never left.
    if (response.destroyed) context.bytesSent -= Math.min(context.bytesSent, unsent(context))
    context.recordAccess({
      objectId: resolved.id,
      bucketId,
      operation: 'read',
      bytes: context.bytesSent,
      locationId,
    })
  }
}

function sendNothing(
  context: RequestContext,
  bucketId: string,
  resolved: ResolvedObject,
  wanted: WantedBytes,
): void {
  context.response.writeHead(wanted.status, headersOf(context, resolved, wanted))
  context.response.end()
  context.recordAccess({
    objectId: resolved.id,
    bucketId,
    operation: 'read',
    bytes: 0,
    locationId: resolved.copy?.locationId ?? null,
  })
}

function unsent(context: RequestContext): number {
  return context.response.writableLength + (context.request.socket.writableLength ?? 0)
}
