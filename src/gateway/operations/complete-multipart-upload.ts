import {
  type CompletedUpload,
  findMultipartUpload,
  listMultipartParts,
  completeMultipartUpload as markCompleted,
} from '../../database/multipart-uploads.ts'
import type { VersionFacts } from '../../database/object-publication.ts'
import { deleteWriteIntent, saveWriteIntent } from '../../database/write-intents.ts'
import { newId } from '../../domain/identifiers.ts'
import { StoreError } from '../../stores/object-store.ts'
import { GatewayError } from '../error-table.ts'
import { base64OfHex } from '../reads/object-headers.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { type ChosenParts, chooseParts, parseCompletion } from '../writes/chosen-parts.ts'
import { type OpenUpload, openUpload } from '../writes/client-upload.ts'
import { publish, UnknownOutcome } from '../writes/publish.ts'
import { type WriteConditions, writeConditionsOf } from '../writes/write-conditions.ts'
import { multipartOf } from '../writes/write-content.ts'
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
  const chosen = chooseParts(named, uploaded)
  checkDeclared(context, chosen)
  const completed: CompletedUpload = { etag: chosen.etag, crc64nvme: chosen.crc64nvme }
  try {
    await publishUpload(context, open, chosen, conditions, completed)
  } catch (error) {
    // Two Completes at once: the second finds the upload gone, and the first one's answer is right for both.
    const now = await findMultipartUpload(database, open.upload.id)
    if (now?.completed?.etag !== completed.etag) throw error
  }
  context.recordAccess({
    objectId: open.upload.objectId,
    bucketId: bucket.id,
    operation: 'write',
    bytes: chosen.size,
    locationId: open.upload.locationId,
  })
  answer(context, open, completed)
}

async function publishUpload(
  context: RequestContext,
  { upload, target }: OpenUpload,
  chosen: ChosenParts,
  conditions: WriteConditions,
  completed: CompletedUpload,
): Promise<void> {
  const { services, caller } = context
  const { database, bootId, wallClock } = services.options
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
  const { container, nativeKey } = target
  const intent = { ...upload, copyId: newId(), version, principal: caller.principal }
  await saveWriteIntent(database, intent, bootId)
  const nativeParts = chosen.parts.map(part => ({ partNumber: part.number, etag: part.nativeEtag }))
  try {
    await publish(services, target, {
      intentId: upload.id,
      copyId: intent.copyId,
      version,
      conditions,
      principal: caller.principal,
      putBytes: ({ condition }) =>
        multipart.complete(
          container,
          nativeKey,
          upload.nativeUploadId,
          nativeParts,
          condition === null ? {} : { condition },
        ),
      alsoCommit: connection => markCompleted(connection, upload.id, completed),
    })
  } catch (error) {
    if (error instanceof UnknownOutcome) throw error.cause
    // An upload the store does not know may be one that another Complete has just published.
    if (!(error instanceof StoreError && error.kind === 'upload-not-found')) {
      await deleteWriteIntent(database, upload.id)
    }
    throw error
  }
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
