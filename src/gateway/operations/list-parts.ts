import { listMultipartParts } from '../../database/writes/multipart-uploads.ts'
import { GatewayError } from '../error-table.ts'
import { OWNER } from '../listing/entry-xml.ts'
import { limitOf } from '../listing/list-parameters.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { openUnfinishedUpload } from '../writes/client-upload.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** ListParts: what was uploaded so far. */
export async function listParts(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const { upload } = await openUnfinishedUpload(context, bucket)
  const { query } = context.target
  const limit = limitOf(query.get('max-parts'), 'max-parts')
  const marker = query.get('part-number-marker') ?? '0'
  if (!/^\d{1,6}$/.test(marker)) {
    throw new GatewayError('InvalidArgument', 'Argument part-number-marker must be an integer.')
  }
  const found = await listMultipartParts(
    context.services.options.database,
    upload.id,
    Number(marker),
    limit + 1,
  )
  const parts = found.slice(0, limit)
  sendXml(
    context,
    xmlDocument(
      'ListPartsResult',
      element('Bucket', bucket.name),
      element('Key', upload.key),
      element('UploadId', upload.id),
      element('PartNumberMarker', Number(marker)),
      element('NextPartNumberMarker', parts.at(-1)?.number ?? 0),
      element('MaxParts', limit),
      element('IsTruncated', found.length > limit),
      ...parts.map(part =>
        element('Part', [
          element('PartNumber', part.number),
          element('LastModified', part.uploadedAt.toISOString()),
          element('ETag', `"${part.etag}"`),
          element('Size', part.size),
          ...Object.entries(part.checksums).map(([algorithm, value]) =>
            element(`Checksum${algorithm.toUpperCase()}`, value),
          ),
        ]),
      ),
      element('Initiator', OWNER),
      element('Owner', OWNER),
      element('StorageClass', 'STANDARD'),
      element('ChecksumAlgorithm', upload.checksumAlgorithm),
      element('ChecksumType', upload.checksumType),
    ),
  )
}
