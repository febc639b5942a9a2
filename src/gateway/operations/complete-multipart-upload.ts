import {
  type CompletedUpload,
  findMultipartUpload,
  listMultipartParts,
  completeMultipartUpload as markCompleted,
} from '../../database/writes/multipart-uploads.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { VersionFacts } from '../../database/writes/object-publication.ts'
import { findWriteIntent } from '../../database/writes/write-intents.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { StoreError } from '../../stores/object-store.ts'
import { GatewayError, gatewayErrorOf, UnknownOutcome } from '../error-table.ts'
import { base64OfHex } from '../reads/object-headers.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { type ChosenParts, chooseParts, parseCompletion } from '../writes/chosen-parts.ts'
import { type OpenUpload, openUpload } from '../writes/client-upload.ts'
import { publish } from '../writes/publish.ts'
import { settleIntent } from '../writes/settle-intent.ts'
import { multipartOf } from '../writes/staged-upload.ts'
import { type WriteConditions, writeConditionsOf } from '../writes/write-conditions.ts'
import { dropIntent } from '../writes/write-content.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

const BODY_BYTES_MAX = 2 * 1024 * 1024
const PARTS_MAX = 10_000

/** CompleteMultipartUpload: the parts become the object at once; asked again, it answers the same. */
export async function completeMultipartUpload(context: RequestContext): Promise<void> {
  const { services } = context
  const bucket = await services.buckets.forWriting(context)
  const open = await openUpload(context, bucket)
  const named = parseCompletion(await context.readSmallBody(BODY_BYTES_MAX))
  if (open.upload.completed !== null) return answer(context, open, open.upload.completed)
  const conditions = writeConditionsOf(context.request.headers)
  const { database } = services.options
  const uploaded = await listMultipartParts(database, open.upload.id, 0, PARTS_MAX)
  if (uploaded.length === 0) {
    // Another Complete may have come in between: it forgets the parts.
    const now = await findMultipartUpload(database, open.upload.id)
    if (now?.completed != null) return answer(context, open, now.completed)
  }
  const chosen = chooseParts(named, uploaded)
  checkDeclared(context, chosen)
  const { sharedCompletes } = services
  const wanted = JSON.stringify([open.upload.id, chosen.etag, conditions])
  const publishing = sharedCompletes.join(wanted, () => publishUpload(context, open, chosen, conditions))
  const completed = await publishing.catch(async error => {
    // It may have been published all the same: by another Complete, or by this one before the way back was cut.
    const now = await findMultipartUpload(database, open.upload.id).catch(() => null)
    if (now?.completed?.etag === chosen.etag) return now.completed
    throw (await isRefusalSure(context, open.upload.id, error)) ? error : new UnknownOutcome(error)
  })
  context.recordAccess({
    objectId: open.upload.objectId,
    bucketId: bucket.id,
    operation: 'write',
    bytes: chosen.size,
    locationId: open.upload.locationId,
  })
  answer(context, open, completed)
}

/** Resolves to what the upload became: by this Complete, or by another one that was first. */
async function publishUpload(
  context: RequestContext,
  { upload, target }: OpenUpload,
  chosen: ChosenParts,
  conditions: WriteConditions,
): Promise<CompletedUpload> {
  const { services, caller } = context
  const { database, wallClock } = services.options
  const multipart = multipartOf(target.store)
  const version: VersionFacts = {
    size: chosen.size,
    etag: chosen.etag,
    headers: upload.headers,
    metadata: upload.metadata,
    tags: upload.tags,
    partLayout: chosen.parts.map(({ number, size, etag }) => ({ number, size, etag })),
    sha256: null,
    sha256Source: null,
    crc64nvme: chosen.crc64nvme,
    lastModified: wallClock.now(),
  }
  const completed: CompletedUpload = { etag: chosen.etag, crc64nvme: chosen.crc64nvme }
  let earlier: CompletedUpload | null = null
  const { container, nativeKey } = target
  const intent = { ...upload, copyId: newId(), version, principal: caller.principal }
  const nativeParts = chosen.parts.map(part => ({ partNumber: part.number, etag: part.nativeEtag }))
  // A former Complete may have been cut off after it published; then there is nothing left to complete.
  if ((await findWriteIntent(database, upload.id)) !== null) await settle(context, upload)
  try {
    await publish(services, target, {
      intent,
      conditions,
      async isStillWanted(connection) {
        const now = await findMultipartUpload(connection, upload.id)
        if (now === null) throw new GatewayError('NoSuchUpload')
        earlier = now.completed
        if (earlier !== null) return false
        // Whoever held the lock before was cut off: its intent is the only word of what it may have published.
        if ((await findWriteIntent(connection, upload.id)) !== null) throw formerCompleteIsOpen()
        return true
      },
      putBytes: ({ condition, signal }) =>
        multipart.complete(container, nativeKey, upload.nativeUploadId, nativeParts, {
          ...(condition === null ? {} : { condition }),
          ...(signal === undefined ? {} : { signal }),
        }),
      alsoCommit: connection => markCompleted(connection, upload.id, completed),
      // All Completes of an upload have one intent; without the lock it may be another one's.
      whenRefused: () => dropIntent(services, upload.id),
    })
    return earlier ?? completed
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) throw error
    if (error.cause instanceof StoreError && error.cause.kind === 'upload-not-found') {
      // Once that is settled it is known that this upload became nothing.
      await settle(context, upload).catch(() => {
        throw error
      })
      throw error.cause
    }
    throw error
  }
}

/**
 * Whether nothing can have come of the upload when a Complete of it was sent back for later: not while another
 * one's intent is open, because whoever asks again was perhaps the one who began that.
 */
async function isRefusalSure({ services }: RequestContext, uploadId: Uuid, error: unknown): Promise<boolean> {
  if (gatewayErrorOf(error).status !== 503) return true
  const open = await findWriteIntent(services.options.database, uploadId).catch(() => 'cannot be asked')
  return open === null
}

/** What this Complete would do may have been done: that must not be told as if nothing had happened. */
function formerCompleteIsOpen(): GatewayError {
  return new GatewayError(
    'InternalError',
    'A former completion of this upload is not settled yet. Try again.',
  )
}

/** Settles the intent of an upload once whoever completes it has come to an end. */
async function settle({ services }: RequestContext, { id, objectId }: OpenUpload['upload']): Promise<void> {
  const { database, limits } = services.options
  await services.uploadSettlements.run(objectId, limits.lockWaitMs, () =>
    withObjectLock(database, objectId, limits.lockWaitMs, connection =>
      settleIntent(services, connection, id),
    ),
  )
}

/** What the client says of the whole object must be so. */
function checkDeclared(context: RequestContext, chosen: ChosenParts): void {
  const size = context.header('x-amz-mp-object-size')
  if (size !== null && size !== String(chosen.size)) {
    throw new GatewayError(
      'InvalidRequest',
      'The provided x-amz-mp-object-size does not match the uploaded parts.',
    )
  }
  const crc = context.header('x-amz-checksum-crc64nvme')
  if (crc !== null && crc !== base64OfHex(chosen.crc64nvme)) {
    throw new GatewayError('BadDigest', 'The CRC64NVME you specified did not match the calculated checksum.')
  }
}

function answer(context: RequestContext, { upload }: OpenUpload, completed: CompletedUpload): void {
  const { bucketName } = context.target
  const host = context.header('host') ?? ''
  sendXml(
    context,
    xmlDocument(
      'CompleteMultipartUploadResult',
      element('Location', `http://${host}/${bucketName}/${encodeURIComponent(upload.key)}`),
      element('Bucket', bucketName),
      element('Key', upload.key),
      element('ETag', `"${completed.etag}"`),
      element('ChecksumCRC64NVME', completed.crc64nvme === null ? null : base64OfHex(completed.crc64nvme)),
      element('ChecksumType', completed.crc64nvme === null ? null : 'FULL_OBJECT'),
    ),
  )
}
