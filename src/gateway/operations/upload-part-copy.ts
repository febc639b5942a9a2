import { GatewayError } from '../error-table.ts'
import type { ByteRange } from '../reads/byte-range.ts'
import { findCopySource, openCopySource } from '../reads/copy-source.ts'
import { partNumberOf } from '../reads/locate-content.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { openUnfinishedUpload, PART_BYTES_MAX, PART_DIGESTS, storePart } from '../writes/client-upload.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** UploadPartCopy: a part read from another object. */
export async function uploadPartCopy(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forWriting(context)
  const number = partNumberOf(context.target.query.get('partNumber') ?? '')
  const open = await openUnfinishedUpload(context, bucket)
  const source = await findCopySource(context)
  const range = rangeOf(context.header('x-amz-copy-source-range'), source.resolved.size)
  const size = range === null ? source.resolved.size : range.end - range.start + 1
  if (size > PART_BYTES_MAX) throw new GatewayError('EntityTooLarge')
  const content = await openCopySource(context, source, range, PART_DIGESTS)
  const part = await storePart(context.services, open, { number, content, checksums: () => ({}) })
  sendXml(
    context,
    xmlDocument(
      'CopyPartResult',
      element('LastModified', part.uploadedAt.toISOString()),
      element('ETag', `"${part.etag}"`),
    ),
  )
}

/** Here S3 takes only `bytes=first-last` inside the source. */
function rangeOf(header: string | null, size: number): ByteRange | null {
  if (header === null) return null
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header)
  const start = Number(match?.[1])
  const end = Number(match?.[2])
  if (match === null || start > end) {
    throw new GatewayError(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    )
  }
  if (end >= size) {
    throw new GatewayError('InvalidRange', `Range specified is not valid for source object of size: ${size}`)
  }
  return { start, end }
}
