import type { DeclaredDigests } from '../body/declared-digests.ts'
import { partNumberOf } from '../reads/locate-content.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { openUnfinishedUpload, PART_BYTES_MAX, PART_DIGESTS, storePart } from '../writes/client-upload.ts'
import { checksumHeaders } from './put-object.ts'

/** UploadPart: a part counts once its length and digests were right. */
export async function uploadPart(context: RequestContext): Promise<void> {
  const { services } = context
  const bucket = await services.buckets.forWriting(context)
  const number = partNumberOf(context.target.query.get('partNumber') ?? '')
  const body = context.openBody(PART_DIGESTS, PART_BYTES_MAX)
  const open = await openUnfinishedUpload(context, bucket)
  const part = await storePart(services, open, {
    number,
    content: body,
    checksums: () => checksumsOf(body.declared),
  })
  context.bytesReceived = body.size
  const { 'x-amz-checksum-type': _type, ...checksums } = checksumHeaders(body, part)
  sendEmpty(context, 200, { ETag: `"${part.etag}"`, ...checksums })
}

function checksumsOf({ checksum, trailer }: DeclaredDigests): Record<string, string> {
  const declared = trailer ?? checksum
  return declared === null || declared.value === null
    ? {}
    : { [declared.algorithm]: declared.value.toString('base64') }
}
